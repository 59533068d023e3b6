"""The charter: what marketing and sales have agreed, as one document that every service runs on.

Promises: every mistake is told at once, with its path; nothing that is not understood is passed over.
Leaves out: versions and signatures, which belong to whoever keeps charters.
"""

from datetime import date
from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from shared.contracts.charter_scoring import Scoring
from shared.contracts.charter_words import Channel, Count, Currency, Kind, Name, Part, Phase, Text, Week, Zone, unique
from shared.contracts.touchpoints import Department


class Stage(Part):
    """A stage of the line. What enters it is fixed unless it takes kinds."""

    phase: Phase


class StageByKinds(Stage):
    """A stage that acts of these kinds enter."""

    kinds: tuple[Kind, ...]


class LeadStage(StageByKinds):
    """`kinds` make a lead of somebody known, `kinds_of_ours` of anybody."""

    kinds_of_ours: tuple[Kind, ...] = ()


class Stages(Part):
    """The lifecycle. Its line is fixed, so it has no cycles by construction."""

    visitor: Stage
    subscriber: Stage
    lead: LeadStage
    mql: Stage
    sal: Stage
    sql: Stage
    opportunity: Stage
    customer: Stage
    repeat_customer: StageByKinds
    advocate: StageByKinds
    recycled: Stage
    disqualified: Stage


class RejectionReason(Part):
    """Why sales gives a lead back, and what that does to it."""

    id: Name
    text: Text
    outcome: Literal["recycled", "disqualified"]
    wake_after_days: Count | None = None


class Away(Part):
    """Days off, both included."""

    first_day: date
    last_day: date

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Self:
        if self.last_day < self.first_day:
            raise ValueError("last_day is before first_day")
        return self


class Owner(Part):
    """Who takes leads, how many at a time, and when they are at work."""

    id: Name
    name: Text
    email: Text | None = None
    weight: Annotated[int, Field(strict=True, ge=0, le=1000)] = 1
    capacity: Count | None = None
    time_zone: Zone = "UTC"
    hours: Week | None = None
    away: tuple[Away, ...] = ()


class Territory(Part):
    """Leads with this attribute go to these owners."""

    name: Name
    attributes: Annotated[tuple[Text, ...], Field(min_length=1, max_length=10)]
    any_of: Annotated[tuple[Text, ...], Field(min_length=1)]
    owners: Annotated[tuple[Name, ...], Field(min_length=1)]


class Routing(Part):
    """Who gets a lead. `last_resort` takes what nobody else can."""

    owners: Annotated[tuple[Owner, ...], Field(min_length=1, max_length=1_000)]
    last_resort: Name
    keep_prospected_days: Count = 90
    hours: Week
    holidays: tuple[date, ...] = ()
    named_accounts: dict[Text, Name] = Field(default_factory=dict)
    territories: tuple[Territory, ...] = ()

    @model_validator(mode="after")
    def _owners_exist(self) -> Self:
        ids = [owner.id for owner in self.owners]
        unique(ids, "owner")
        asked = {self.last_resort, *self.named_accounts.values()}
        asked.update(owner for territory in self.territories for owner in territory.owners)
        if missing := sorted(asked.difference(ids)):
            raise ValueError(f"no such owner: {', '.join(missing)}")
        return self


class Attempts(Part):
    """At least so many attempts in so many days."""

    least: Count
    within_days: Count


class SalesPromise(Part):
    """What sales owes a lead, in business hours of its owner, and what a breach does."""

    accept_within_hours: Annotated[float, Field(strict=True, allow_inf_nan=False, gt=0, le=1000)]
    contact_within_hours: Annotated[float, Field(strict=True, allow_inf_nan=False, gt=0, le=1000)]
    attempts: Attempts
    on_accept_breach: Literal["remind", "escalate", "reassign"]
    on_contact_breach: Literal["remind", "escalate", "reassign"]


class Sla(Part):
    """The promises; the side that makes one is its key."""

    sales: SalesPromise


class Persona(Part):
    """Somebody we sell to, told by a trait by its dotted name, the first that is known; the first that fits holds.

    Case does not matter; `contains` means whole words.
    """

    name: Name
    text: Text
    attributes: Annotated[tuple[Text, ...], Field(min_length=1, max_length=10)]
    any_of: tuple[Text, ...] = ()
    contains: tuple[Text, ...] = ()

    @model_validator(mode="after")
    def _tests_one_thing(self) -> Self:
        if bool(self.any_of) == bool(self.contains):
            raise ValueError("give exactly one of any_of, contains")
        return self


class SingleTouch(Part):
    """The last interaction of this kind takes all; where there is none, this model decides."""

    kind: Kind
    otherwise: Literal["first_touch", "last_touch"]


class Attribution(Part):
    """How credit is shared, and what earns it."""

    model: Name
    window_days: Annotated[int, Field(strict=True, ge=1, le=3650)]
    contact_scope: Literal["explicit", "hybrid", "implicit"]
    single: SingleTouch
    time_decay_half_life_days: Annotated[float, Field(strict=True, allow_inf_nan=False, gt=0, le=3650)]
    currency: Currency
    rates: dict[Currency, Annotated[float, Field(strict=True, allow_inf_nan=False, gt=0)]] = Field(default_factory=dict)
    visit_gap_minutes: Annotated[int, Field(strict=True, ge=1, le=1440)]
    visit_kinds: tuple[Kind, ...]
    visit_openers: tuple[Kind, ...]
    interaction_kinds: tuple[Kind, ...]
    vanity_kinds: tuple[Kind, ...]
    departments: dict[Channel, Department]

    @model_validator(mode="after")
    def _kinds_are_apart(self) -> Self:
        earning = [*self.visit_kinds, *self.interaction_kinds]
        unique(earning, "kind that earns credit")
        if both := sorted(set(earning).intersection(self.vanity_kinds)):
            raise ValueError(f"vanity kinds earn nothing, but these also earn: {', '.join(both)}")
        return self


class Charter(Part):
    """The whole agreement."""

    stages: Stages
    personas: tuple[Persona, ...] = ()
    scoring: Scoring
    rejection_reasons: Annotated[tuple[RejectionReason, ...], Field(min_length=1, max_length=100)]
    routing: Routing
    sla: Sla
    attribution: Attribution

    @field_validator("personas")
    @classmethod
    def _names_are_unique(cls, personas: tuple[Persona, ...]) -> tuple[Persona, ...]:
        unique([persona.name for persona in personas], "persona")
        return personas

    @field_validator("rejection_reasons")
    @classmethod
    def _ids_areunique(cls, reasons: tuple[RejectionReason, ...]) -> tuple[RejectionReason, ...]:
        unique([reason.id for reason in reasons], "reason")
        return reasons
