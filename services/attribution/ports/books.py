"""The books as credit is entered, and what the API asks of closed months and of how a credit became what it is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from services.attribution.domain.cause import Reason
from services.attribution.domain.credit import Credit
from services.attribution.domain.month import Month
from services.attribution.domain.rules import Rules
from services.attribution.ports import Won, WonDeal
from shared.contracts.deals import Deal as PostedDeal


@dataclass(frozen=True, slots=True)
class Credited:
    """The credit of a deal as it is derived now; none where it is not won."""

    deal: PostedDeal
    charter: str
    credits: Mapping[str, Sequence[Credit]]
    reason: Reason
    """Why it changed, if it did and the deal itself did not."""
    won: WonDeal | None = None
    """What the sums hold of it; none where it is not won."""


class Books(Protocol):
    """The credit of deals, and the books of months that are closed."""

    async def enter(self, credited: Sequence[Credited]) -> None:
        """Keep the credit of deals as it is now; where it changed, also when and why."""
        ...


@dataclass(frozen=True, slots=True)
class BookedMonth:
    """A month, when it was closed and by which rules; what was won in it as reported then, and as known now."""

    month: Month
    closed_at: int | None = None
    charter: str | None = None
    agreed: str | None = None
    reported: Sequence[Won] = ()
    known: Sequence[Won] = ()


@dataclass(frozen=True, slots=True)
class Adjusted:
    """What one change of a deal's credit added to a closed month under one key; `place` is its place in the list."""

    place: tuple[int, str, int, int]
    deal_id: str
    key: tuple[str, ...]
    amount_minor: int
    currency: str
    at: int
    reason: Reason


@dataclass(frozen=True, slots=True)
class Totals:
    """The credit of a deal by model and channel, in minor units."""

    currency: str
    by_model: Mapping[str, Mapping[str, int]]


@dataclass(frozen=True, slots=True)
class CreditChange:
    """The `n`th change of a deal's credit; `before` is none where nothing was, or where it is no longer kept."""

    n: int
    at: int
    reason: Reason
    status: str
    charter: str
    before: Totals | None
    after: Totals


class Periods(Protocol):
    """Months that are closed, and what has become known of them since."""

    async def close(self, month: Month, rules: Rules, now: int) -> BookedMonth:
        """Freeze what the deals closed in a month earned; one that is closed already stays as it was."""
        ...

    async def period(self, month: Month) -> BookedMonth:
        """A month, closed or not."""
        ...

    async def closed(self, limit: int, after: str | None) -> Sequence[BookedMonth]:
        """The closed months in their order, those after one."""
        ...

    async def adjustments(
        self, month: Month, model: str, keys: Sequence[str], limit: int, after: tuple[str | int, ...] | None
    ) -> Sequence[Adjusted]:
        """What was added to a month since it was closed, in the order in which it became known."""
        ...

    async def changes(self, deal_id: str, limit: int, after: int) -> Sequence[CreditChange] | None:
        """The changes of a deal's credit after the `after`th; None where nobody has heard of the deal."""
        ...
