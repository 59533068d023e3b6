"""What is wrong with what hand-off has on record, once all is quiet: held against what other services have, what lies
on the log, what the CRM took, and the plain model of what sales and deals make of a hand-over."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from msgspec import Struct, json
from sqlalchemy import select

from services.attribution.store.tables import HANDOFF_ACTS
from services.handoff.handlers.publishing import QUALIFIED
from services.handoff.ports import Kept
from services.handoff.store.tables import DELIVERIES, HANDOFFS, OWNERS, PROMOTIONS, SALES_ACTS
from services.ingest.store.tables import IDENTIFIERS
from services.scoring.store.tables import TOUCHES
from shared.contracts import topics
from shared.contracts.envelope import decode
from shared.contracts.handoffs import HandoffActed
from shared.contracts.leads import LeadQualified
from shared.contracts.topics import TYPES, Topic
from shared.db.engine import Database
from shared.db.people import roots_of
from shared.testing.table_log import TableLog
from tests.reference.handed import Handed
from tests.simulation.sales import bodies_differ
from tests.simulation_postgres.on_record import Published
from tests.simulation_postgres.selling import taken
from tests.simulation_postgres.story import done_by_sales, last_versions

_ROTA = "round_robin"
_E = TypeVar("_E", bound=Struct)


@dataclass(frozen=True, slots=True)
class Handoffs:
    """Hand-offs as they are kept, and whose each is."""

    kept: Sequence[Kept]
    root: Mapping[str, str]
    """Who stands for each person now."""

    def by_person(self) -> Mapping[str, Sequence[Kept]]:
        """Those of each person."""
        found: defaultdict[str, list[Kept]] = defaultdict(list)
        for one in self.kept:
            found[self.root[one.handoff.person_id]].append(one)
        return found


async def handoffs(handoff: Database) -> Handoffs:
    """All hand-offs."""
    async with handoff.read() as reader:
        rows = await reader.rows(select(HANDOFFS.c.body).order_by(HANDOFFS.c.id))
        kept = [json.decode(row.body, type=Kept) for row in rows]
        return Handoffs(kept, await roots_of(reader, {one.handoff.person_id for one in kept}))


async def heard(handoff: Database) -> Published:
    """What hand-off has heard of the acts of sales."""
    async with handoff.read() as reader:
        rows = await reader.rows(select(SALES_ACTS.c.id, SALES_ACTS.c.person_id, SALES_ACTS.c.revision))
    return {row.id: (row.person_id, row.revision) for row in rows}


async def promoted_once(databases: Mapping[str, Database], log: TableLog, held: Handoffs) -> bool:
    """Whether each promotion has one cause, is on the log and kept by scoring, and led to one hand-off."""
    told = await _told(log, topics.LEADS, LeadQualified)
    caused = {lead.promotion_id: lead.cause_event_id for lead in told}
    async with databases["scoring"].read() as reader:
        touches = await reader.rows(select(TOUCHES.c.id, TOUCHES.c.promotion_id))
    sent = {row.promotion_id: row.id for row in touches if row.promotion_id is not None}
    async with databases["handoff"].read() as reader:
        handed = {row.id: row.handoff_id for row in await reader.rows(select(PROMOTIONS))}
    made = {one.handoff.promotion_id: one.handoff.id for one in held.kept}
    return (
        len(set(caused.values())) == len(caused)
        and caused == sent
        and caused.keys() == handed.keys()
        and set(handed.values()) == set(made.values())
        and made.items() <= handed.items()
    )


async def told_once(attribution: Database, log: TableLog, held: Handoffs) -> bool:
    """Whether each act on a hand-off was told once, by one owner, and attribution has heard them all."""
    told = await _told(log, topics.HANDOFFS, HandoffActed)
    said = Counter((act.handoff_id, act.version, act.owner_id) for act in told)
    due = {
        (one.handoff.id, version, one.handoff.owner_id)
        for one in held.kept
        for version in range(1, one.handoff.version + 1)
    }
    async with attribution.read() as reader:
        rows = await reader.rows(select(HANDOFF_ACTS.c.handoff_id, HANDOFF_ACTS.c.version))
    return said == Counter(due) and {(row.handoff_id, row.version) for row in rows} == {act[:2] for act in due}


async def _told(log: TableLog, topic: Topic, of: type[_E]) -> list[_E]:
    """What lies on a topic, each once: who sends may die before it knows that it has sent."""
    records = {(record.value, record.headers) for record in await log.content(topic.name)}
    told = [decode(value, headers, TYPES).data for value, headers in records]
    return [data for data in told if isinstance(data, of)]


async def in_turn(handoff: Database, held: Handoffs) -> bool:
    """Whether the rota has counted what it gave each owner, and gave them equally much."""
    given = Counter(one.handoff.owner_id for one in held.kept if one.trail[-1].step == _ROTA)
    async with handoff.read() as reader:
        counted = {row.id: row.assigned for row in await reader.rows(select(OWNERS))}
    numbers = counted.values()
    return Counter(counted) == given and max(numbers, default=0) - min(numbers, default=0) <= 1


async def delivered(handoff: Database, held: Handoffs) -> bool:
    """Whether the CRM has what was left for it, under each id one thing, and was given each lead once."""
    async with handoff.read() as reader:
        left = await reader.rows(select(DELIVERIES))
        came = await taken(reader)
    leads = Counter(row.handoff_id for row in left if row.type == QUALIFIED)
    return (
        all(row.state == "delivered" for row in left)
        and came.keys() == {row.webhook_id for row in left}
        and not bodies_differ(came)
        and leads == Counter(one.handoff.id for one in held.kept)
        and all(one.handoff.delivered_at is not None for one in held.kept)
    )


def one_open(held: Handoffs) -> bool:
    """Whether nobody has two open hand-offs, and whose ended with a merge has another."""
    return all(
        sum(one.handoff.is_open for one in every) <= 1 and any(one.handoff.reason != "merged" for one in every)
        for every in held.by_person().values()
    )


async def wrong_handoffs(ingest: Database, last: Published, held: Handoffs, seeds: Sequence[int]) -> list[str]:
    """The hand-offs whose contacts or end are not what sales and deals make of them, by the plain model; `last` is
    what ingest has published of each touchpoint."""
    async with ingest.read() as reader:
        named = {row.id: row.person for row in await reader.rows(select(IDENTIFIERS)) if row.person is not None}
        people = {*named.values(), *held.root, *(person for person, _ in last.values() if person is not None)}
        root = await roots_of(reader, people)
    done, deals = defaultdict(list), defaultdict(list)
    for act in done_by_sales(seeds):
        if (person := last[act.id][0]) is not None:
            done[root[person]].append(act)
    for deal in last_versions(seeds):
        for whose in {root[named[f"email:{contact.email}"]] for contact in deal.contacts}:
            deals[whose].append(deal)
    wrong: list[str] = []
    for kept in held.kept:
        one, qualified = kept.handoff, kept.handoff.qualified_at is not None
        model, whose = Handed(one.assigned_at, one.ended_at, kept.promoted_at or 0, qualified), root[one.person_id]
        contacts = model.contacts(done[whose])
        if one.reason != "merged" and contacts != (one.attempts, one.contacted_at):
            wrong.append(f"{one} has had the contacts {contacts}")
        ended = (one.reason, one.ended_at) if one.reason in ("won", "lost") else None
        if one.status not in ("rejected", "recycled") and ended != model.ending(deals[whose]):
            wrong.append(f"{one} was ended by {model.ending(deals[whose])}")
    return wrong
