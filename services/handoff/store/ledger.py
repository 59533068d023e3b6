"""Hand-offs in SQL, for one batch: read under the locks of the people they belong to, and of the owners.

Locks are taken in one order: people, owners, endpoints, deliveries.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from msgspec import json
from sqlalchemy import Row, bindparam, func, select, update

from services.handoff.domain.delivery import Health
from services.handoff.domain.lead import IN_HAND, Ending
from services.handoff.domain.messages import Brief
from services.handoff.ports import Attempt, Finished, Handed, Kept, KeptDeal, Message, Refusal, SalesAct, Seat, Standing
from services.handoff.settings import Terms
from services.handoff.store import deliveries, endpoints, erasing, owners, withheld
from services.handoff.store.tables import DEAL_PEOPLE, DEALS, HANDOFFS, OWNERS, PROMOTIONS, SALES_ACTS, STANDINGS
from shared.contracts.leads import LeadQualified
from shared.contracts.touchpoints import PersonErased
from shared.db import refusals
from shared.db.dialect import Upsert, among_given
from shared.db.people import People, lock_people, members_of
from shared.db.work import Reader, Work
from shared.kernel.errors import NotLoaded
from shared.kernel.instant import Instant
from shared.kernel.keys import Key, of_kind
from shared.kernel.stand_ins import stands_in

_KEEP_HANDOFF = Upsert(
    HANDOFFS, conflict=("id",), update=("person_id", "owner_id", "status", "assigned_at", "accept_due", "body", "about")
)
_KEEP_PROMOTION = Upsert(PROMOTIONS, conflict=("id",), update=("handoff_id", "revision"))
_ADD_SALES_ACT = Upsert(SALES_ACTS, conflict=("id",))
_REVISE_SALES_ACT = Upsert(
    SALES_ACTS,
    conflict=("id",),
    update=("person_id", "revision", "occurred_at", "kind", "actor", "counts"),
    newer=("revision",),
)
_KEEP_DEAL = Upsert(
    DEALS, columns=("id", "version", "revision", "status", "owner", "at"), conflict=("id",),
    update=("version", "revision", "status", "owner", "at"),
)  # fmt: skip
_KEEP_DEAL_PEOPLE = Upsert(DEAL_PEOPLE)
_KEEP_STANDING = Upsert(
    STANDINGS,
    conflict=("person_id",),
    update=("version", "stage", "covers", "promotions", "cycles"),
    newer=("version",),
)
_HANDED = (
    select(PROMOTIONS, HANDOFFS.c.person_id)
    .join(HANDOFFS, HANDOFFS.c.id == PROMOTIONS.c.handoff_id)
    .where(among_given(PROMOTIONS.c.id, "ids"))
)
_ACTS = select(SALES_ACTS).where(among_given(SALES_ACTS.c.id, "ids"))
_ACTS_SINCE = select(SALES_ACTS).where(
    among_given(SALES_ACTS.c.person_id, "people"), SALES_ACTS.c.occurred_at >= bindparam("since")
)
_DEALS = (
    select(DEALS, DEAL_PEOPLE.c.person_id)
    .outerjoin(DEAL_PEOPLE, DEAL_PEOPLE.c.deal_id == DEALS.c.id)
    .where(among_given(DEALS.c.id, "ids"))
)
_OFF_DEALS = DEAL_PEOPLE.delete().where(among_given(DEAL_PEOPLE.c.deal_id, "ids"))
_CLOSED = (
    select(DEAL_PEOPLE.c.person_id, DEALS.c.id, DEALS.c.status, DEALS.c.at)
    .join(DEALS, DEALS.c.id == DEAL_PEOPLE.c.deal_id)
    .where(DEALS.c.status != "open", among_given(DEAL_PEOPLE.c.person_id, "people"))
)
_OWNED = (
    select(DEAL_PEOPLE.c.person_id, DEALS.c.owner)
    .join(DEALS, DEALS.c.id == DEAL_PEOPLE.c.deal_id)
    .where(DEALS.c.status == "open", DEALS.c.owner.is_not(None), among_given(DEAL_PEOPLE.c.person_id, "people"))
    .order_by(DEALS.c.at, DEALS.c.id)
)
_STANDINGS = select(STANDINGS).where(among_given(STANDINGS.c.person_id, "people"))
_IN_HAND = (
    select(HANDOFFS.c.owner_id, func.count().label("number"))
    .where(among_given(HANDOFFS.c.status, "statuses"))
    .group_by(HANDOFFS.c.owner_id)
)
_WHOSE = select(HANDOFFS.c.person_id).where(HANDOFFS.c.id == bindparam("handoff"))
_THEIRS = select(HANDOFFS.c.body).where(among_given(HANDOFFS.c.person_id, "people"))
_ASSIGNED = update(OWNERS).where(OWNERS.c.id == bindparam("owner")).values(assigned=bindparam("number"))


async def open_ledger(work: Work, keys: frozenset[Key], terms: Terms, now: Instant) -> tuple[People, "SqlLedger"]:
    """Lock everyone the keys lead to, and all owners where one is named, then read what the batch may touch."""
    ledger = SqlLedger(work, terms, now, of_kind(keys, "person"))
    led_to = await ledger.load_promotions(of_kind(keys, "promotion"))
    ids = sorted({*of_kind(keys, "person"), *led_to})
    people = await lock_people(work, ids)
    if of_kind(keys, "owner"):
        # Two people of whom one promotion is said share no other lock: whoever comes second sees what the first left.
        await owners.lock(work, terms)
        ledger.owners_locked = True
    if await ledger.load_promotions(of_kind(keys, "promotion")) - led_to:
        raise NotLoaded(())  # It was handed over while we waited for the locks: redo at once, from the top.
    await ledger.load({people.root(one) for one in ids}, of_kind(keys, "touchpoint"), of_kind(keys, "deal"))
    if unlocked := ledger.before() - set(ids):
        raise NotLoaded(Key("person", person_id) for person_id in unlocked)
    return people, ledger


class SqlLedger:
    """The ledger port over one transaction."""

    def __init__(self, work: Work, terms: Terms, now: Instant, locked: Collection[str]) -> None:
        self.owners_locked = False
        self._locked = locked
        self._work = work
        self._terms = terms
        self._now = now
        self._handoffs: dict[str, Kept] = {}
        self._promotions: dict[str, Handed] = {}
        self._withheld: Mapping[str, LeadQualified] = {}
        self._acts: dict[str, SalesAct] = {}
        self._deals: dict[str, KeptDeal] = {}
        self._seats: Mapping[str, Seat] | None = None

    async def load_promotions(self, ids: Sequence[str]) -> set[str]:
        """Read which of these were handed over, or are withheld; answers to whom they lead."""
        if not ids:
            return set()
        rows = await self._work.rows(_HANDED, ids=ids)
        self._promotions = {row.id: Handed(row.handoff_id, row.revision) for row in rows}
        self._withheld = await withheld.find(self._work, ids)
        return {row.person_id for row in rows} | {lead.person_id for lead in self._withheld.values()}

    async def load(self, roots: Collection[str], act_ids: Sequence[str], deal_ids: Sequence[str]) -> None:
        """Read the hand-offs of these people, these sales acts and these deals, whose people are all locked."""
        if roots:
            self._handoffs = {kept.handoff.id: kept for kept in await read_handoffs(self._work, roots)}
        if act_ids:
            rows = await self._work.rows(_ACTS, ids=act_ids)
            self._acts = {row.id: _sales_act(row) for row in rows}
        if deal_ids:
            await self._load_deals(deal_ids)

    async def _load_deals(self, deal_ids: Sequence[str]) -> None:
        people: defaultdict[str, list[str]] = defaultdict(list)
        rows = await self._work.rows(_DEALS, ids=deal_ids)
        for row in rows:
            people[row.id] += [] if row.person_id is None else [row.person_id]
        for row in rows:
            on_it = tuple(people[row.id])
            self._deals[row.id] = KeptDeal(row.id, row.version, row.revision, row.status, row.owner, row.at, on_it)

    def before(self) -> set[str]:
        """Whose the sales acts and the deals of the batch were before it, without those who were erased: while these
        are locked nobody else gives them to others."""
        on_deals = (person_id for deal in self._deals.values() for person_id in deal.people)
        return {one for one in (*on_deals, *(act.person_id for act in self._acts.values())) if not stands_in(one)}

    def handoffs(self) -> Mapping[str, Kept]:
        """Every hand-off of the people who are locked, by id."""
        return self._handoffs

    def handed(self, promotion_id: str) -> Handed | None:
        """How a promotion of the batch was handed over before."""
        return self._promotions.get(promotion_id)

    def held_back(self, promotion_id: str) -> LeadQualified | None:
        """A promotion of the batch as it was withheld before."""
        return self._withheld.get(promotion_id)

    async def withheld(self, person_ids: Collection[str]) -> Sequence[LeadQualified]:
        """What is withheld of these people."""
        return await withheld.of(self._work, person_ids)

    async def withhold(self, leads: Sequence[LeadQualified], no_longer: Collection[str]) -> None:
        """Withhold promotions, as they are now, and these no longer."""
        await withheld.keep(self._work, leads)
        await withheld.remove(self._work, no_longer)

    async def whose(self, handoff_id: str) -> str | None:
        """As whom somebody was handed over, whoever is locked."""
        person_id: str | None = await self._work.scalar(_WHOSE, handoff=handoff_id)
        return person_id

    def sales_act(self, act_id: str) -> SalesAct | None:
        """A sales act of the batch as it was kept before."""
        return self._acts.get(act_id)

    def deal(self, deal_id: str) -> KeptDeal | None:
        """A deal of the batch as it was kept before."""
        return self._deals.get(deal_id)

    async def seats(self) -> Mapping[str, Seat]:
        """All owners; they are locked where the batch assigns."""
        if self._seats is None:
            self._seats = await owners.seats(self._work, self._terms)
        return self._seats

    async def in_hand(self) -> Mapping[str, int]:
        """How many leads each owner has in hand."""
        rows = await self._work.rows(_IN_HAND, statuses=sorted(IN_HAND))
        return {row.owner_id: row.number for row in rows}

    async def sales_acts(self, person_ids: Collection[str], since: Instant) -> Sequence[SalesAct]:
        """What sales did with these people since then."""
        rows = await self._work.rows(_ACTS_SINCE, people=sorted(person_ids), since=since)
        return [_sales_act(row) for row in rows]

    async def keep_handoffs(self, handoffs: Sequence[Kept]) -> None:
        """Keep hand-offs as they are now."""
        rows = []
        for kept in sorted(handoffs, key=lambda kept: kept.handoff.id):
            one = kept.handoff
            head = (one.id, one.person_id, one.owner_id, one.status, one.assigned_at, kept.accept_due)
            rows.append((*head, json.encode(kept), kept.brief.person.id))
        await self._work.write(_KEEP_HANDOFF, rows)

    async def keep_promotions(self, promotions: Mapping[str, Handed]) -> None:
        """Promotions are handed over, by their ids."""
        await self._work.write(
            _KEEP_PROMOTION, sorted((one, how.handoff_id, how.revision) for one, how in promotions.items())
        )

    async def keep_sales_acts(self, acts: Sequence[SalesAct]) -> None:
        """Keep sales acts, each in its newest revision; raises NotLoaded where one came elsewhere meanwhile."""
        rows = sorted((a.id, a.person_id, a.revision, a.occurred_at, a.kind, a.actor, a.counts) for a in acts)
        new = [row for row in rows if row[0] not in self._acts]
        if len(await self._work.write_new(_ADD_SALES_ACT, new)) != len(new):
            raise NotLoaded(())  # It is on record now, of whoever had it there: redo at once, from the top.
        await self._work.write(_REVISE_SALES_ACT, [row for row in rows if row[0] in self._acts])

    async def keep_deals(self, deals: Sequence[KeptDeal]) -> None:
        """Keep deals as they are now."""
        if not deals:
            return
        ordered = sorted(deals, key=lambda deal: deal.id)
        await self._work.write(_KEEP_DEAL, [(d.id, d.version, d.revision, d.status, d.owner, d.at) for d in ordered])
        await self._work.execute(_OFF_DEALS, ids=[deal.id for deal in ordered])
        await self._work.write(_KEEP_DEAL_PEOPLE, sorted((p, deal.id) for deal in ordered for p in deal.people))

    async def endings(self, person_ids: Collection[str]) -> Sequence[Ending]:
        """The closed deals of these people."""
        rows = await self._work.rows(_CLOSED, people=sorted(person_ids))
        return [Ending(row.person_id, row.id, row.status, row.at) for row in rows]

    async def deal_owners(self, person_ids: Collection[str]) -> Mapping[str, str]:
        """Who has an open deal with these people: person id -> owner as sent, of the latest deal."""
        rows = await self._work.rows(_OWNED, people=sorted(person_ids))
        return {row.person_id: row.owner for row in rows}

    async def keep_refusals(self, given: Sequence[Refusal]) -> None:
        """Keep what cards say, the highest version of each."""
        answers = [refusals.Answer(one.person_id, one.version, one.refused) for one in given]
        await refusals.keep(self._work, answers)

    async def refusing(self, person_ids: Collection[str]) -> Mapping[str, int]:
        """Those of these people who refuse, with the version of the card that says so."""
        return await refusals.refusing(self._work, person_ids)

    async def keep_standings(self, said: Sequence[Standing]) -> None:
        """Keep what scoring says of people, the highest version of each."""
        rows = sorted(
            (s.person_id, s.version, s.stage, s.covers, json.encode(s.promotions), json.encode(s.cycles)) for s in said
        )
        await self._work.write(_KEEP_STANDING, rows)

    async def standings(self, person_ids: Collection[str]) -> Sequence[Standing]:
        """What scoring said last of these people."""
        rows = await self._work.rows(_STANDINGS, people=sorted(person_ids))
        return [_standing(row) for row in rows]

    async def keep_rota(self, assigned: Mapping[str, int]) -> None:
        """Keep how many leads the rota gave each owner."""
        for owner_id, number in sorted(assigned.items()):
            await self._work.execute(_ASSIGNED, owner=owner_id, number=number)

    async def keep_messages(self, messages: Sequence[Message]) -> None:
        """Leave messages to be delivered; one that was left before stays as it is."""
        to = await endpoints.listening(self._work) if messages else []
        for endpoint in to:
            wanted = [message for message in messages if endpoint.wants(message.type)]
            await deliveries.add(self._work, wanted, [endpoint], self._now)

    async def retell(self, briefs: Mapping[str, Brief]) -> None:
        """Have messages say no more than the brief of their hand-off."""
        await deliveries.retell(self._work, briefs)

    async def health(self, endpoint_id: str, *, locking: bool) -> Health:
        """How an endpoint has been answering; locked where asked, or where it has not been well."""
        return await endpoints.health(self._work, endpoint_id, locking=locking)

    async def keep_health(self, endpoint_id: str, health: Health, disabled: str | None) -> None:
        """Keep how an endpoint answers; `disabled` is the reason where it is switched off."""
        await endpoints.keep_health(self._work, endpoint_id, health, disabled)

    async def finish(self, attempt: Attempt, finished: Finished) -> bool:
        """Keep what an attempt came to; False where it was claimed anew, or settled, since."""
        return await deliveries.finish(self._work, attempt, finished)

    async def erase(self, erasures: Sequence[PersonErased]) -> Mapping[str, dict[str, int]]:
        """Remove what is kept of people beside hand-offs; answers how many rows went, by erasure and store. Raises
        NotLoaded where a hand-off of somebody else tells of them."""
        return await erasing.erase(self._work, erasures, self._handoffs.keys(), self._locked)


def _sales_act(row: Row[Any]) -> SalesAct:
    return SalesAct(row.id, row.person_id, row.revision, row.occurred_at, row.kind, row.actor, row.counts)


def _standing(row: Row[Any]) -> Standing:
    promotions = json.decode(row.promotions, type=dict[str, bool])
    cycles = {} if row.cycles is None else json.decode(row.cycles, type=dict[str, int])
    return Standing(row.person_id, row.version, row.stage, row.covers, promotions, cycles)


async def read_handoffs(reader: Reader, roots: Collection[str]) -> list[Kept]:
    """Every hand-off of these people."""
    members = await members_of(reader, roots)
    rows = await reader.rows(_THEIRS, people=sorted(members))
    return [json.decode(row.body, type=Kept) for row in rows]
