"""What the API asks about the paths of deals."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from services.attribution.domain.walks import Outcome, Walk
from services.attribution.ports import Won

ToldBy = Literal["channel", "campaign", "source", "department", "kind", "utm_source"]
"""What a path may be told by."""


@dataclass(frozen=True, slots=True)
class WalksAsked:
    """Which deals' paths are asked for; times are milliseconds UTC."""

    outcomes: tuple[Outcome, ...]
    told_by: ToldBy
    currency: str
    since: int | None = None
    """Closed at this time or later."""
    until: int | None = None
    """Closed before this time."""


@dataclass(frozen=True, slots=True)
class WalksFound:
    """Paths with amounts in the currency asked for, and the deals left out because they have no rate."""

    walks: Sequence[Walk]
    unconverted: Sequence[Won]


class Walks(Protocol):
    """What the API asks about paths."""

    async def walks(self, asked: WalksAsked) -> WalksFound:
        """The paths of the deals that closed in a time."""
        ...
