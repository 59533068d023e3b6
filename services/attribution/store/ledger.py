"""The facts of attribution in SQL, for one batch: read under the locks of the people they belong to.

Every statement is for the whole batch. Deals are locked after all their people, so whoever holds a person knows
that no deal with them on it changes meanwhile.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from msgspec import json, structs
from sqlalchemy import ColumnElement, Row, delete, select, union, union_all

from services.attribution.domain.deal import ContactScope, account_counts, close_of
from services.attribution.domain.touch import Touch, Why
from services.attribution.ports import Derived, KeptCard, KeptTouch, Moved, Published, Refusal, Surroundings
from services.attribution.ports.leads import Changed
from services.attribution.ports.people import Leaver
from services.attribution.store import erasing, leads, lifecycle
from services.attribution.store.account_people import (
    beside,
    colleagues_of,
    concerned,
    counting,
    keep_cards,
    people_of,
)
from services.attribution.store.pipeline import keep_open
from services.attribution.store.spend import keep_spend
from services.attribution.store.tables import (
    ACCOUNTS,
    DEAL_HISTORY,
    DEAL_LEAVERS,
    DEAL_PEOPLE,
    DEALS,
    JOURNEYS,
    TOUCHES,
)
from shared.contracts.deals import Deal
from shared.contracts.handoffs import HandoffActed
from shared.contracts.leads import LeadQualified, LeadStageChanged
from shared.contracts.spend import CollectedSpend
from shared.contracts.touchpoints import PersonErased
from shared.db import refusals
from shared.db.dialect import Upsert
from shared.db.people import People, lock_people, members_of, roots_of
from shared.db.work import Work
from shared.kernel.errors import NotLoaded
from shared.kernel.keys import Key, of_kind

_ADD_TOUCH = Upsert(TOUCHES, conflict=("id",))
_REVISE_TOUCH = Upsert(TOUCHES, conflict=("id",), update=("owner", "revision", "occurred_at", "body"))
_ENSURE_ACCOUNT = Upsert(ACCOUNTS, conflict=("id",))
_KEEP_DEAL = Upsert(
    DEALS,
    conflict=("id",),
    update=(
        "version",
        "revision",
        "status",
        "amount_minor",
        "currency",
        "closed_at",
        "account_id",
        "account_name",
        "people_of",
        "body",
    ),
    newer=("version", "revision"),
)
_KEEP_DEAL_PEOPLE = Upsert(DEAL_PEOPLE, conflict=("person_id", "deal_id"))
_KEEP_LEAVER = Upsert(DEAL_LEAVERS, conflict=("deal_id", "person_id", "role"), update=("version",))
_KEEP_VERSION = Upsert(DEAL_HISTORY, conflict=("deal_id", "version"), update=("revision", "body"), newer=("revision",))
_KEEP_JOURNEY = Upsert(JOURNEYS, conflict=("deal_id",), update=("charter", "body"))


async def open_ledger(work: Work, keys: frozenset[Key]) -> tuple[People, "SqlLedger"]:
    """Lock everyone the keys lead to, then their accounts, then read what the batch may touch."""
    ledger = SqlLedger(work)
    await ledger.load(keys)
    deals = of_kind(keys, "deal")
    owners = ledger.people() | set(of_kind(keys, "person"))
    accounts = ledger.accounts() | set(of_kind(keys, "account"))
    ledger.locked = frozenset(owners | await ledger.beside(owners, accounts, deals))
    people = await lock_people(work, sorted(ledger.locked))
    # To join an account that no deal looks at is not to wait for others who join it.
    await ledger.lock_accounts(accounts, alone=bool(deals))
    if work.locks:
        await ledger.load(keys)
    if not (ledger.people() <= ledger.locked and ledger.accounts() <= accounts):
        raise NotLoaded(())  # An owner changed while we waited for the locks: redo at once, from the top.
    return people, ledger


class SqlLedger:
    """The ledger port over one transaction."""

    def __init__(self, work: Work) -> None:
        self.locked: frozenset[str] = frozenset()
        """The people whose locks are held, by the ids that deals name them by."""
        self._work = work
        self._alone: frozenset[str] = frozenset()
        self._counting: frozenset[str] = frozenset()
        self._touches: dict[str, Published] = {}
        self._deals: dict[str, Deal] = {}

    async def load(self, keys: frozenset[Key]) -> None:
        """Read the touches and deals that the keys name."""
        work = self._work
        touch_ids, deal_ids = of_kind(keys, "touchpoint"), of_kind(keys, "deal")
        if touch_ids:
            published = select(TOUCHES.c.id, TOUCHES.c.owner, TOUCHES.c.revision)
            rows = await work.rows(published.where(work.among(TOUCHES.c.id, touch_ids)))
            self._touches = {row.id: Published(row.owner, row.revision) for row in rows}
        if deal_ids:
            rows = await work.rows(select(DEALS.c.body).where(work.among(DEALS.c.id, deal_ids)))
            self._deals = {deal.id: deal for deal in map(deal_of, rows)}

    def people(self) -> set[str]:
        """The people to whom what was read belongs so far. A touch that is nobody's leads to itself: whoever is about
        to give it to somebody has a lock to wait for, in one order with those of people."""
        guards = {published.owner or touch_id for touch_id, published in self._touches.items()}
        return guards | _people(self._deals.values())

    def accounts(self) -> set[str]:
        """The accounts of the deals that were read."""
        return {deal.account.id for deal in self._deals.values() if deal.account is not None}

    async def beside(self, people: Collection[str], accounts: Collection[str], deals: Collection[str]) -> set[str]:
        """Everyone on a deal with these people, or who counts for one of these accounts: to be locked as well.

        Raises NotLoaded where people of an account count for a deal that is not among these: it will be written.
        """
        work = self._work
        rows = await work.rows(union_all(*beside(work, people, accounts)))
        unseen = {row.deal_id for row in rows if row.deal_id is not None} - set(deals)
        if unseen:
            raise NotLoaded(Key("deal", deal_id) for deal_id in unseen)
        found = {row.person_id for row in rows if row.person_id is not None}
        if deals and accounts:
            found.update(row.person_id for row in await work.rows(union(*concerned(work, accounts))))
        return found

    async def lock_accounts(self, accounts: Collection[str], *, alone: bool) -> None:
        """Make sure that accounts are there, and lock them, in id order; shared, where nobody needs them `alone`."""
        if accounts:
            work, ids = self._work, sorted(accounts)
            await work.write(_ENSURE_ACCOUNT, [(account_id,) for account_id in ids])
            locking = select(ACCOUNTS.c.id).where(work.among(ACCOUNTS.c.id, ids))
            await work.lock(locking.order_by(ACCOUNTS.c.id), shared=not alone)
            self._alone = frozenset(accounts) if alone else frozenset()

    def touch(self, touch_id: str) -> Published | None:
        """What was kept before of a touch of the batch."""
        return self._touches.get(touch_id)

    def deal(self, deal_id: str) -> Deal | None:
        """A deal of the batch as it was kept before."""
        return self._deals.get(deal_id)

    async def keep_touches(self, touches: Mapping[str, KeptTouch]) -> None:
        """Keep touches by the id they were published under, each in its new revision.

        Raises NotLoaded where one that nobody had kept is there by now. Two revisions of it came by the partitions of
        two people, so the workers share no lock: each would give it to the deals of its own person.
        """
        rows = [
            (one, kept.published.owner, kept.published.revision, kept.touch.occurred_at, json.encode(kept.touch))
            for one, kept in sorted(touches.items(), key=lambda item: item[0])
        ]
        new = [row for row in rows if row[0] not in self._touches]
        if len(await self._work.write_new(_ADD_TOUCH, new)) != len(new):
            raise NotLoaded(())  # Redone from the top, this batch sees the other revision and waits for its owner.
        await self._work.write(_REVISE_TOUCH, [row for row in rows if row[0] in self._touches])

    async def keep_refusals(self, given: Sequence[Refusal]) -> Collection[str]:
        """Keep what cards say; answers the people of whom another answer holds now."""
        answers = [refusals.Answer(one.person_id, one.version, one.refused) for one in given]
        return await refusals.keep(self._work, answers)

    async def keep_deals(self, deals: Collection[Deal], scope: ContactScope) -> None:
        """Keep deals as they are now."""
        if not deals:
            return
        work, ordered = self._work, sorted(deals, key=lambda deal: deal.id)
        await work.write(_KEEP_DEAL, [_deal_row(deal, scope) for deal in ordered])
        await work.execute(delete(DEAL_PEOPLE).where(work.among(DEAL_PEOPLE.c.deal_id, [deal.id for deal in ordered])))
        on_deal = sorted({(person.person_id, deal.id) for deal in ordered for person in deal.people})
        await work.write(_KEEP_DEAL_PEOPLE, on_deal)

    async def keep_cards(self, cards: Collection[KeptCard]) -> Moved:
        """Keep to which accounts people belong, by the highest version of each card."""
        return await keep_cards(self._work, cards) if cards else Moved()

    async def keep_versions(self, versions: Collection[Deal]) -> None:
        """Keep versions of deals for their history, whether they hold or not; who was on them is no part of it."""
        rows = [
            (deal.id, deal.version, deal.revision, json.encode(structs.replace(deal, people=()))) for deal in versions
        ]
        await self._work.write(_KEEP_VERSION, sorted(rows))

    async def leavers(self, deals: Collection[str]) -> Mapping[str, Sequence[Leaver]]:
        """Of these deals, who left them although nobody posted them anew.

        Raises NotLoaded where an erasure at this moment had somebody be on one of them.
        """
        found: defaultdict[str, list[Leaver]] = defaultdict(list)
        if not deals:
            return found
        work, ids = self._work, sorted(deals)
        if work.locks:
            # Nobody's lock holds a deal on which nobody is left.
            rows = await work.locked(select(DEALS.c.body).where(work.among(DEALS.c.id, ids)).order_by(DEALS.c.id))
            if any(self._deals.get(deal.id) != deal for deal in map(deal_of, rows)):
                raise NotLoaded(())
        for row in await work.rows(select(DEAL_LEAVERS).where(work.among(DEAL_LEAVERS.c.deal_id, ids))):
            found[row.deal_id].append(Leaver._make(row))
        return found

    async def keep_leavers(self, leavers: Collection[Leaver], deals: Collection[str]) -> None:
        """Keep who left a deal although nobody posted it anew; of these deals in place of whoever had left before."""
        if deals:
            work = self._work
            await work.execute(delete(DEAL_LEAVERS).where(work.among(DEAL_LEAVERS.c.deal_id, sorted(deals))))
        await self._work.write(_KEEP_LEAVER, sorted(leavers))

    async def erase(
        self, erasures: Sequence[PersonErased], forget: Callable[[Touch], Touch]
    ) -> Mapping[str, Mapping[str, int]]:
        """Have all that is kept of people be of what stands in for them; answers how many rows of each store."""
        return await erasing.erase(self._work, erasures, forget)

    async def keep_stages(self, stages: Collection[LeadStageChanged]) -> Collection[str]:
        """Keep histories; answers whose moment of becoming a lead is another than before."""
        return await lifecycle.keep_stages(self._work, stages)

    async def keep_promotions(self, promotions: Collection[LeadQualified]) -> Collection[str]:
        """Keep promotions, the highest revision of each; answers whose they were before."""
        return await lifecycle.keep_promotions(self._work, promotions)

    async def keep_acts(self, acts: Collection[HandoffActed]) -> None:
        """Keep acts of sales; one that is there stays."""
        await lifecycle.keep_acts(self._work, acts)

    async def keep_spend(self, spend: Collection[CollectedSpend]) -> None:
        """Keep what was spent, each in its highest version."""
        await keep_spend(self._work, spend)

    async def mark_leads(self, changed: Changed) -> None:
        """Remember of which leads something changed."""
        await leads.mark(self._work, changed)

    async def dirty(self, people: Collection[str], deals: Collection[str], accounts: Collection[str]) -> Sequence[Deal]:
        """These deals, those for which any of these people may count, and those of these accounts: locked.

        Raises NotLoaded where one of their people is not locked: a touch of theirs might come at this moment.
        """
        ids = {*deals, *await self._deals_for(people), *await self._deals_of(accounts)}
        if not ids:
            return []
        locking = select(DEALS.c.body, DEALS.c.people_of).where(self._work.among(DEALS.c.id, sorted(ids)))
        rows = await self._work.locked(locking.order_by(DEALS.c.id))
        found = [deal_of(row) for row in rows]
        self._counting = frozenset(row.people_of for row in rows if row.people_of is not None)
        shared = self._counting - self._alone
        if shared:
            of_shared = (deal for deal in found if deal.account is not None and deal.account.id in shared)
            raise NotLoaded(Key("deal", deal.id) for deal in of_shared)
        unlocked = (_people(found) | await people_of(self._work, self._counting)) - self.locked
        if unlocked:
            raise NotLoaded(Key("person", person_id) for person_id in unlocked)
        return found

    async def surroundings(self, deals: Sequence[Deal]) -> Surroundings:
        """All that the credit of deals depends on."""
        colleagues = await colleagues_of(self._work, self._counting)
        own = await roots_of(self._work, _people(deals).union(*colleagues.values()))
        members = await members_of(self._work, set(own.values()))
        accounts = {deal.account.id for deal in deals if deal.account is not None}
        others = await self._won({*await self._deals_with(members), *await self._deals_of(accounts)})
        roots = await roots_of(self._work, _people([*deals, *others]))
        became = await lifecycle.leads_of(self._work, members)
        return Surroundings(roots, await self._touches_of(members), others, colleagues, became)

    async def keep_journeys(self, derived: Sequence[Derived]) -> None:
        """Keep the journeys that deals have now, in place of those they had, and what is open of them."""
        journeys = [(one.journey.deal_id, one.journey.charter, json.encode(one.journey)) for one in derived]
        await self._work.write(_KEEP_JOURNEY, sorted(journeys))
        await keep_open(self._work, sorted(derived, key=lambda one: one.journey.deal_id))

    async def _deals_for(self, people: Collection[str]) -> set[str]:
        if not people:
            return set()
        named = select(DEAL_PEOPLE.c.deal_id).where(self._work.among(DEAL_PEOPLE.c.person_id, sorted(people)))
        rows = await self._work.rows(union(named, counting(self._work, people)))
        return {row.deal_id for row in rows}

    async def _deals_with(self, people: Collection[str]) -> set[str]:
        return await self._deal_ids(DEAL_PEOPLE.c.deal_id, DEAL_PEOPLE.c.person_id, people)

    async def _deals_of(self, accounts: Collection[str]) -> set[str]:
        return await self._deal_ids(DEALS.c.id, DEALS.c.account_id, accounts)

    async def _deal_ids(
        self, wanted: ColumnElement[str], given: ColumnElement[str | None], values: Collection[str]
    ) -> set[str]:
        if not values:
            return set()
        rows = await self._work.rows(select(wanted).where(self._work.among(given, sorted(values))))
        return {row[0] for row in rows}

    async def _won(self, ids: Collection[str]) -> list[Deal]:
        won = select(DEALS.c.body).where(self._work.among(DEALS.c.id, sorted(ids)), DEALS.c.status == "won")
        return [deal_of(row) for row in await self._work.rows(won)]

    async def _touches_of(self, members: Mapping[str, str]) -> Mapping[str, Sequence[Touch]]:
        found: defaultdict[str, list[Touch]] = defaultdict(list)
        refused = await refusals.refusing(self._work, set(members.values()))
        owned = select(TOUCHES.c.owner, TOUCHES.c.body).where(self._work.among(TOUCHES.c.owner, sorted(members)))
        for row in await self._work.rows(owned):
            root = members[row.owner]
            touch = replace(json.decode(row.body, type=Touch), person_id=root)
            found[root].append(replace(touch, barred=touch.barred or Why.CONSENT) if root in refused else touch)
        return found


def deal_of(row: Row[Any]) -> Deal:
    """A deal of a row that holds its body."""
    return json.decode(row.body, type=Deal)


def _people(deals: Iterable[Deal]) -> set[str]:
    return {person.person_id for deal in deals for person in deal.people}


def _deal_row(deal: Deal, scope: ContactScope) -> tuple[object, ...]:
    closed_at = close_of(deal.status, deal.closed_at, deal.occurred_at)
    account_id, name = (None, None) if deal.account is None else (deal.account.id, deal.account.name)
    counts = account_counts((person.role for person in deal.people), scope)
    return (
        deal.id, deal.version, deal.revision, deal.status, deal.amount_minor, deal.currency, closed_at, account_id,
        name, account_id if counts else None, json.encode(deal),
    )  # fmt: skip
