"""What a journey holds besides touchpoints, in SQL: what other services said, what operators did, the deals."""

from collections.abc import Collection, Sequence
from operator import attrgetter

from sqlalchemy import select

from services.ingest.domain.acts import OperatorAct
from services.ingest.ports import Identity, Step, Told
from services.ingest.store import identities
from services.ingest.store.tables import CLAIMS, DEAL_CONTACTS, DEALS, OPERATOR_ACTS, TIMELINE
from shared.db.dialect import Upsert
from shared.db.work import Reader, Work

_KEEP = Upsert(TIMELINE, conflict=("id",), update=("version", "body"), newer=("version",))


class SqlTimeline:
    """The timeline port over one transaction."""

    def __init__(self, work: Work) -> None:
        self._work = work

    async def keep(self, steps: Sequence[Step]) -> None:
        """Keep steps, each id once; the highest version of each stays."""
        await self._work.write(_KEEP, sorted(steps, key=attrgetter("id")))


async def told_of(reader: Reader, identity: Identity) -> Told:
    """What the journey of a person holds besides touchpoints."""
    ids = [identity.person_id, *identity.aliases]
    rows = await reader.rows(select(TIMELINE).where(reader.among(TIMELINE.c.person, ids)))
    # The stages of an alias are those of whoever it stands for: scoring has told them whole.
    stages = [row.body for row in rows if row.kind == "stages" and row.person == identity.person_id]
    handoffs = await _handoffs(reader, ids, {row.handoff for row in rows if row.kind == "handoff"})
    return Told(
        await _acts(reader, identity), stages[0].encode() if stages else None, handoffs, await _deals(reader, identity)
    )


async def _handoffs(reader: Reader, person_ids: Collection[str], handoff_ids: Collection[str]) -> list[bytes]:
    """All acts on those of these hand-offs that are this person's by now."""
    of_these = select(TIMELINE).where(reader.among(TIMELINE.c.handoff, sorted(handoff_ids)))
    rows = await reader.rows(of_these.order_by(TIMELINE.c.handoff, TIMELINE.c.version)) if handoff_ids else ()
    whose = {row.handoff: row.person for row in rows}
    return [row.body.encode() for row in rows if whose[row.handoff] in person_ids]


async def _acts(reader: Reader, identity: Identity) -> list[OperatorAct]:
    """What operators decided of anything that names them."""
    decided = (
        select(OPERATOR_ACTS, CLAIMS.c.identifiers)
        .join(CLAIMS, CLAIMS.c.id == OPERATOR_ACTS.c.statement)
        .where(reader.among(CLAIMS.c.component, identity.components))
    )
    acts = [
        OperatorAct(row.kind, identities.named(row.identifiers), row.at, row.who, row.event_id)
        for row in await reader.rows(decided)
    ]
    return [act for act in acts if not identity.identifiers.isdisjoint(act.identifiers)]


async def _deals(reader: Reader, identity: Identity) -> list[bytes]:
    """The deals they are on, as posted."""
    named = reader.among(DEAL_CONTACTS.c.identifier, sorted(map(str, identity.identifiers)))
    theirs = select(DEAL_CONTACTS.c.deal_id).where(named)
    return [row.body.encode() for row in await reader.rows(select(DEALS.c.body).where(DEALS.c.id.in_(theirs)))]
