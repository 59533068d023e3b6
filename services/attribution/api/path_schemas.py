"""What is answered about paths, on the wire: times in days, amounts in minor units."""

from dataclasses import dataclass, field
from typing import Annotated

from pydantic import Field

from services.attribution.api.schemas import Unconverted
from services.attribution.domain.walks import Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Path:
    """A path, and the deals that came that way; it is empty where they had no interaction."""

    path: tuple[str, ...]
    deals: int
    amount_minor: int
    median_length: float
    """Interactions, repeats counted."""
    median_days: float | None
    """From the first interaction to the close."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Paths:
    """The paths that most deals came by; `deals` and `amount_minor` are of all paths."""

    outcome: Outcome
    currency: str
    deals: int
    amount_minor: int
    items: list[Path]
    unconverted: list[Unconverted] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Length:
    """Deals with journeys of so many interactions."""

    length: int
    deals: int
    amount_minor: int
    median_days: float | None


@dataclass(frozen=True, slots=True)
class Lengths:
    """How many interactions it takes."""

    median_length: float | None
    items: list[Length]
    unconverted: list[Unconverted] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lag:
    """Deals that took `from_days` or more, and less than `to_days`."""

    from_days: int
    to_days: int | None
    deals: int
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Lags:
    """How long it takes from the first interaction to the close."""

    median_days: float | None
    items: list[Lag]
    unconverted: list[Unconverted] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Transition:
    """How often a path led from one place to another."""

    from_: Annotated[str, Field(serialization_alias="from")]
    to: str
    count: int


@dataclass(frozen=True, slots=True)
class Transitions:
    """The edges of a Sankey diagram, from `(start)` to `(won)` and `(lost)`."""

    items: list[Transition]
    unconverted: list[Unconverted] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Assist:
    """How many won deals something helped in before the last interaction, and how many it was last in."""

    key: str
    assisted_deals: int
    assisted_amount_minor: int
    last_touch_deals: int
    last_touch_amount_minor: int
    ratio: float | None
    """Assists for each last touch; null where it was never last."""


@dataclass(frozen=True, slots=True)
class Assists:
    """What helps to win, and what closes."""

    group_by: str
    currency: str
    items: list[Assist]
    unconverted: list[Unconverted] = field(default_factory=list)
