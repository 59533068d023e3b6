"""One person taken out of the store, in the transaction of a command that holds all their locks.

Leaves out what is kept in free form (rejects, dead letters, answers to operators): store/sweeping.py looks it through.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from msgspec import json, structs
from sqlalchemy import ColumnElement, Table, and_, delete, null, or_, select, update

from services.ingest.domain.consent import Statements, heard, unsaid
from services.ingest.domain.erasure import Remains
from services.ingest.domain.identity import Identifier, statement_id
from services.ingest.domain.suppression import suppression_hash
from services.ingest.ports.erasures import Emptied
from services.ingest.store.erasures import add_lines
from services.ingest.store.graph import SAVE_CONSENTS, claim_id
from services.ingest.store.tables import (
    ACCOUNT_MEMBERS,
    BROWSER_CLAIMS,
    CLAIMS,
    COMPONENTS,
    ERASURES,
    IDENTIFIERS,
    OPERATOR_ACTS,
    PEOPLE,
    REVIEWS,
    SUPPRESSED,
    TIMELINE,
    TOMBSTONES,
    TOUCHPOINTS,
    TRAITS,
)
from shared.contracts.touchpoints import PersonIdentified, Touchpoint
from shared.db.dialect import Upsert
from shared.db.people import roots_of
from shared.db.work import Work

_ERASURE = Upsert(ERASURES, columns=("id", "person", "requested_at"), conflict=("id",))
_TOMBSTONES = Upsert(TOMBSTONES, conflict=("id",))
_MEMBERS = Upsert(ACCOUNT_MEMBERS, conflict=tuple(ACCOUNT_MEMBERS.primary_key.columns.keys()))
_CARDS = Upsert(PEOPLE, conflict=("id",), update=("card_version", "card"))
_SUPPRESSED = Upsert(SUPPRESSED, conflict=("hash",))


class SqlForgetting:
    """The forgetting port over one transaction."""

    def __init__(self, work: Work, key: bytes, now: int) -> None:
        self._work = work
        self._key = key
        self._now = now
        self._removed: Counter[str] = Counter()

    async def touchpoints(self, remains: Remains) -> Emptied:
        """Empty every touchpoint that is theirs or names them, and delete what it said of anybody."""
        rows = await self._work.rows(select(TOUCHPOINTS).where(self._theirs(remains)))
        ids = sorted(row.id for row in rows)
        near = self._near(remains)
        # Somebody else may have been said to have an address that turned out to be theirs.
        await self._delete(
            TRAITS, self._work.among(TRAITS.c.identifier, _texts(near)), self._work.among(TRAITS.c.event_id, ids)
        )
        browsers = sorted(str(member) for member in near if not member.strong)
        await self._delete(
            BROWSER_CLAIMS,
            self._work.among(BROWSER_CLAIMS.c.browser, browsers),
            self._work.among(BROWSER_CLAIMS.c.touchpoint_id, ids),
        )
        emptied = update(TOUCHPOINTS).where(self._work.among(TOUCHPOINTS.c.id, ids))
        self._removed["touchpoints"] += await self._work.execute(
            emptied.values(
                message_id=null(), occurred_at=TOUCHPOINTS.c.received_at, holder=null(), person=null(),
                revision=TOUCHPOINTS.c.revision + 1, body="", statement=null(), state="erased",
            )
        )  # fmt: skip
        others = {row.person for row in rows if row.person is not None} - remains.person_ids
        roots = await roots_of(self._work, others)
        return Emptied(frozenset(ids), [_withdrawn(row, roots[row.person]) for row in rows if row.person in others])

    async def consents(
        self, said: Mapping[Identifier, Statements], emptied: Collection[str]
    ) -> Mapping[Identifier, Statements]:
        """What is left of what was said under identifiers that stay, without what these events said; kept so."""
        left = {member: unsaid(statements, emptied) for member, statements in said.items()}
        changed = sorted(member for member in said if left[member] != said[member])
        for member in changed:
            if not member.strong:
                # What others had said there before counts again. No event is found by a name that is not its strongest.
                left[member] = await self._said_in(member)
        rows = [(str(one), False, json.encode(left[one]).decode() if left[one] else None) for one in changed]
        await self._work.write(SAVE_CONSENTS, rows)
        return left

    async def _said_in(self, browser: Identifier) -> Statements:
        named = select(BROWSER_CLAIMS.c.touchpoint_id).where(BROWSER_CLAIMS.c.browser == str(browser))
        under = or_(TOUCHPOINTS.c.holder == str(browser), TOUCHPOINTS.c.id.in_(named))
        said: Statements = {}
        for row in await self._work.rows(select(TOUCHPOINTS).where(under, TOUCHPOINTS.c.state.is_(None))):
            said = heard(said, json.decode(row.body, type=Touchpoint).consent, row.occurred_at, row.id)
        return said

    @staticmethod
    def _near(remains: Remains) -> frozenset[Identifier]:
        """Everything that stands beside their names, those among it."""
        return remains.forgotten.union(*(claim.identifiers for claim in remains.gone))

    def _theirs(self, remains: Remains) -> ColumnElement[bool]:
        work = self._work
        said = [statement_id(claim.identifiers) for claim in remains.gone if len(claim.identifiers) > 1]
        return and_(
            work.among(TOUCHPOINTS.c.holder, _texts(self._near(remains))),
            or_(
                work.among(TOUCHPOINTS.c.person, sorted(remains.person_ids)),
                work.among(TOUCHPOINTS.c.holder, _texts(remains.forgotten)),
                work.among(TOUCHPOINTS.c.statement, sorted(said)),
            ),
        )

    async def graph(self, remains: Remains, components: Sequence[str]) -> None:
        """Delete them and all that names them; the components too where nobody else lies in them."""
        among, names = self._work.among, _texts(remains.forgotten)
        said = sorted({statement_id(claim.identifiers) for claim in remains.gone})
        await self._delete(OPERATOR_ACTS, among(OPERATOR_ACTS.c.statement, said))
        await self._delete(REVIEWS, among(REVIEWS.c.id, said))
        await self._delete(CLAIMS, among(CLAIMS.c.id, sorted({claim_id(claim) for claim in remains.gone})))
        await self._delete(TRAITS, among(TRAITS.c.identifier, names))
        await self._delete(ACCOUNT_MEMBERS, among(ACCOUNT_MEMBERS.c.identifier, names))
        await self._restate(remains)
        await self._delete(IDENTIFIERS, among(IDENTIFIERS.c.id, names))
        await self._delete(PEOPLE, among(PEOPLE.c.id, sorted(remains.person_ids)))
        await self._delete(TIMELINE, among(TIMELINE.c.person, sorted(remains.person_ids)))
        if not remains.kept and not remains.rewritten:
            # Their ids are made from what lay in them.
            await self._work.execute(delete(COMPONENTS).where(among(COMPONENTS.c.id, sorted(components))))

    async def cards(self, cards: Sequence[PersonIdentified]) -> None:
        """Have people bear these cards."""
        if not cards:
            return
        told = {card.person_id: card for card in cards}
        bodies = {one: json.encode(structs.replace(card, version=0)).decode() for one, card in told.items()}
        found = select(PEOPLE).where(self._work.among(PEOPLE.c.id, sorted(told))).order_by(PEOPLE.c.id)
        rows = [(*row[:-2], told[row.id].version, bodies[row.id]) for row in await self._work.rows(found)]
        await self._work.write(_CARDS, rows)

    async def _restate(self, remains: Remains) -> None:
        """Who was named with an account beside them stays so, in a statement that says nothing of them."""
        said = {statement_id(claim.identifiers): claim.identifiers for claim in remains.gone}
        rest = {
            statement: statement_id([member for member in named if member not in remains.forgotten])
            for statement, named in said.items()
            if statement not in remains.withdrawn
        }
        of = ACCOUNT_MEMBERS.c
        beside = and_(
            self._work.among(of.identifier, _texts(self._near(remains))),
            self._work.among(of.statement, [*said]),
        )
        rows = await self._work.rows(select(ACCOUNT_MEMBERS).where(beside))
        if rows:
            await self._work.execute(delete(ACCOUNT_MEMBERS).where(beside))
            restated = [
                (row.identifier, row.account, row.rule, row.trusted, rest[row.statement], row.at, row.event_id)
                for row in rows
                if row.statement in rest
            ]
            await self._work.write(_MEMBERS, sorted(set(restated)))

    async def settle(self, erasure_id: str, remains: Remains, person_id: str) -> None:
        """Keep that they were erased, and that nothing is taken under their names; with what was removed so far."""
        work = self._work
        await work.write(_TOMBSTONES, [(one, erasure_id) for one in sorted(remains.person_ids)])
        hashes = sorted(suppression_hash(self._key, member) for member in remains.forgotten)
        await work.write(_SUPPRESSED, [(one, erasure_id) for one in hashes])
        await work.write(_ERASURE, [(erasure_id, person_id, self._now)])
        lines = {(erasure_id, "ingest", store): rows for store, rows in self._removed.items()}
        await add_lines(work, lines, self._now)

    def removed(self, store: str, rows: int) -> None:
        """Count rows of a store that were removed by somebody else."""
        self._removed[store] += rows

    async def _delete(self, table: Table, *conditions: ColumnElement[bool]) -> None:
        self._removed[table.name] += await self._work.execute(delete(table).where(*conditions))


def _texts(members: Collection[Identifier]) -> list[str]:
    return sorted(map(str, members))


def _withdrawn(row: Any, person_id: str) -> Touchpoint:
    """Somebody else's event that named them, as it is published for the last time."""
    whole = json.decode(row.body, type=Touchpoint)
    return structs.replace(
        whole, person_id=person_id, revision=row.revision + 1, withdrawn=True, message_id=None, anonymous_id=None,
        campaign={}, page={}, properties={},
    )  # fmt: skip
