"""A figure beside the bar it has to reach: value, bar, and the one in parts of the other."""

COLUMNS = ("what", "value", "bar", "of the bar", "")


def held_against(what: str, value: float, bar: float, *, most: bool = False) -> tuple[str, ...]:
    """The row of a figure that has to be at least its bar, or at most."""
    met = value <= bar if most else value >= bar
    return what, f"{value:,.1f}" if value < 1_000 else f"{value:,.0f}", f"{bar:,}", f"{value / bar:.2f}", _VERDICT[met]


_VERDICT = {True: "met", False: "missed"}
