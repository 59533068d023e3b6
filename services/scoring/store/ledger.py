"""The facts of scoring in SQL, for one batch: read under the locks of the people they belong to."""

import asyncio
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from msgspec import json
from sqlalchemy import Row, delete, select

from services.scoring.domain.facts import Card, DealFact, Outcome, Touch
from services.scoring.domain.state import State
from services.scoring.ports import Facts, KeptCard, KeptDeal, KeptOutcome, KeptTouch, Lead, Removal
from services.scoring.store import erasing
from services.scoring.store.tables import CARDS, DEAL_PEOPLE, DEALS, LEAD_ACCOUNTS, LEADS, OUTCOMES, TOUCHES
from shared.contracts.touchpoints import PersonErased, PersonIdentified
from shared.db.dialect import Upsert, among_given
from shared.db.people import People, lock_people
from shared.db.work import Reader, Work
from shared.kernel.errors import NotLoaded
from shared.kernel.keys import Key, of_kind

_TOUCH = ("id", "owner", "revision", "occurred_at", "body")
_ADD_TOUCH = Upsert(TOUCHES, columns=_TOUCH, conflict=("id",))
_REVISE_TOUCH = Upsert(TOUCHES, columns=_TOUCH, conflict=("id",), update=_TOUCH[1:])
_KEEP_OUTCOME = Upsert(OUTCOMES, conflict=("id",))
_KEEP_CARD = Upsert(CARDS, conflict=("person_id",), update=("version", "body"), newer=("version",))
_KEEP_ACCOUNT = Upsert(LEAD_ACCOUNTS, conflict=("account", "person_id"))
_KEEP_DEAL = Upsert(
    DEALS,
    conflict=("id",),
    update=("version", "revision", "status", "created_at", "closed_at"),
    newer=("version", "revision"),
)
_KEEP_DEAL_PEOPLE = Upsert(DEAL_PEOPLE, conflict=("person_id", "deal_id"))
_KEEP_LEAD = Upsert(
    LEADS,
    conflict=("person_id",),
    update=("version", "told", "alias", "stage", "stage_since", "cycle", "grade", "state", "charter", "owed"),
)
_BY_ID = select(TOUCHES).where(among_given(TOUCHES.c.id, "ids"))
_BY_OWNER = select(TOUCHES).where(among_given(TOUCHES.c.owner, "owners"))
_CAUSES = select(TOUCHES.c.promotion_id, TOUCHES.c.id, TOUCHES.c.owner).where(
    among_given(TOUCHES.c.promotion_id, "promotions")
)
_OUTCOMES = select(OUTCOMES).where(among_given(OUTCOMES.c.promotion_id, "promotions"))
_DEALS = select(DEALS).where(among_given(DEALS.c.id, "ids")).order_by(DEALS.c.id)
_ON_DEALS = select(DEAL_PEOPLE).where(among_given(DEAL_PEOPLE.c.deal_id, "ids"))
_OFF_DEALS = delete(DEAL_PEOPLE).where(among_given(DEAL_PEOPLE.c.deal_id, "ids"))
_DEALS_OF = (
    select(DEAL_PEOPLE.c.person_id, DEALS)
    .join(DEALS, DEALS.c.id == DEAL_PEOPLE.c.deal_id)
    .where(among_given(DEAL_PEOPLE.c.person_id, "people"))
)
_LEADS = select(LEADS).where(among_given(LEADS.c.person_id, "people"))
_CARDS = select(CARDS).where(among_given(CARDS.c.person_id, "people"))
_AT_ONCE = 500
_SENT = Upsert(
    TOUCHES,
    columns=("id", "revision", "occurred_at", "body", "promotion_id", "promoted_as"),
    conflict=("id",),
    update=("promotion_id", "promoted_as"),
)


async def open_ledger(work: Work, keys: frozenset[Key]) -> tuple[People, "SqlLedger"]:
    """Lock everyone the keys lead to, then read what the batch may touch."""
    ledger = SqlLedger(work)
    await ledger.load(keys)
    leading = ledger.leads_to()
    ledger.locked = frozenset({*of_kind(keys, "person"), *leading})
    people = await lock_people(work, sorted(ledger.locked))
    if work.locks:
        await ledger.load(keys, locking=True)
    if ledger.leads_to() - leading:
        raise NotLoaded(())  # An owner changed while we waited for the locks: redo at once, from the top.
    return people, ledger


class SqlLedger:
    """The ledger port over one transaction."""

    def __init__(self, work: Work) -> None:
        self.locked: frozenset[str] = frozenset()
        """The people whose locks are held, by the ids of the batch, and the touches that are nobody's."""
        self._work = work
        self._touches: dict[str, KeptTouch] = {}
        self._promoted: dict[str, Row[Any]] = {}
        self._deals: dict[str, KeptDeal] = {}

    async def load(self, keys: frozenset[Key], *, locking: bool = False) -> None:
        """Read the touches, promotions and deals that the keys name; deals are locked after people."""
        work = self._work
        touch_ids, promotion_ids = of_kind(keys, "touchpoint"), of_kind(keys, "promotion")
        if touch_ids:
            rows = await work.rows(_BY_ID, ids=touch_ids)
            self._touches = {row.id: _kept_touch(row) for row in rows}
        if promotion_ids:
            rows = await work.rows(_CAUSES, promotions=promotion_ids)
            self._promoted = {row.promotion_id: row for row in rows}
        deal_ids = of_kind(keys, "deal")
        if deal_ids:
            self._deals = await self._read_deals(deal_ids, locking=locking)

    async def _read_deals(self, deal_ids: Sequence[str], *, locking: bool) -> dict[str, KeptDeal]:
        work = self._work
        rows = await (work.locked(_DEALS, ids=deal_ids) if locking else work.rows(_DEALS, ids=deal_ids))
        on_deal: defaultdict[str, list[str]] = defaultdict(list)
        for row in await work.rows(_ON_DEALS, ids=deal_ids):
            on_deal[row.deal_id].append(row.person_id)
        return {row.id: KeptDeal(_deal(row), row.version, row.revision, tuple(sorted(on_deal[row.id]))) for row in rows}

    def leads_to(self) -> set[str]:
        """The people to whom what was read belongs so far. A touch that is nobody's leads to itself: whoever is about
        to give it to somebody has a lock to wait for, in one order with those of people."""
        guards = {kept.owner or kept.touch.id for kept in self._touches.values()}
        guards.update(cause.owner or cause.id for cause in self._promoted.values())
        return guards.union(*(deal.people for deal in self._deals.values()))

    def touch(self, touch_id: str) -> KeptTouch | None:
        """A touch of the batch as it was kept before."""
        return self._touches.get(touch_id)

    def promoted(self, promotion_id: str) -> str | None:
        """The owner of the touch that caused a promotion of the batch."""
        cause = self._promoted.get(promotion_id)
        return None if cause is None else cause.owner

    def deal(self, deal_id: str) -> KeptDeal | None:
        """A deal of the batch as it was kept before."""
        return self._deals.get(deal_id)

    async def keep_touches(self, touches: Sequence[KeptTouch]) -> None:
        """Keep touches, each in its new revision.

        Raises NotLoaded where one that nobody had kept is there by now. Two revisions of it came by the partitions of
        two people, so the workers share no lock: each would derive its own person from a touch that is the other's.
        """
        rows = sorted((k.touch.id, k.owner, k.revision, k.touch.occurred_at, json.encode(k.touch)) for k in touches)
        new = [row for row in rows if row[0] not in self._touches]
        if len(await self._work.write_new(_ADD_TOUCH, new)) != len(new):
            raise NotLoaded(())  # Redone from the top, this batch sees the other revision and waits for its owner.
        await self._work.write(_REVISE_TOUCH, [row for row in rows if row[0] in self._touches])

    async def keep_outcomes(self, outcomes: Sequence[KeptOutcome]) -> None:
        """Keep outcomes; one that is there stays."""
        rows = [_outcome_row(kept.outcome, kept.promotion_id) for kept in outcomes]
        await self._work.write(_KEEP_OUTCOME, sorted(rows, key=lambda row: str(row[0])))

    async def keep_cards(self, cards: Sequence[KeptCard]) -> None:
        """Keep cards, the highest version of each, and every name that leads to one."""
        await self._work.write(_KEEP_CARD, sorted((card.person_id, card.version, card.body) for card in cards))
        names = {(account, card.person_id) for card in cards for account in card.accounts}
        await self._work.write(_KEEP_ACCOUNT, sorted(names))

    async def keep_deals(self, deals: Sequence[KeptDeal]) -> None:
        """Keep deals as they are now."""
        if not deals:
            return
        ordered = sorted(deals, key=lambda kept: kept.deal.id)
        rows = [(k.deal.id, k.version, k.revision, k.deal.status, k.deal.created_at, k.deal.closed_at) for k in ordered]
        await self._work.write(_KEEP_DEAL, rows)
        await self._work.execute(_OFF_DEALS, ids=[k.deal.id for k in ordered])
        await self._work.write(_KEEP_DEAL_PEOPLE, sorted({(p, k.deal.id) for k in ordered for p in k.people}))

    async def cards(self, person_ids: Collection[str]) -> Mapping[str, KeptCard]:
        """The cards of these people."""
        return await read_cards(self._work, person_ids)

    async def facts(self, members: Mapping[str, str]) -> Mapping[str, Facts]:
        """All facts by person."""
        return await read_facts(self._work, members)

    async def leads(self, person_ids: Collection[str]) -> Mapping[str, Lead]:
        """What was derived of these people before."""
        return {row.person_id: lead(row) for row in await self._work.rows(_LEADS, people=sorted(person_ids))}

    async def keep_leads(self, leads: Sequence[Lead]) -> None:
        """Keep what is derived of people now."""
        rows = [
            (
                one.person_id, one.version, one.told, one.alias, one.state.stage, one.state.stage_since,
                one.state.cycle.number, one.state.grade, json.encode(one.state), one.charter, one.owed,
            )
            for one in sorted(leads, key=lambda one: one.person_id)
        ]  # fmt: skip
        await self._work.write(_KEEP_LEAD, rows)

    async def causes(self, touch_ids: Collection[str]) -> Mapping[str, KeptTouch]:
        """These touches, as they were last published."""
        rows = await self._work.rows(_BY_ID, ids=sorted(touch_ids))
        return {row.id: _kept_touch(row) for row in rows}

    async def sent(self, promotions: Mapping[str, KeptTouch]) -> None:
        """Promotions are sent, each of the owner of its cause: promotion id -> cause."""
        rows = [(cause.touch.id, 0, 0, b"", promotion_id, cause.owner) for promotion_id, cause in promotions.items()]
        await self._work.write(_SENT, sorted(rows))

    async def erase(self, erasures: Sequence[PersonErased]) -> Removal:
        """Remove what is kept of people; answers how many rows went, and of whom else something is not sent any more.

        Raises NotLoaded where one of these is not locked: they are derived again.
        """
        removal = await erasing.erase(self._work, erasures)
        unlocked = {owner or touch_id for touch_id, owner in removal.unsent.items()} - self.locked
        if unlocked:
            raise NotLoaded(Key("person", one) for one in unlocked)
        return removal


async def read_cards(reader: Reader, person_ids: Collection[str]) -> dict[str, KeptCard]:
    """The cards of these people."""
    rows = await reader.rows(_CARDS, people=sorted(person_ids))
    return {row.person_id: KeptCard(row.person_id, row.version, card_of(row.body), row.body) for row in rows}


async def read_facts(reader: Reader, members: Mapping[str, str]) -> dict[str, Facts]:
    """All facts by root: `members` says who stands for whom."""
    found = {root: Facts() for root in set(members.values())}
    ids = sorted(members)
    promoted: dict[str, str] = {}
    for number, row in enumerate(await reader.rows(_BY_OWNER, owners=ids)):
        if number % _AT_ONCE == _AT_ONCE - 1:
            await asyncio.sleep(0)  # A long past is no reason to keep the process from everything else.
        root = members[row.owner]
        found[root].touches.append(_touch(row))
        if row.promotion_id is not None:
            promoted[row.promotion_id] = root
            if row.promoted_as != row.owner:
                found[root].moved.append(_kept_touch(row))
    for row in await reader.rows(_OUTCOMES, promotions=sorted(promoted)) if promoted else ():
        found[promoted[row.promotion_id]].outcomes.append(_outcome(row))
    for row in await reader.rows(_DEALS_OF, people=ids):
        deals = found[members[row.person_id]].deals
        if _deal(row) not in deals:
            deals.append(_deal(row))
    return found


def card_of(body: bytes) -> Card:
    """The domain's card of a published one."""
    card = json.decode(body, type=PersonIdentified)
    return Card(
        card.emails, card.phones, card.crm_contact_ids, card.known_since, card.known_by, card.traits, card.consent
    )


def lead(row: Row[Any]) -> Lead:
    """A lead of a row of the table."""
    state = json.decode(row.state, type=State)
    return Lead(row.person_id, row.version, row.told, state, row.charter, row.alias, row.owed)


def _kept_touch(row: Row[Any]) -> KeptTouch:
    return KeptTouch(_touch(row), row.owner, row.revision)


def _touch(row: Row[Any]) -> Touch:
    # Bodies of before may say that it was promoted, also where what was to be sent never was: they have no say in it.
    return replace(json.decode(row.body, type=Touch), promoted=row.promotion_id is not None)


def _outcome_row(one: Outcome, promotion_id: str) -> tuple[object, ...]:
    return one.id, promotion_id, one.at, one.act, one.outcome, one.handoff_id, one.version, one.owner, one.reason


def _outcome(row: Row[Any]) -> Outcome:
    said = (row.handoff_id, row.version, row.owner, row.reason)
    return Outcome(row.id, row.at, row.act, row.outcome, *said)


def _deal(row: Row[Any]) -> DealFact:
    return DealFact(row.id, row.status, row.created_at, row.closed_at)
