"""What is answered about closed months and changed credit: times are RFC 3339 texts, amounts minor units."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field


@dataclass(frozen=True, slots=True)
class WonIn:
    """What was won in one currency."""

    currency: str
    deals: int
    amount_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """A month. `state`: running, open (over and not closed), closed; `reported` is what it was closed with."""

    id: str
    state: str
    since: Annotated[str, Field(serialization_alias="from")]
    until: Annotated[str, Field(serialization_alias="to")]
    closed_at: str | None
    charter: str | None
    agreed_model: str | None
    reported: list[WonIn]
    known: list[WonIn]


@dataclass(frozen=True, slots=True, kw_only=True)
class Adjustment:
    """What a change of a deal's credit added to a closed month under one key; `key` is a list of two where asked."""

    deal_id: str
    key: str | list[str]
    amount_minor: int
    currency: str
    cause: str
    at: str
    event_id: str | None


@dataclass(frozen=True, slots=True)
class Totals:
    """A deal's credit by channel, by one model."""

    currency: str
    amount_minor: int
    channels: dict[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditChange:
    """One change of a deal's credit: when, why, and what it was before and after."""

    n: int
    at: str
    cause: str
    event_id: str | None
    status: str
    charter: str
    before: Totals | None
    after: Totals
