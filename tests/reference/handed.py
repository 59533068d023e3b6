"""What became of somebody who was handed over: when sales wrote to them, and how their deals ended it."""

from dataclasses import dataclass

from tests.reference.happened import Happening, Version

BY_SALES = "email_sent"
"""The kind of what sales does in the simulated world."""


@dataclass(frozen=True)
class Handed:
    """A hand-over, as long as it lasted: `promoted` when the person did what led to it, `qualified` whether sales found
    that there was something to sell."""

    since: int
    until: int | None = None
    promoted: int = 0
    qualified: bool = True

    def contacts(self, done: list[Happening]) -> tuple[int, int | None]:
        """How often sales was in touch meanwhile, and when first."""
        until = self.until
        by_sales = [each.at for each in done if each.kind == BY_SALES and self.since <= each.at]
        times = [at for at in by_sales if until is None or at <= until]
        return len(times), min(times, default=None)

    def ending(self, deals: list[Version]) -> tuple[str, int] | None:
        """How the first deal that was won since has ended it, or lost if it was qualified, and when."""
        closed = [(deal.closed, deal.deal, deal.status) for deal in deals if deal.closed is not None]
        since = max(self.since, self.promoted)
        came_of_it = [each for each in closed if each[0] >= since and (self.qualified or each[2] == "won")]
        return next(((status, at) for at, _, status in sorted(came_of_it)), None)
