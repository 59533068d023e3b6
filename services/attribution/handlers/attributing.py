"""One batch of attribution: what came is kept as facts, then each deal that it touches is derived once.

A deal is touched by itself, by what its people did, became or turned out to be, by who joins or leaves its account,
and by the buyer's other purchases.
It is always derived from all its facts, so no order of arrival can make a difference. Nothing is published.
What is new about people is remembered only to say why a credit changed. Whoever was erased is kept as what stands in
for them.
"""

from collections.abc import Collection, Mapping, Sequence

from services.attribution.domain.rules import Rules
from services.attribution.handlers.deriving import derive
from services.attribution.handlers.forgetting import Forgetting, looks_back
from services.attribution.handlers.news import News, SettledNews
from services.attribution.ports import (
    NOTHING_AROUND,
    Derived,
    KeptCard,
    KeptTouch,
    Ledger,
    Refusal,
    Surroundings,
)
from services.attribution.ports.books import Books, Credited
from services.attribution.ports.leads import Changed
from services.attribution.ports.people import Leaver, People
from shared.contracts.deals import Deal
from shared.contracts.envelope import Emit
from shared.contracts.erasing import receipt, stand_ins
from shared.contracts.handoffs import HandoffActed
from shared.contracts.leads import LeadQualified, LeadStageChanged
from shared.contracts.spend import CollectedSpend
from shared.contracts.touchpoints import PersonErased
from shared.kernel.instant import Instant

SOURCE = "attribution"


class Attributing:
    """The session of attribution. Handlers fill it; `close` derives and writes."""

    def __init__(self, people: People, ledger: Ledger, books: Books, rules: Rules, now: Instant) -> None:
        self.people = people
        self.ledger = ledger
        self.personas = rules.personas
        self._books = books
        self._rules = rules
        self._now = now
        self._touches: dict[str, KeptTouch] = {}
        self._cards: dict[str, KeptCard] = {}
        self._deals: dict[str, Deal] = {}
        self._versions: dict[tuple[str, int], Deal] = {}
        self._accounts: set[str] = set()
        self._stages: dict[str, LeadStageChanged] = {}
        self._promotions: dict[str, LeadQualified] = {}
        self._acts: dict[tuple[str, int], HandoffActed] = {}
        self._refusals: list[Refusal] = []
        self._posted: dict[str, list[Deal]] = {}
        self._leavers: list[Leaver] = []
        self._left_before: Collection[str] = ()
        self._erasures: list[PersonErased] = []
        self._news = News()
        self._spend: dict[str, CollectedSpend] = {}
        self._again: set[str] = set()

    def keep_touch(self, kept: KeptTouch) -> None:
        """A touch arrived, or arrived again with a new owner: the highest revision holds."""
        held = self._touches.get(kept.touch.id)
        before = held.published if held else self.ledger.touch(kept.touch.id)
        if before is not None and kept.published.revision <= before.revision:
            return
        self._touches[kept.touch.id] = kept
        for published in (before, kept.published):
            if published is not None and published.owner is not None:
                self.people.touch(published.owner)
                self._news.touched(published.owner, kept)

    def alias(self, person_id: str, into: str | None, version: int) -> None:
        """Somebody became an alias of somebody, or of nobody."""
        self.people.alias(person_id, into, version)
        self._news.aliased(person_id, into, version)

    def keep_refusal(self, refusal: Refusal) -> None:
        """A card arrived: the highest version holds."""
        self._refusals.append(refusal)

    def keep_card(self, kept: KeptCard) -> None:
        """A card arrived: the highest version holds."""
        held = self._cards.get(kept.person_id)
        if held is None or held.version < kept.version:
            self._cards[kept.person_id] = kept

    def keep_deal(self, posted: Deal) -> None:
        """A deal arrived: the highest (version, revision) holds; who was on it and who is now are touched."""
        version = self._versions.setdefault((posted.id, posted.version), posted)
        if version.revision < posted.revision:
            self._versions[posted.id, posted.version] = posted
        before = self._deals.get(posted.id) or self.ledger.deal(posted.id)
        if before is not None and (posted.version, posted.revision) <= (before.version, before.revision):
            return
        self._deals[posted.id] = posted
        self._posted.setdefault(posted.id, [] if before is None else [before]).append(posted)
        for deal in (before, posted):
            if deal is not None:
                self._touch_buyer(deal)
                self._news.posted(deal)

    def erase(self, erasure: PersonErased) -> None:
        """Somebody was erased: what they did stays, and is nobody's; so does what comes later."""
        self.people.erase(stand_ins(erasure), erasure.person_id)
        self._erasures.append(erasure)
        self._news.erased(erasure.person_id, erasure.erasure_id)

    def keep_stages(self, said: LeadStageChanged) -> None:
        """News of somebody's stages: the highest version holds."""
        held = self._stages.get(said.person_id)
        if held is None or held.version < said.version:
            self._stages[said.person_id] = said

    def keep_promotion(self, said: LeadQualified) -> None:
        """Somebody qualified, or somebody else than was thought: the highest revision of a promotion holds."""
        held = self._promotions.get(said.promotion_id)
        if held is None or held.revision < said.revision:
            self._promotions[said.promotion_id] = said

    def keep_act(self, said: HandoffActed) -> None:
        """Sales did something with a lead."""
        self._acts[said.handoff_id, said.version] = said

    def keep_spend(self, posted: CollectedSpend) -> None:
        """Spend arrived: the highest (version, event id) holds."""
        held = self._spend.get(posted.id)
        if held is None or (held.version, held.event_id) < (posted.version, posted.event_id):
            self._spend[posted.id] = posted

    def derive_again(self, deal_ids: Collection[str]) -> None:
        """Nothing came, but what is made of these deals may be another now."""
        self._again.update(deal_ids)

    def _touch_buyer(self, deal: Deal) -> None:
        for person in deal.people:
            self.people.touch(person.person_id)
        # Only a purchase has a say in where the journeys of the account's other deals begin.
        if deal.account is not None and deal.status == "won":
            self._accounts.add(deal.account.id)

    async def close(self) -> Sequence[Emit]:
        """Derive every deal that was touched; what is published is that erasures were carried out."""
        emits = await self._forget()
        await self.ledger.keep_touches(self._touches)
        await self.ledger.keep_deals(self._deals.values(), self._rules.journey.contact_scope)
        await self.ledger.keep_leavers(self._leavers, self._left_before)
        await self.ledger.keep_versions(self._versions.values())
        former = await self.ledger.keep_promotions(self._promotions.values())
        await self.ledger.keep_acts(self._acts.values())
        moved = await self.ledger.keep_cards(self._cards.values())
        became = await self.ledger.keep_stages(self._stages.values())
        for person_id in became:
            self._news.became(person_id, self._stages[person_id].version)
        answered = await self.ledger.keep_refusals(self._refusals)
        for person_id in {*moved.people, *became, *answered}:
            self.people.touch(person_id)
        await self.ledger.keep_spend(self._spend.values())
        members = await self.people.settle()
        dirty = await self.ledger.dirty(members, {*self._deals, *moved.deals, *self._again}, self._accounts)
        around = await self.ledger.surroundings(dirty) if dirty else NOTHING_AROUND
        await self.ledger.mark_leads(self._changed(members, around, former))
        if dirty:
            derived = derive(dirty, around, self._rules)
            await self.ledger.keep_journeys(derived)
            news = self._news.settled(members)
            await self._books.enter([_credited(deal, one, news) for deal, one in zip(dirty, derived, strict=True)])
        return emits

    async def _forget(self) -> Sequence[Emit]:
        """Carry out erasures, and have what the batch says of anybody erased be of what stands in for them."""
        forgetting = Forgetting(self.people.gone(), self._rules.journey.interactions)
        await self._settle_deals(forgetting)
        if not forgetting.gone:
            return ()
        self._touches = {one: forgetting.touch(kept) for one, kept in self._touches.items()}
        self._cards = forgetting.named(self._cards, forgetting.card)
        self._stages = forgetting.named(self._stages, forgetting.stages)
        self._refusals = [forgetting.refusal(one) for one in self._refusals]
        self._promotions = {one: forgetting.of_person(said) for one, said in self._promotions.items()}
        self._acts = {one: forgetting.of_person(said) for one, said in self._acts.items()}
        self._news.forget(forgetting.gone)
        if not self._erasures:
            return ()
        removed = await self.ledger.erase(self._erasures, forgetting.forgotten)
        return [receipt(SOURCE, one, removed[one], self._now) for one in sorted(removed)]

    async def _settle_deals(self, forgetting: Forgetting) -> None:
        """Who is on the deals of the batch, and who left them though nobody posted them anew."""
        if not self._posted:
            return
        again = [one for one, posted in self._posted.items() if forgetting.gone or looks_back(posted)]
        before = await self.ledger.leavers(again)
        known = {one: forgetting.deal(posted, before.get(one, ())) for one, posted in self._posted.items()}
        self._deals = {one: deal for one, (deal, _) in known.items()}
        self._leavers = [one for _, left in known.values() for one in left]
        self._left_before = before.keys()

    def _changed(self, members: Mapping[str, str], around: Surroundings, former: Collection[str]) -> Changed:
        """Whose way as a lead this batch may have changed; a deal may be another lead's once one of its people is, and
        a promotion was somebody's before (`former`)."""
        named = {*self._stages, *former, *(said.person_id for said in self._acts.values())}
        return Changed(
            {**{root: root for root in around.roots.values()}, **members},
            frozenset(named.difference(members)),
            frozenset(touch_id for touch_id in self._touches if self.ledger.touch(touch_id) is None),
            frozenset((*self._promotions, *(act.promotion_id for act in self._acts.values()))),
        )


def _credited(deal: Deal, derived: Derived, news: SettledNews) -> Credited:
    return Credited(deal, derived.journey.charter, derived.credits, news.reason(deal), derived.won)
