"""One batch of scoring: what came is kept as facts, then each touched person is derived once.

In the usual case the state is stepped over what is new; where something came late, moved or changed, all facts
are folded again. Both give the same (domain/lifecycle.py). Published is what was derived and not yet said.
"""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from math import inf

from services.scoring.domain.facts import NOBODY, Card, Fact, forgotten, in_order
from services.scoring.domain.lifecycle import continues, fold, refold
from services.scoring.domain.promotion import Promote, moved, promotions_due, with_sent
from services.scoring.domain.rules import Rules
from services.scoring.domain.state import State, begin
from services.scoring.handlers import publishing
from services.scoring.ports import Facts, KeptCard, KeptDeal, KeptOutcome, KeptTouch, Lead, Ledger, People
from shared.contracts.envelope import Emit
from shared.contracts.erasing import receipt, stand_ins
from shared.contracts.leads import coverage
from shared.contracts.touchpoints import PersonErased
from shared.kernel.stand_ins import stands_in

LONG = 2_000
"""Facts that take longer to fold than others should wait: some tens of milliseconds."""
_PIECE = 200
_BREATH_SECONDS = 0.002
"""What is folded apart lets the rest of the process go first after each piece."""


class Scoring:
    """The session of scoring. Handlers fill it; `close` derives, writes and says what is to be published.

    Who has more than `long` facts is not folded again beside others: it is owed, and done apart (`fold_apart`).
    """

    def __init__(self, people: People, ledger: Ledger, rules: Rules, now: int, long: float = inf) -> None:
        self.people = people
        self.ledger = ledger
        self._rules = rules
        self._now = now
        self._long = long
        self._apart: set[str] = set()
        self._owed: dict[str, Lead] = {}
        self._touches: dict[str, KeptTouch] = {}
        self._outcomes: list[tuple[str, KeptOutcome]] = []
        self._cards: dict[str, KeptCard] = {}
        self._deals: dict[str, KeptDeal] = {}
        self._news: defaultdict[str, list[Fact]] = defaultdict(list)
        self._stale: set[str] = set()
        self._erasures: list[PersonErased] = []
        self._emits: list[Emit] = []
        self._qualified: list[Emit] = []
        """What goes after all else: who hears of a promotion knows already that it stands."""
        self._facts: dict[str, Facts] = {}
        """All facts of those who were folded from them, or promoted."""

    def keep_touch(self, kept: KeptTouch) -> None:
        """A touch arrived, or arrived again with a new owner: the highest revision holds."""
        before = self._touches.get(kept.touch.id) or self.ledger.touch(kept.touch.id)
        if before is not None:
            if kept.revision <= before.revision:
                return
            if before.owner is not None:
                self._refold(before.owner)
        self._touches[kept.touch.id] = kept
        if kept.owner is None:
            return
        self.people.touch(kept.owner)
        if before is None:
            self._news[kept.owner].append(kept.touch)
        else:
            self._refold(kept.owner)

    def keep_outcome(self, kept: KeptOutcome, person_id: str) -> None:
        """Sales did something with a lead: it belongs to whoever owns the touch that caused the promotion."""
        owner = self.ledger.promoted(kept.promotion_id) or person_id
        self._outcomes.append((owner, kept))
        self._refold(owner)

    def keep_card(self, kept: KeptCard) -> None:
        """A card arrived: the highest version holds."""
        before = self._cards.get(kept.person_id)
        if before is None or before.version < kept.version:
            self._cards[kept.person_id] = kept
            self._refold(kept.person_id)

    def keep_deal(self, kept: KeptDeal) -> None:
        """A deal arrived: the highest (version, revision) holds; who was on it and who is now are derived."""
        before = self._deals.get(kept.deal.id) or self.ledger.deal(kept.deal.id)
        if before is not None and (kept.version, kept.revision) <= (before.version, before.revision):
            return
        self._deals[kept.deal.id] = kept
        for person_id in {*kept.people, *(before.people if before else ())}:
            self._refold(person_id)

    def alias(self, person_id: str, into: str | None, version: int) -> None:
        """Somebody became an alias of somebody else, or of nobody."""
        before = self.people.root(person_id)  # Whoever has had their facts until now has them no more.
        self.people.alias(person_id, into, version)
        self._stale.update((person_id, before) if into is None else (person_id, before, into))

    def erase(self, erasure: PersonErased) -> None:
        """Somebody was erased: what is known of them goes, and what comes later is not kept."""
        self.people.erase(stand_ins(erasure), erasure.person_id)
        self._erasures.append(erasure)

    def fold_apart(self, person_id: str) -> None:
        """What is owed to somebody is folded now, however much it is: nobody else is in this session."""
        self.people.touch(person_id)
        self._apart.add(person_id)

    def _refold(self, person_id: str) -> None:
        self.people.touch(person_id)
        self._stale.add(person_id)

    async def close(self) -> Sequence[Emit]:
        """Derive everyone who was touched; answers what is to be published."""
        await self._forget()
        await self.ledger.keep_touches(list(self._touches.values()))
        await self.ledger.keep_outcomes([kept for _, kept in self._outcomes])
        await self.ledger.keep_cards(list(self._cards.values()))
        await self.ledger.keep_deals(list(self._deals.values()))
        members = await self.people.settle()
        await self._derive(members)
        return [*self._emits, *self._qualified]

    async def _forget(self) -> None:
        """Carry out erasures, and keep nothing of the batch that is of somebody erased. Of a touch it stays that it was
        theirs: an earlier revision under somebody else may be on its way."""
        if self._erasures:
            removal = await self.ledger.erase(self._erasures)
            removed = removal.rows
            self._emits += [receipt(publishing.SOURCE, one, removed[one], self._now) for one in sorted(removed)]
            for owner in removal.unsent.values():
                if owner is not None:
                    self._refold(owner)
        gone = self.people.gone()
        if not gone:
            return
        theirs = [kept for kept in self._touches.values() if kept.owner in gone]
        for kept in theirs:
            self._touches[kept.touch.id] = KeptTouch(forgotten(kept.touch), None, kept.revision)
        self._cards = {person_id: kept for person_id, kept in self._cards.items() if person_id not in gone}
        for deal_id, deal in self._deals.items():
            self._deals[deal_id] = replace(deal, people=tuple(one for one in deal.people if one not in gone))

    async def _derive(self, members: Mapping[str, str]) -> None:
        roots = set(members.values())
        leads = await self.ledger.leads(members)
        cards = await self.ledger.cards(roots)
        states = await self._states(members, leads, cards)
        due = {root: promotions_due(state, cards[root].card) for root, state in states.items() if root in cards}
        await self._promote(
            {root: promotions for root, promotions in due.items() if promotions}, states, cards, members
        )
        await self._promote_again(states, cards)
        covers = coverage(members)
        kept = [self._publish_stages(root, leads.get(root), state, covers[root]) for root, state in states.items()]
        retired = [
            replace(lead, alias=True) for lead in leads.values() if lead.person_id not in roots and not lead.alias
        ]
        await self.ledger.keep_leads([*kept, *self._owed.values(), *retired])

    async def _states(
        self, members: Mapping[str, str], leads: Mapping[str, Lead], cards: Mapping[str, KeptCard]
    ) -> dict[str, State]:
        """The state of each person: stepped on where only later facts came, folded from all facts elsewhere."""
        news: defaultdict[str, list[Fact]] = defaultdict(list)
        for person_id, new in self._news.items():
            news[members[person_id]] += new
        # Of somebody erased nothing is derived, nor of whoever is still taken for one of them.
        living = {root for root in members.values() if not stands_in(root)}
        stale = {members[person_id] for person_id in self._stale} & living
        apart = {members[person_id] for person_id in self._apart} & living
        states: dict[str, State] = {}
        for root in living - stale - apart:
            stepped = self._stepped(root, leads.get(root), sorted(news[root], key=lambda fact: fact.key), cards)
            if stepped is None:
                stale.add(root)
            else:
                states[root] = stepped
        self._owe(stale - apart, members, leads)
        stale = (stale - self._owed.keys()) | {root for root in apart if root in leads and leads[root].owed}
        if stale:
            wanted = {member: root for member, root in members.items() if root in stale}
            self._facts.update(await self.ledger.facts(wanted))
            for root in stale:
                card, facts = cards[root].card if root in cards else NOBODY, self._facts[root]
                states[root] = await self._in_pieces(facts, card) if root in apart else self._at_once(facts, card)
        return states

    def _owe(self, roots: Collection[str], members: Mapping[str, str], leads: Mapping[str, Lead]) -> None:
        """Put off those of these people whose past is long; until then they are what they were."""
        past = Counter[str]()
        for member, root in members.items():
            # What somebody who is an alias had is in the root's already.
            if root in roots and member in leads and (member == root or not leads[member].alias):
                past[root] += leads[member].state.folded
        for root, count in past.items():
            if count > self._long:
                before = leads.get(root) or Lead(root, 0, "", begin(NOBODY, self._rules), self._rules.version)
                state = replace(before.state, folded=count)
                self._owed[root] = replace(before, state=state, alias=False, owed=True)

    def _stepped(
        self, root: str, lead: Lead | None, facts: Sequence[Fact], cards: Mapping[str, KeptCard]
    ) -> State | None:
        if lead is None:
            return None if root in cards else fold(begin(NOBODY, self._rules), facts, self._rules)
        whole = not (lead.alias or lead.owed) and lead.charter == self._rules.version
        if not whole or not facts or not continues(lead.state, facts[0]):
            return None
        return fold(lead.state, facts, self._rules)

    def _at_once(self, facts: Facts, card: Card) -> State:
        """All facts of somebody, folded."""
        return refold(card, self._rules, facts.touches, facts.outcomes, facts.deals)

    async def _in_pieces(self, facts: Facts, card: Card) -> State:
        """The same, so that the rest of the process goes on meanwhile."""
        ordered = in_order(card, facts.touches, facts.outcomes, facts.deals)
        state = begin(card, self._rules)
        for start in range(0, len(ordered), _PIECE):
            state = fold(state, ordered[start : start + _PIECE], self._rules)
            await asyncio.sleep(_BREATH_SECONDS)
        return state

    async def _promote(
        self,
        due: Mapping[str, Sequence[Promote]],
        states: dict[str, State],
        cards: Mapping[str, KeptCard],
        members: Mapping[str, str],
    ) -> None:
        """Send promotions; what was sent is from now on a fact of the touch that caused it."""
        if not due:
            return
        unread = {member: root for member, root in members.items() if root in due.keys() - self._facts.keys()}
        if unread:
            self._facts.update(await self.ledger.facts(unread))
        causes = await self.ledger.causes({promote.cause for promotions in due.values() for promote in promotions})
        sent: dict[str, KeptTouch] = {}
        for root in sorted(due):
            for promote in due[root]:
                sent[promote.promotion_id] = causes[promote.cause]
                self._say_qualified(promote, causes[promote.cause], states[root], cards[root])
                states[root] = with_sent(states[root], promote.cause)
        await self.ledger.sent(sent)

    async def _promote_again(self, states: Mapping[str, State], cards: Mapping[str, KeptCard]) -> None:
        """Say promotions again whose causes turned out to be somebody else's, as soon as these can be reached."""
        sent: dict[str, KeptTouch] = {}
        for root in sorted(states.keys() & self._facts.keys() & cards.keys()):
            if cards[root].card.reachable:
                for cause in self._facts[root].moved:
                    promote = moved(states[root], cause.touch)
                    sent[promote.promotion_id] = cause
                    self._say_qualified(promote, cause, states[root], cards[root])
        await self.ledger.sent(sent)

    def _say_qualified(self, promote: Promote, cause: KeptTouch, state: State, card: KeptCard) -> None:
        touches = sorted(self._facts[card.person_id].touches, key=lambda touch: touch.key)
        self._qualified.append(publishing.qualified(promote, cause, state, card, touches, self._rules, self._now))

    def _publish_stages(self, root: str, before: Lead | None, state: State, covers: str) -> Lead:
        told = publishing.digest(state, covers)
        version = before.version if before else 0
        if before is None or before.told != told:
            version += 1
            self._emits.append(publishing.stage_changed(root, version, state, covers, self._rules, self._now))
        return Lead(root, version, told, state, self._rules.version)
