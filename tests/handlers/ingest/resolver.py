"""A resolver at work on a store in memory, and a consumer that believes whatever it publishes.

A batch is worked as the loop works it. Leaves out positions, the inbox and the log.
"""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from msgspec import UNSET, Raw, json
from sqlalchemy import select
from sqlalchemy.dialects import sqlite
from sqlalchemy.schema import CreateIndex, CreateTable

from services.ingest.api.erasures import erasure_body
from services.ingest.domain.acts import OperatorAct
from services.ingest.domain.identity import DEFAULT_LIMITS, Identifier, identifier
from services.ingest.store.erasing import ErasureTerms, SqlErasing
from services.ingest.store.session import open_resolving
from services.ingest.store.tables import IDENTIFIERS, METADATA, PEOPLE, TOUCHPOINTS
from services.ingest.worker import HANDLERS
from shared.contracts.deals import CollectedDeal, Deal
from shared.contracts.envelope import Emit, decode
from shared.contracts.topics import TYPES
from shared.contracts.touchpoints import (
    CallType,
    CollectedTouchpoint,
    PersonErased,
    PersonIdentified,
    PersonMerged,
    PersonSplit,
    Touchpoint,
)
from shared.db import outbox
from shared.db.engine import Database, open_database
from shared.db.people import roots_of
from shared.db.spine import OUTBOX
from shared.kernel.errors import NotLoaded
from shared.kernel.instant import Instant
from shared.kernel.keys import Key
from shared.testing.inline_sqlite import InlineConnection

NOW = Instant(1_795_302_296_000)
"""When everything is received; events happen a second after each other, before it."""
Collected = CollectedTouchpoint | CollectedDeal
_MADE = [CreateTable(table) for table in METADATA.sorted_tables] + [
    CreateIndex(index)
    for table in METADATA.sorted_tables
    for index in sorted(table.indexes, key=lambda one: str(one.name))
]
CREATED = [str(made.compile(dialect=sqlite.dialect())) for made in _MADE]
"""The statements that make the store."""


def happened(
    number: int,
    of: CallType = "track",
    *,
    trusted: bool = False,
    at: int = 0,
    traits: Mapping[str, Any] | None = None,
    **said: Any,
) -> CollectedTouchpoint:
    """An event of this number, `at` seconds into the story."""
    return CollectedTouchpoint(
        id=event_id(number), source="web", door="segment", trusted=trusted, received_at=NOW, type=of,
        timestamp=NOW - 1_000_000 + 1_000 * at, traits=UNSET if traits is None else Raw(json.encode(traits)), **said,
    )  # fmt: skip


def event_id(number: int) -> str:
    """The id of the event of this number; ids sort as numbers do."""
    return f"00000000-0000-5000-8000-{number:012d}"


@dataclass
class Believer:
    """What somebody knows who keeps the highest revision of everything, whatever arrives first."""

    touchpoints: dict[str, Touchpoint] = field(default_factory=dict)
    cards: dict[str, PersonIdentified] = field(default_factory=dict)
    aliases: dict[str, PersonMerged | PersonSplit] = field(default_factory=dict)
    deals: dict[str, Deal] = field(default_factory=dict)
    erased: set[str] = field(default_factory=set)

    def hear(self, emit: Emit) -> None:
        """Take one published event."""
        told = emit.event.data
        if isinstance(told, Touchpoint):
            self.touchpoints[told.id] = max(told, self.touchpoints.get(told.id, told), key=lambda one: one.revision)
        elif isinstance(told, PersonIdentified):
            before = self.cards.get(told.person_id, told)
            self.cards[told.person_id] = max(told, before, key=lambda one: one.version)
        elif isinstance(told, Deal):
            before_deal = self.deals.get(told.id, told)
            self.deals[told.id] = max(told, before_deal, key=lambda one: (one.version, one.revision))
        elif isinstance(told, PersonErased):
            self.erased |= {told.person_id, *told.aliases}
        elif isinstance(told, PersonMerged | PersonSplit):
            of = told.from_id if isinstance(told, PersonMerged) else told.person_id
            self.aliases[of] = max(told, self.aliases.get(of, told), key=lambda one: one.version)

    def person(self, person_id: str) -> str:
        """Who stands for an id."""
        alias = self.aliases.get(person_id)
        return self.person(alias.into_id) if isinstance(alias, PersonMerged) else person_id

    def belongings(self) -> set[frozenset[str]]:
        """The touchpoints of each person."""
        standing = [t for t in self.touchpoints.values() if t.person_id not in self.erased and not t.withdrawn]
        return belongings((t.id, self.person(t.person_id)) for t in standing if t.person_id)

    def on_deals(self) -> dict[str, set[frozenset[str]]]:
        """Of each deal: the e-mails of everyone who is on it."""
        return {
            deal.id: {frozenset(self.cards[self.person(one.person_id)].emails) for one in deal.people}
            for deal in self.deals.values()
        }

    def emails(self) -> set[frozenset[str]]:
        """The addresses of each person, as the cards say."""
        cards = {person_id: card for person_id, card in self.cards.items() if person_id not in self.erased}
        return {frozenset(card.emails) for person_id, card in cards.items() if self.person(person_id) == person_id}


def belongings(owned: Iterable[tuple[str, str]]) -> set[frozenset[str]]:
    """Pairs of something and its owner as the sets of what belongs together."""
    by_owner: dict[str, set[str]] = {}
    for thing, owner in owned:
        by_owner.setdefault(owner, set()).add(thing)
    return {frozenset(things) for things in by_owner.values()}


class Resolver:
    """The resolver over one store."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.published: list[Emit] = []

    async def forget(self) -> None:
        """Begin anew on an empty store."""
        async with self.database.work() as work:
            for table in METADATA.sorted_tables:
                await work.execute(table.delete())
        self.published.clear()

    async def take(self, *events: Collected) -> Sequence[Emit]:
        """Work one batch; answers what is published."""
        named = [("deal.collected" if isinstance(e, CollectedDeal) else "touchpoint.collected", e) for e in events]
        keys = frozenset(key for of, event in named for key in HANDLERS[of].keys(event))
        emits = await self._work(named, keys)
        self.published += emits
        return emits

    async def decide(self, act: OperatorAct) -> None:
        """An operator decides."""
        keys = frozenset(Key("identifier", str(member)) for member in act.identifiers)
        async with self.database.work() as work:
            session = await open_resolving(work, keys, NOW)
            session.decide(act)
            self.published += await session.close()

    async def erase(self, person_id: str) -> None:
        """Somebody is erased, by any id of theirs."""
        terms = ErasureTerms(b"", DEFAULT_LIMITS, frozenset(), None)
        erasing = SqlErasing(self.database, terms, erasure_body, now=lambda: NOW, committed=lambda: None)
        await erasing.erase(person_id)
        async with self.database.work() as work:
            said = [decode(row.record.value, row.record.headers, TYPES) for row in await outbox.waiting(work, 10_000)]
            await work.execute(OUTBOX.delete())
        self.published += [Emit("", "", event) for event in said]

    async def kept(self) -> str:
        """Everything that is kept, as one text."""
        async with self.database.read() as reader:
            tables = [await reader.rows(select(table)) for table in METADATA.sorted_tables]
        return "\n".join(str(value) for rows in tables for row in rows for value in row)

    async def known(self) -> set[Identifier]:
        """Everything that anybody was called so far."""
        async with self.database.read() as reader:
            rows = await reader.rows(select(IDENTIFIERS.c.id).where(IDENTIFIERS.c.person.is_not(None)))
        return {identifier(row.id) for row in rows}

    async def _work(self, named: Sequence[tuple[str, Collected]], keys: frozenset[Key]) -> Sequence[Emit]:
        while True:
            try:
                async with self.database.work() as work:
                    session = await open_resolving(work, keys, NOW)
                    for of, event in named:
                        HANDLERS[of].handle(event, session)
                    return await session.close()
            except NotLoaded as missing:
                keys |= {key for key in missing.keys if isinstance(key, Key)}

    def believed(self) -> Believer:
        """What a consumer makes of everything published so far."""
        believer = Believer()
        for emit in self.published:
            believer.hear(emit)
        return believer

    async def on_record(self) -> set[frozenset[str]]:
        """The touchpoints of each person, as the store has them."""
        async with self.database.read() as reader:
            rows = await reader.rows(select(TOUCHPOINTS.c.id, TOUCHPOINTS.c.person))
            roots = await roots_of(reader, {row.person for row in rows if row.person})
        return belongings((row.id, roots[row.person]) for row in rows if row.person)

    async def aliases(self) -> dict[str, str | None]:
        """Everybody there is, and whom they are an alias of."""
        async with self.database.read() as reader:
            return {row.id: row.into_id for row in await reader.rows(select(PEOPLE.c.id, PEOPLE.c.into_id))}


@asynccontextmanager
async def resolving() -> AsyncIterator[Resolver]:
    """A resolver over a new store in memory."""
    database = open_database("sqlite+aiosqlite://", "ingest", file_driver=InlineConnection)
    try:
        async with database.work() as work:
            for made in CREATED:
                await work.execute(made)
        yield Resolver(database)
    finally:
        await database.close()
