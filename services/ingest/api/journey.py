"""A person's journey: everything that is theirs in one order, of marketing and of sales, page by page."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from heapq import merge
from typing import Literal

from msgspec import json

from services.ingest.api.schemas import TouchpointItem, moment_position, text, touchpoint_item
from services.ingest.domain.acts import ActKind, OperatorAct
from services.ingest.domain.identity import PersonLimits
from services.ingest.domain.people import Moment
from services.ingest.domain.telling import Joining, joinings
from services.ingest.ports import Identity, Reading
from shared.contracts.deals import CollectedDeal
from shared.contracts.handoffs import HandoffActed
from shared.contracts.leads import LeadStageChanged
from shared.kernel.ids import derived
from shared.web import paging
from shared.web.paging import Page


@dataclass(frozen=True, slots=True, kw_only=True)
class _Item:
    """What every step besides a touchpoint has."""

    id: str
    message_id: None = None
    occurred_at: str
    person_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeItem(_Item):
    """Somebody else, `from_id`, turned out to be this person because of an event, at the time of that event."""

    type: Literal["merge"] = "merge"
    from_id: str
    cause_event_id: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ActItem(_Item):
    """What an operator decided: that what is named is one person (`merge`, `accept`), or is not (`split`, `refuse`).

    `from_id` is who became an alias by it and still is one; `event_id` the event it was asked about.
    """

    type: Literal["merge", "split"]
    act: ActKind
    by: str
    identifiers: list[str]
    event_id: str | None
    from_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StageItem(_Item):
    """A stage of the lifecycle was entered."""

    type: Literal["stage"] = "stage"
    stage: str
    cycle: int
    rule: str
    cause_event_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HandoffItem(_Item):
    """Something was done with a hand-off of this person."""

    type: Literal["handoff"] = "handoff"
    handoff_id: str
    act: str
    owner_id: str | None
    reason: str | None
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DealItem(_Item):
    """A deal this person is on was opened, won or lost, by its highest version."""

    type: Literal["deal"] = "deal"
    deal_id: str
    name: str | None
    status: Literal["open", "won", "lost"]
    amount_minor: int
    currency: str


JourneyItem = TouchpointItem | MergeItem | ActItem | StageItem | HandoffItem | DealItem
Step = tuple[Moment, JourneyItem]


async def journey_page(
    reading: Reading, identity: Identity, asked: paging.PageRequest, limits: PersonLimits
) -> Page[JourneyItem]:
    """One page of everything, in event time, then id."""
    after = moment_position(asked)
    steps = await _others(reading, identity, limits)
    others = sorted((step for step in steps if after is None or step[0] > after), key=_moment)
    stored = await reading.journey(identity, after, asked.limit + 1)
    touchpoints: list[Step] = [((one.occurred_at, one.id), touchpoint_item(one, identity.person_id)) for one in stored]
    rows = list(merge(touchpoints, others, key=_moment))
    return paging.page(rows[: asked.limit + 1], asked, lambda step: step[1], _moment)


def _moment(step: Step) -> Moment:
    return step[0]


async def _others(reading: Reading, identity: Identity, limits: PersonLimits) -> list[Step]:
    """All steps besides touchpoints: they are few, and are made whole for every page."""
    told = await reading.told(identity)
    person_id = identity.person_id
    joined: Sequence[Joining] = ()
    if identity.aliases:
        joined = joinings(await reading.claims(identity), identity.seed, identity.aliases, limits)
    return [
        *_merges(person_id, joined),
        *_acts(person_id, told.acts, joined),
        *_stages(person_id, told.stages),
        *_handoffs(person_id, told.handoffs),
        *_deals(person_id, told.deals),
    ]


def _merges(person_id: str, joined: Iterable[Joining]) -> Iterable[Step]:
    for one in joined:
        if one.claim.verdict is None:
            item = MergeItem(
                id=derived("merge", one.alias, person_id),
                occurred_at=text(one.claim.at),
                person_id=person_id,
                from_id=one.alias,
                cause_event_id=one.claim.event_id,
                source=one.claim.source,
            )
            yield (one.claim.at, item.id), item


def _acts(person_id: str, acts: Iterable[OperatorAct], joined: Sequence[Joining]) -> Iterable[Step]:
    aliases = {one.claim.event_id: one.alias for one in joined}
    for act in acts:
        item = ActItem(
            id=act.id,
            occurred_at=text(act.at),
            person_id=person_id,
            type="merge" if act.kind in ("merge", "accept") else "split",
            act=act.kind,
            by=act.who,
            identifiers=list(map(str, act.identifiers)),
            event_id=act.event_id,
            from_id=aliases.get(act.id),
        )
        yield (act.at, item.id), item


def _stages(person_id: str, body: bytes | None) -> Iterable[Step]:
    changed = None if body is None else json.decode(body, type=LeadStageChanged)
    for number, entry in enumerate(changed.history if changed else ()):
        item = StageItem(
            id=derived("stage", person_id, str(number)),
            occurred_at=text(entry.entered_at),
            person_id=person_id,
            stage=entry.stage,
            cycle=entry.cycle,
            rule=entry.rule,
            cause_event_id=entry.cause_event_id,
        )
        yield (entry.entered_at, item.id), item


def _handoffs(person_id: str, bodies: Iterable[bytes]) -> Iterable[Step]:
    for acted in (json.decode(body, type=HandoffActed) for body in bodies):
        item = HandoffItem(
            id=derived("handoff", acted.handoff_id, str(acted.version)),
            occurred_at=text(acted.at),
            person_id=person_id,
            handoff_id=acted.handoff_id,
            act=acted.act,
            owner_id=acted.owner_id,
            reason=acted.reason,
            version=acted.version,
        )
        yield (acted.at, item.id), item


def _deals(person_id: str, bodies: Iterable[bytes]) -> Iterable[Step]:
    for deal in (json.decode(body, type=CollectedDeal) for body in bodies):
        yield _deal_step(person_id, deal, "open", deal.created_at)
        if deal.status != "open":
            closed_at = deal.occurred_at if deal.closed_at is None else deal.closed_at
            yield _deal_step(person_id, deal, deal.status, closed_at)


def _deal_step(person_id: str, deal: CollectedDeal, status: Literal["open", "won", "lost"], at: int) -> Step:
    item = DealItem(
        id=derived("deal step", deal.id, status),
        occurred_at=text(at),
        person_id=person_id,
        deal_id=deal.id,
        name=deal.name,
        status=status,
        amount_minor=deal.amount_minor,
        currency=deal.currency,
    )
    return (at, item.id), item
