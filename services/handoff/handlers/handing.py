"""One batch of hand-off: what came is gathered, then each person who was touched is settled once.

In one order, whatever came first: aliases, merges of open hand-offs, deals, leads, contacts, cards, stages. A
person has one open hand-off; who is locked is nobody else's for the time, and so are the owners where one is chosen.
What deals and contacts make of a hand-off is derived from all that is stored of the person (folding.py).
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from services.handoff.domain.lead import (
    Act,
    Breached,
    Delivered,
    Handoff,
    Qualified,
    Rejected,
    Released,
    Reopened,
    Updated,
)
from services.handoff.handlers import deriving, erasing, publishing, refusing, waiting
from services.handoff.handlers.assigning import Rota
from services.handoff.handlers.carding import note_cards
from services.handoff.handlers.folding import follow_deals, note, note_contacts, one_at_a_time
from services.handoff.handlers.held import Held
from services.handoff.handlers.moving import move
from services.handoff.handlers.publishing import Merge, Where
from services.handoff.handlers.settling import settle
from services.handoff.handlers.taking_back import take_back
from services.handoff.ports import Answered, Handed, KeptDeal, Ledger, Message, People, Refusal, SalesAct, Standing
from services.handoff.settings import Terms
from shared.contracts.envelope import Emit
from shared.contracts.erasing import receipt, stand_ins
from shared.contracts.leads import LeadQualified
from shared.contracts.touchpoints import PersonErased, PersonIdentified
from shared.kernel.errors import NotFound, NotLoaded
from shared.kernel.instant import DAY, Instant
from shared.kernel.keys import Key
from shared.kernel.stand_ins import stands_in

_NEVER = Handed("", 0)
PURPOSE = "sales_handoff"
"""What a person has to allow, or at least not to refuse, to be handed to sales."""


class Handing:
    """The session of hand-off. Handlers fill it; `close` settles, writes and says what is to be published."""

    def __init__(self, people: People, ledger: Ledger, terms: Terms, where: Where, now: Instant) -> None:
        self.people = people
        self.ledger = ledger
        self.terms = terms
        self._where = where
        self._now = now
        self._held = Held(ledger.handoffs(), now)
        self._leads: dict[str, LeadQualified] = {}
        self._kept_back: dict[str, LeadQualified] = {}
        """What was withheld, as it was; of what is, it is written how it is now."""
        self._withheld: dict[str, LeadQualified] = {}
        self._dropped: set[str] = set()
        """Promotions that turn out to be of somebody erased."""
        self._rota: Rota | None = None
        self._handed: dict[str, Handed] = {}
        self._moved: set[str] = set()
        """Hand-offs that became somebody else's, or go on after a refusal that was: CRMs are told."""
        self._sales_acts: dict[str, SalesAct] = {}
        self._called: set[str] = set()
        """Whose contacts changed; the hand-offs of these, and of those below, are held against all stored facts."""
        self._dealt: set[str] = set()
        self._regrouped: set[str] = set()
        self._deals: dict[str, KeptDeal] = {}
        self._standings: dict[str, Standing] = {}
        self._cards: list[PersonIdentified] = []
        self._merges: list[Merge] = []
        self._parted: dict[str, str] = {}
        self._erasures: list[PersonErased] = []
        self._answers: list[Answered] = []
        self._messages: list[Message] = []
        self.delivered_after: list[int] = []
        """Of each lead that a CRM has taken for the first time: milliseconds since it was promoted."""

    def qualified(self, lead: LeadQualified) -> None:
        """Somebody is to be handed over: once a promotion, whose it is by its highest revision."""
        before, kept_back = self.ledger.handed(lead.promotion_id), self.ledger.held_back(lead.promotion_id)
        said = self._leads.get(lead.promotion_id) or kept_back
        if lead.revision <= max(one.revision for one in (before, said, _NEVER) if one is not None):
            return
        self.people.touch(lead.person_id)
        self.people.touch(lead.card.person_id)
        self._leads[lead.promotion_id] = lead
        if kept_back is not None:
            self._kept_back[lead.promotion_id] = kept_back
        if before is not None:
            whose = self._held.kept[before.handoff_id].handoff.person_id
            self._look_again(self._regrouped, [lead.person_id, lead.card.person_id, whose])

    def sales_did(self, what: SalesAct) -> None:
        """Sales did something with a person, or with somebody else than was thought: the highest revision holds."""
        before = self._sales_acts.get(what.id) or self.ledger.sales_act(what.id)
        if before is not None and what.revision <= before.revision:
            return
        self._sales_acts[what.id] = what
        told = [what] if before is None else [what, before]
        self._look_again(self._called, [one.person_id for one in told if deriving.is_contact(one)])

    def deal(self, deal: KeptDeal) -> None:
        """A deal was opened, changed or closed: the highest (version, revision) holds."""
        before = self._deals.get(deal.id) or self.ledger.deal(deal.id)
        if before is None or (deal.version, deal.revision) > (before.version, before.revision):
            self._deals[deal.id] = deal
            self._look_again(self._dealt, (*deal.people, *(before.people if before else ())))

    def _look_again(self, changed: set[str], person_ids: Collection[str]) -> None:
        changed.update(person_ids)
        for person_id in person_ids:
            self.people.touch(person_id)

    def standing(self, said: Standing) -> None:
        """A person's stages changed: the highest version says which promotions stand."""
        self.people.touch(said.person_id)
        before = self._standings.get(said.person_id)
        if before is None or before.version < said.version:
            self._standings[said.person_id] = said

    def card(self, card: PersonIdentified) -> None:
        """A card changed: later messages carry the new one."""
        self.people.touch(card.person_id)
        self._cards.append(card)

    def merged(self, merge: Merge) -> None:
        """Somebody became an alias of somebody else."""
        self.people.alias(merge.from_id, merge.into_id, merge.version)
        self._regrouped |= {merge.from_id, merge.into_id, self.people.root(merge.from_id)}
        self._merges.append(merge)

    def split(self, person_id: str, version: int) -> None:
        """Somebody is nobody's alias any more; hand-offs go with the person they were made for."""
        self._parted[person_id] = self.people.root(person_id)
        self._regrouped |= {person_id, self._parted[person_id]}
        self.people.alias(person_id, None, version)

    def erase(self, erasure: PersonErased) -> None:
        """Somebody was erased: what is known of them goes, and what comes later is not kept."""
        self.people.erase(stand_ins(erasure), erasure.person_id)
        self._erasures.append(erasure)

    def answered(self, answered: Answered) -> None:
        """A receiver answered an attempt, or did not."""
        self._answers.append(answered)

    async def locate(self, handoff_id: str) -> None:
        """Make sure that a hand-off is of somebody who is locked; raises NotLoaded where it became somebody else's
        after it was looked up."""
        if handoff_id not in self._held.kept and (whose := await self.ledger.whose(handoff_id)):
            raise NotLoaded([Key("person", whose)])

    def do(self, handoff_id: str, what: Act) -> Handoff:
        """The hand-off after an act; raises NotFound where there is none, Conflict where it may not be done."""
        kept = self._held.kept.get(handoff_id)
        if kept is None:
            raise NotFound
        if isinstance(what, Qualified | Rejected | Released):  # From now on other facts count for it than before.
            self._look_again(self._called, [kept.handoff.person_id])
            self._look_again(self._dealt, [kept.handoff.person_id])
        return self._held.act(kept, what).handoff

    def due(self, handoff_id: str) -> bool:
        """Say that `accept_by` has passed, where it has and nobody said so; answers whether."""
        kept = self._held.kept.get(handoff_id)
        if kept is None or kept.accept_due is None or kept.accept_due > self._now:
            return False
        self._held.tell(publishing.Breached(), self._held.act(replace(kept, breached=True), Breached()))
        return True

    async def close(self) -> Sequence[Emit]:
        """Settle everyone who was touched; answers what is to be published."""
        for answered in sorted(self._answers, key=_locking_order):
            await self._record(answered)
        await self._forget()
        members = await self.people.settle()
        await self.ledger.keep_deals(list(self._deals.values()))
        await self.ledger.keep_sales_acts(list(self._sales_acts.values()))
        await self.ledger.keep_standings(list(self._standings.values()))
        cards = await self._keep_refusals()
        self._move(members)
        self._held.group(members)
        self._moved |= refusing.go_on(self._held, self._roots((), members), members)
        parted = self._settle_splits(members)
        dealt = self._roots(self._dealt, members)
        moved = await follow_deals(self._held, self.ledger, dealt, members)
        moved |= self._settle_merges(dealt, members)
        moved |= {members[self._held.kept[one].handoff.person_id] for one in self._moved}
        self._called |= moved
        judged = self._roots(cards, members)
        await refusing.heed(self._held, self.ledger, {*judged, *moved}, members)
        await self._judge_again(judged, members)
        # Deals may have ended even a new one, where they are dated ahead: then it is the turn of what waits.
        while fresh := await self._hand_over(members):
            self._called |= await follow_deals(self._held, self.ledger, fresh, members)
        await note_contacts(self._held, self.ledger, self._roots(self._called, members), members, parted)
        note_cards(self._held, self._cards, members)
        for kept in (self._held.kept[one] for one in parted):
            if kept.handoff.is_open:
                self._held.tell(publishing.Updated(publishing.SPLIT), kept)
        reasons = await take_back(self._held, self.ledger, self._roots(self._judged(), members), members)
        for handoff_id in sorted((self._moved - {*parted}) | reasons.keys()):
            if self._held.kept[handoff_id].handoff.is_open:
                self._held.tell(publishing.Updated(reasons.get(handoff_id)), self._held.kept[handoff_id])
        await self._write()
        return self._held.said()

    async def _forget(self) -> None:
        """Carry out erasures, and leave out of the batch what is of somebody erased."""
        gone = self.people.gone()
        if not gone:
            return
        removed = await self.ledger.erase(self._erasures) if self._erasures else {}
        told, freed = erasing.part(self._held, gone, self._now)
        self._messages += told
        for erasure in self._erasures:
            if (stores := removed.get(erasure.erasure_id)) is not None:
                stores["handoffs"] = erasing.handoffs_of(self._held, erasure)
        self._held.publish(receipt(publishing.SOURCE, one, removed[one], self._now) for one in sorted(removed))
        left = erasing.leads_left(self._leads, gone)
        self._dropped = self._leads.keys() - left.keys()
        self._leads = freed | left
        if self._erasures:
            self._regrouped |= gone.keys()
        self._cards = [card for card in self._cards if card.person_id not in gone]
        self._standings = {one: said for one, said in self._standings.items() if one not in gone}
        self._merges = [one for one in self._merges if one.from_id not in gone and one.into_id not in gone]
        self._sales_acts = erasing.acts_left(self._sales_acts, gone)
        self._deals = erasing.deals_left(self._deals, gone)

    async def _record(self, answered: Answered) -> None:
        """The first success of a lead's own message is what delivers it."""
        arrived = await settle(self.ledger, answered, self.terms.schedule, self._now)
        handoff_id = answered.attempt.handoff_id
        kept = self._held.kept.get(handoff_id or "")
        if arrived and handoff_id:
            await self.locate(handoff_id)
        if arrived and answered.attempt.type == publishing.QUALIFIED and kept and kept.handoff.delivered_at is None:
            self._held.act(kept, Delivered())
            self.delivered_after.append(self._now - kept.brief.as_of)

    def _move(self, members: Mapping[str, str]) -> None:
        """Promotions that were handed over before and turn out to be somebody else's go there."""
        before = {one: handed for one in self._leads if (handed := self.ledger.handed(one)) is not None}
        for promotion_id, handed in before.items():
            lead = self._leads[promotion_id]
            moved = move(self._held, self._held.kept[handed.handoff_id], lead, members)
            if moved is not None:
                del self._leads[promotion_id]
                self._cards.append(lead.card)
                self._handed[promotion_id] = Handed(handed.handoff_id, lead.revision)
                self._moved |= moved

    def _judged(self) -> set[str]:
        """Of whom scoring said something, or whose hand-offs became others: these may be told otherwise than it is."""
        return {kept.handoff.person_id for kept in self._held.changed()} | self._standings.keys()

    def _settle_merges(self, roots: Collection[str], members: Mapping[str, str]) -> set[str]:
        """Of two open hand-offs of one person the older stays, and CRMs are told who became whom. Answers whose ended
        or went on."""
        moved: set[str] = set()
        for root in (one for one in roots if self._held.of(one) and not stands_in(one)):
            changed = one_at_a_time(self._held, root)
            moved |= {root for _ in changed}
            closed = {kept.handoff.person_id: kept for kept in changed if not kept.handoff.is_open}
            held = self._held.open(root)
            for kept in (one for one in changed if one.handoff.is_open):
                self._held.tell(publishing.Updated(), kept)
            for merge in self._effective(root, members):
                gone = closed.pop(merge.from_id, None) or closed.pop(merge.into_id, None)
                stays, went = (held[0].handoff.id if held else None), (gone.handoff.id if gone else None)
                self._messages.append(publishing.person_merged(merge, stays, went))
            for kept in closed.values():
                self._held.tell(publishing.Updated(), kept)
        return moved

    def _effective(self, root: str, members: Mapping[str, str]) -> list[Merge]:
        """The merges of this batch that led to a person, and that no later split has taken back."""
        return [m for m in self._merges if members.get(m.from_id) == members.get(m.into_id) == root]

    def _roots(self, changed: Collection[str], members: Mapping[str, str]) -> list[str]:
        """Who these are, and whoever is somebody else since this batch."""
        return sorted({members[one] for one in (*changed, *self._regrouped) if one in members})

    async def _keep_refusals(self) -> list[str]:
        """What all cards say of the purpose, those that came with leads as well: of each person the newest holds.
        Answers whose they are."""
        cards = [*self._cards, *(lead.card for lead in self._leads.values())]
        said = [Refusal(card.person_id, card.version, not card.allows(PURPOSE)) for card in cards]
        await self.ledger.keep_refusals(said)
        return [card.person_id for card in cards]

    async def _judge_again(self, roots: Collection[str], members: Mapping[str, str]) -> None:
        """What is withheld of these people comes back into the batch, with what is known of them by now."""
        theirs = [member for member, root in members.items() if root in roots]
        for lead in await self.ledger.withheld(theirs) if theirs else ():
            if lead.promotion_id not in self._dropped:
                self._kept_back[lead.promotion_id] = lead
                now = refusing.renewed(lead, self._cards, members[lead.person_id])
                self._leads.setdefault(lead.promotion_id, now)

    def _settle_splits(self, members: Mapping[str, str]) -> list[str]:
        """Both sides of a split are told of what they are now; one whose hand-off ended with the merge has it back.
        Answers the hand-offs that CRMs are to be told of, once their cards are noted too."""
        gone = {one: was for one, was in self._parted.items() if members[one] != members[was]}
        told: list[str] = []
        for root in sorted({root for pair in gone.items() for one in pair if not stands_in(root := members[one])}):
            held = self._held.of(root)
            last = held[-1:] if held and not self._held.open(root) else self._held.open(root)
            for kept in last:
                ended = kept.handoff.reason == "merged" and not deriving.gives_way(kept, held[:-1])
                if kept.handoff.is_open or ended:
                    told.append(self._held.act(kept, Reopened() if ended else Updated()).handoff.id)
        return told

    async def _wanted(self, members: Mapping[str, str]) -> list[LeadQualified]:
        """The leads of the batch, and those that wait no longer: first of those who were handed over first, then the
        oldest. Those of people who refuse by now are withheld."""
        refuse = await self.ledger.refusing({members[lead.person_id] for lead in self._leads.values()})
        left = [lead for lead in self._leads.values() if members[lead.person_id] not in refuse]
        self._withheld |= {one: lead for one, lead in self._leads.items() if members[lead.person_id] in refuse}
        self._leads.clear()
        return sorted(left, key=lambda lead: self._held.turn(members[lead.person_id], lead))

    async def _hand_over(self, members: Mapping[str, str]) -> set[str]:
        """New leads get an owner; where the person has one already that hand-off is updated, and they wait for its
        end. Answers whose are new."""
        for lead in waiting.due(self._held, members):
            self._leads.setdefault(lead.promotion_id, lead)
        wanted = await self._wanted(members) if self._leads else []
        if not wanted:
            return set()
        if not self.ledger.owners_locked:
            raise NotLoaded([waiting.ALL_OWNERS])
        if self._rota is None:
            self._rota = Rota(await self.ledger.seats(), await self.ledger.in_hand(), self.terms, self._now)
        fresh: set[str] = set()
        since = Instant(self._now - self.terms.routing.prospected_days * DAY)
        of_leads = {members[lead.person_id] for lead in wanted}
        acts: defaultdict[str, list[SalesAct]] = defaultdict(list)
        asked = [member for member, root in members.items() if root in of_leads]
        done = await self.ledger.sales_acts(asked, since)
        deal_owners = {members[member]: by for member, by in (await self.ledger.deal_owners(asked)).items()}
        for one in done:
            if one.counts:
                acts[members[one.person_id]].append(one)
        for lead in wanted:
            root = members[lead.person_id]
            held = self._held.open(root)
            if held:
                kept = self._held.act(waiting.updated(held[0], lead), Updated())
                self._held.tell(publishing.Updated(), kept)
            elif (by := deriving.answer_of(self._held.of(root), lead.at)) is not None:
                kept = waiting.answered(by, lead)
                self._held.keep(kept)
            else:
                kept = self._rota.assign(lead, acts[root], deal_owners.get(root))
                fresh.add(root)
                self._held.add(root, kept)
                self._held.tell(publishing.Qualified(), kept)
                note(self._held, kept, acts[root])
            self._handed[lead.promotion_id] = Handed(kept.handoff.id, lead.revision)
        return fresh

    async def _write(self) -> None:
        await self.ledger.keep_promotions(self._handed)
        withheld = [lead for one, lead in self._withheld.items() if self._kept_back.get(one) != lead]
        await self.ledger.withhold(withheld, self._dropped | (self._handed.keys() & self._kept_back.keys()))
        if self._rota is not None:
            await self.ledger.keep_rota(self._rota.assigned)
        await self.ledger.keep_handoffs(self._held.changed())
        await self.ledger.retell(self._held.retold())
        if self._held.news:
            seats = await self.ledger.seats()
            told = self._held.told()
            self._messages += [publishing.message(news, kept, seats, self._where, self._now) for news, kept in told]
        await self.ledger.keep_messages(self._messages)


def _locking_order(answered: Answered) -> tuple[str, bool, str]:
    """Endpoint by endpoint, failures first: an endpoint that has to be locked is, before any of its deliveries."""
    return answered.attempt.endpoint_id, answered.outcome.succeeded, answered.attempt.delivery_id
