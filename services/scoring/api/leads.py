"""Leads as they are now: stage, fit, engagement, what comes next, and where every point comes from.

Points are worked out at the time of asking. An id that was merged into another answers as that other.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import fsum
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query

from services.scoring.api.times import Moment
from services.scoring.domain.engagement import Entry, engagement, explain
from services.scoring.domain.fit import fit
from services.scoring.domain.owners import owner
from services.scoring.domain.rules import Rules
from services.scoring.domain.telling import next_stage
from services.scoring.ports import KnownLead, LeadFilter, Reading
from shared.kernel import instant
from shared.kernel.errors import NotFound, Reject
from shared.kernel.instant import Instant
from shared.web import paging
from shared.web.auth import Scope, require
from shared.web.paging import Page

Stage = Annotated[str, Query(description="A stage of the charter.")]
Grade = Literal["A", "B", "C", "D"]


@dataclass(frozen=True, slots=True)
class Fit:
    """The grade, and the points from 0 to 100 that it comes from."""

    grade: str
    points: float


@dataclass(frozen=True, slots=True)
class Engagement:
    """The points as they stand at a time."""

    points: float
    as_of: str


@dataclass(frozen=True, slots=True)
class LeadItem:
    """A lead in a list. `owner`: who in sales has it, or had it last, by hand-off's id. `charter`: the version of the
    charter it was derived under."""

    person_id: str
    stage: str
    phase: str
    stage_since: str | None
    cycle: int
    fit: Fit
    engagement: Engagement
    cell: str
    owner: str | None
    charter: int | str


@dataclass(frozen=True, slots=True)
class Next:
    """The next stage on the line and what enters it, in words."""

    stage: str | None
    needs: str


@dataclass(frozen=True, slots=True)
class HistoryItem:
    """A stage that was entered: when, because of what, by which rule."""

    stage: str
    entered_at: str
    cause_event_id: str
    rule: str
    cycle: int


@dataclass(frozen=True, slots=True)
class LeadDetail(LeadItem):
    """A lead with where it comes from and where it may go."""

    next: Next
    history: list[HistoryItem]


@dataclass(frozen=True, slots=True)
class WhyEntry:
    """What one event gave by one rule, and what is left of it; the entry of the floor has no event."""

    rule: str
    event_id: str | None
    occurred_at: str | None
    points_given: float
    points_now: float
    capped_by: str | None


@dataclass(frozen=True, slots=True)
class Why:
    """The points at a time, and the entries they are the sum of."""

    person_id: str
    as_of: str
    points: float
    entries: list[WhyEntry]


def router(reading: Reading, rules: Rules, now: Callable[[], Instant]) -> APIRouter:
    """`/v1/leads`, for tokens that may read."""
    routes = APIRouter(tags=["leads"], dependencies=[require(Scope.READ)])

    @routes.get("/v1/leads")
    async def leads(
        asked: paging.Asked,
        stage: Stage | None = None,
        grade: Grade | None = None,
        account: Annotated[str | None, Query(max_length=256)] = None,
    ) -> Page[LeadItem]:
        at = now()
        wanted = LeadFilter(known_stage(stage, rules), grade, None if account is None else account.casefold())
        rows = await reading.leads(wanted, _position(asked), asked.limit + 1)
        return paging.page(rows, asked, lambda known: _item(known, rules, at), lambda known: (known.lead.person_id,))

    @routes.get("/v1/leads/{person_id}")
    async def lead(person_id: str) -> LeadDetail:
        return _detail(await _known(reading, person_id), rules, now())

    @routes.get("/v1/leads/{person_id}/why")
    async def why(person_id: str, at: Moment | None = None) -> Why:
        known = await _known(reading, person_id)
        as_of = now() if at is None else Instant(at)
        # What was refused is explained by nothing: the entries have to sum to the points.
        touches = await reading.touches(known.lead.person_id) if known.card.allows("scoring") else ()
        if at is not None:  # Without a time it tells what the lead tells, what claims to be ahead of us included.
            touches = [touch for touch in touches if touch.occurred_at <= at]
        entries = explain(touches, rules, as_of)
        points = fsum(entry.points_now for entry in entries)
        return Why(known.lead.person_id, instant.to_text(as_of), points, list(map(_entry, entries)))

    return routes


def known_stage(stage: str | None, rules: Rules) -> str | None:
    """The stage that is asked for, if one is; raises Reject where the charter has none of that name."""
    if stage is None or stage in rules.phases:
        return stage
    raise Reject("unknown_name", f"known are {', '.join(rules.phases)}", "stage")


async def _known(reading: Reading, person_id: str) -> KnownLead:
    known = await reading.lead(person_id)
    if known is None:
        raise NotFound
    return known


def _position(asked: paging.PageRequest) -> str | None:
    position = asked.position(str)
    if position is None:
        return None
    try:
        return str(UUID(str(position[0])))
    except ValueError:
        raise Reject("bad_cursor", "take the cursor from `next` of the page before", "after") from None


def shown(known: KnownLead, rules: Rules, at: Instant) -> dict[str, Any]:
    """What a list says of a lead, its points as they stand at a time."""
    lead, state = known.lead, known.lead.state
    points = engagement(state.sums, at, rules)
    return {
        "person_id": lead.person_id,
        "stage": state.stage,
        "phase": rules.phases[state.stage],
        "stage_since": None if state.stage_since is None else _text(state.stage_since),
        "cycle": state.cycle.number,
        "fit": Fit(state.grade, fit(known.card, rules).points),
        "engagement": Engagement(points, _text(at)),
        "cell": rules.cell(state.grade, points),
        "owner": owner(state.handoffs),
        "charter": int(lead.charter) if lead.charter.isdecimal() else lead.charter,
    }


def _item(known: KnownLead, rules: Rules, at: Instant) -> LeadItem:
    return LeadItem(**shown(known, rules, at))


def _detail(known: KnownLead, rules: Rules, at: Instant) -> LeadDetail:
    state = known.lead.state
    ahead = next_stage(state, known.card, at, rules)
    history = [
        HistoryItem(entry.stage, _text(entry.entered_at), entry.cause_event_id, entry.rule, entry.cycle)
        for entry in state.history
    ]
    return LeadDetail(**shown(known, rules, at), next=Next(ahead.stage, ahead.needs), history=history)


def _entry(entry: Entry) -> WhyEntry:
    occurred_at = None if entry.occurred_at is None else _text(entry.occurred_at)
    return WhyEntry(
        entry.rule, entry.event_id, occurred_at, entry.points_given, entry.points_now, entry.capped_by
    )  # fmt: skip


def _text(at: int) -> str:
    return instant.to_text(Instant(at))
