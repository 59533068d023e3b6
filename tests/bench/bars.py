"""A figure beside the bar it has to reach: value, bar, the one in parts of the other, and whether it does."""

COLUMNS = ("what", "value", "bar", "of the bar", "")


def held_against(what: str, value: float, bar: float | None, *, most: bool = False) -> tuple[str, ...]:
    """The row of a figure that has to be at least its bar, or at most; some have none."""
    shown = f"{value:,.1f}" if value < 1_000 else f"{value:,.0f}"
    if bar is None:
        return what, shown, "", "", ""
    met = value <= bar if most else value >= bar
    return what, shown, f"{bar:,}", f"{value / bar:.2f}", "met" if met else "missed"
