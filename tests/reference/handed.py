"""What became of somebody who was handed over: when sales wrote to them, and how their deals ended it."""

from dataclasses import dataclass

from tests.reference.happened import Happening, Version

BY_SALES = "email_sent"
"""The kind of what sales does in the simulated world."""


@dataclass(frozen=True)
class Handed:
    """A hand-over, as long as it lasted."""

    since: int
    until: int | None = None

    def contacts(self, done: list[Happening]) -> tuple[int, int | None]:
        """How often sales was in touch meanwhile, and when first."""
        until = self.until
        by_sales = [each.at for each in done if each.kind == BY_SALES and self.since <= each.at]
        times = [at for at in by_sales if until is None or at <= until]
        return len(times), min(times, default=None)

    def ending(self, deals: list[Version]) -> tuple[str, int] | None:
        """How the first deal that closed since has ended it, if it was qualified, and when."""
        closed = [(deal.closed, deal.deal, deal.status) for deal in deals if deal.closed is not None]
        came_of_it = [each for each in closed if each[0] >= self.since]
        return next(((status, at) for at, _, status in sorted(came_of_it)), None)
