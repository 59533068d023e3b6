"""What the API asks of open deals and of what was spent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from services.attribution.domain.converted import Count
from services.attribution.domain.period import Period
from services.attribution.domain.spend import Spend, SpendLine
from services.attribution.ports import ReportAsked, Sums, Won


@dataclass(frozen=True, slots=True)
class Pipeline:
    """What is open: by stage, and by model, stage and key."""

    stages: Mapping[str, Count]
    sums: Sums
    unconverted: Sequence[Won]


class PipelineRead(Protocol):
    """What the API asks of open deals."""

    async def open(self, asked: ReportAsked) -> Pipeline:
        """The deals that were created in a period and are open, and who earned them; keys begin with the stage."""
        ...


class SpendRead(Protocol):
    """What the API asks of spend."""

    async def page(self, period: Period, limit: int, after: tuple[int, str] | None) -> Sequence[Spend]:
        """What was spent on the days of a period, by day, then id; those after one of them."""
        ...

    async def lines(self, period: Period, currency: str) -> Sequence[SpendLine]:
        """What was spent on those days: summed where it is in a currency, else as posted."""
        ...
