"""What the API reads of scoring's store; each call is a read of its own, and nothing here writes."""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from msgspec import json
from sqlalchemy import Row, select

from services.scoring.domain.account_names import account_names
from services.scoring.domain.facts import Touch
from services.scoring.domain.state import State
from services.scoring.ports import KeptCard, KnownLead, LeadFilter
from services.scoring.store.ledger import lead, read_cards, read_facts
from services.scoring.store.tables import LEAD_ACCOUNTS, LEADS
from shared.contracts.touchpoints import PersonIdentified
from shared.db.engine import Database
from shared.db.erased import refuse_erased
from shared.db.people import members_of, roots_of
from shared.db.work import Reader

_CHUNK = 1_000
_PEOPLE = select(LEADS).where(LEADS.c.alias.is_(False))


class SqlReading:
    """The reading port over a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def leads(self, wanted: LeadFilter, after: str | None, limit: int) -> Sequence[KnownLead]:
        """Leads in the order of their ids; whoever became an alias is none."""
        found: list[KnownLead] = []
        while len(found) < limit:
            asked = limit - len(found)
            page = await self._page(wanted, after, asked)
            # A name leads to everybody who ever had it; the card says who has it still.
            found += [known for known in page if wanted.account is None or wanted.account in _names(known)]
            if len(page) < asked:
                break
            after = page[-1].lead.person_id
        return found

    async def _page(self, wanted: LeadFilter, after: str | None, limit: int) -> Sequence[KnownLead]:
        found = _PEOPLE.order_by(LEADS.c.person_id).limit(limit)
        if wanted.account is not None:
            theirs = select(LEAD_ACCOUNTS.c.person_id).where(LEAD_ACCOUNTS.c.account == wanted.account)
            found = found.where(LEADS.c.person_id.in_(theirs))
        if wanted.stage is not None:
            found = found.where(LEADS.c.stage == wanted.stage)
        if wanted.grade is not None:
            found = found.where(LEADS.c.grade == wanted.grade)
        if after is not None:
            found = found.where(LEADS.c.person_id > after)
        async with self._database.read() as reader:
            rows = await reader.rows(found)
            cards = await read_cards(reader, [row.person_id for row in rows])
        return [_known(row, cards) for row in rows]

    async def lead(self, person_id: str) -> KnownLead | None:
        """The lead of a person, by any id of theirs; raises Erased."""
        async with self._database.read() as reader:
            root = await _root(reader, person_id)
            row = None if root is None else await reader.first(select(LEADS).where(LEADS.c.person_id == root))
            if row is None:
                await refuse_erased(reader, person_id)
                return None
            return _known(row, await read_cards(reader, [row.person_id]))

    async def touches(self, person_id: str) -> Sequence[Touch]:
        """All touches of a person, in order."""
        async with self._database.read() as reader:
            facts = await read_facts(reader, await members_of(reader, [person_id]))
        return sorted(facts[person_id].touches, key=lambda touch: touch.key)

    async def states(self) -> AsyncIterator[Sequence[State]]:
        """The states of everybody, some at a time: no read is held open while they are worked on."""
        after: str | None = None
        while True:
            found = _PEOPLE.order_by(LEADS.c.person_id).limit(_CHUNK)
            async with self._database.read() as reader:
                rows = await reader.rows(found if after is None else found.where(LEADS.c.person_id > after))
            yield [json.decode(row.state, type=State) for row in rows]
            if len(rows) < _CHUNK:
                return
            after = rows[-1].person_id


def _known(row: Row[Any], cards: Mapping[str, KeptCard]) -> KnownLead:
    kept = cards.get(row.person_id)
    if kept is None:
        return KnownLead(lead(row))
    return KnownLead(lead(row), kept.card, json.decode(kept.body, type=PersonIdentified).accounts)


def _names(known: KnownLead) -> frozenset[str]:
    return account_names(known.card, known.accounts)


async def _root(reader: Reader, person_id: str) -> str | None:
    """Whom an id stands for; none where no id of ours looks like this."""
    try:
        canonical = str(UUID(person_id))
    except ValueError:
        return None
    return (await roots_of(reader, [canonical]))[canonical]
