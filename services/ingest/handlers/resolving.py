"""One batch of the resolver: what came is kept as facts, then each touched community is settled once.

Promises: whoever an event belongs to is told by claims and event time alone; who was told something else before
is told anew (a merge in one record, a moved touchpoint as its next revision). Leaves out: who is who
(domain/identity.py, domain/people.py).
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from msgspec import json, structs

from services.ingest.domain.accounts import AccountClaim, Membership, standing
from services.ingest.domain.acts import OperatorAct
from services.ingest.domain.card import Trait, too_many
from services.ingest.domain.consent import Statements, heard, of_person
from services.ingest.domain.identity import (
    DEFAULT_LIMITS,
    BrowserClaim,
    Identifier,
    PersonLimits,
    owner_of,
)
from services.ingest.domain.people import Person, Settled, root, settle
from services.ingest.handlers import account_claims, publishing
from services.ingest.handlers.account_book import AccountBook
from services.ingest.handlers.deal_versions import DealVersions, without_contacts
from services.ingest.handlers.refused_ids import id_in, with_id
from services.ingest.handlers.understanding import Understood, understand
from services.ingest.ports import Card, Community, Record, Step, StoredTouchpoint
from shared.contracts.deals import CollectedDeal
from shared.contracts.envelope import Emit
from shared.contracts.erasures import ErasureDone
from shared.contracts.touchpoints import CollectedTouchpoint, RejectedTouchpoint, Touchpoint


class Resolving:
    """The session of the resolver. Handlers fill it; `close` settles, writes and says what is to be published."""

    def __init__(self, record: Record, now: int, limits: PersonLimits = DEFAULT_LIMITS) -> None:
        self._graph = record.graph
        self._accounts = AccountBook(record.accounts, record.graph)
        self._touchpoints = record.touchpoints
        self._rejected = record.rejected
        self._timeline = record.timeline
        self._erasures = record.erasures
        self._deals = DealVersions(record.deals)
        self._now = now
        self._limits = limits
        self._acts: list[OperatorAct] = []
        self._answers: list[ErasureDone] = []
        self._calls: dict[str, Understood] = {}
        self.duplicates = 0
        """How many events came under an id that was known already."""
        self.suppressed = 0
        """How many were not taken because they name somebody who was erased."""
        self._rejects: list[RejectedTouchpoint] = []
        self._steps: dict[str, Step] = {}
        self._owners: dict[Identifier, str] = {}
        self._contested: set[Identifier] = set()
        self._claimed: Mapping[Identifier, Sequence[BrowserClaim]] = {}
        """Who claimed the contested browsers, and when."""
        self._withdrawn: set[str] = set()
        self._aliases: dict[str, str] = {}
        self._emits: list[Emit] = []

    def keep_call(self, collected: CollectedTouchpoint) -> None:
        """An event arrived; where its id comes twice, the first one holds."""
        if collected.id in self._calls:
            self.duplicates += 1
        else:
            self._calls[collected.id] = understand(collected)

    def keep_deal(self, deal: CollectedDeal) -> None:
        """A version of a deal arrived; who was erased is no contact any more."""
        self._deals.arrived(without_contacts(deal, self._erasures.suppressed))

    def keep_reject(self, reject: RejectedTouchpoint) -> None:
        """Something was refused at a door."""
        self._rejects.append(reject)

    def keep_step(self, step: Step) -> None:
        """Another service said something of a person."""
        before = self._steps.setdefault(step.id, step)
        self._steps[step.id] = max(before, step, key=lambda one: one.version)

    def keep_answer(self, done: ErasureDone) -> None:
        """Another service has forgotten somebody."""
        self._answers.append(done)

    def decide(self, act: OperatorAct) -> None:
        """An operator decided whether somebody is one person."""
        self._acts.append(act)

    async def close(self) -> Sequence[Emit]:
        """Settle what was touched; answers what is to be published, in order."""
        fresh = await self._fresh()
        moved = await self._settle(fresh)
        await self._hand_over(moved)
        await self._publish_fresh(fresh)
        self._emits += await self._deals.close(self._owner, self._root, moved)
        await self._keep_rejects()
        await self._keep_steps()
        await self._erasures.answered(self._answers)
        await self._erasures.tidy()
        return self._emits

    async def settle_again(self, community: Community, buried: Mapping[str, str]) -> Sequence[Emit]:
        """Settle a community whose claims were changed by the erasure of people (id -> erasure); answers what is to be
        published."""
        await self._accounts.open([community])
        moved = self._take_over(community, *await self._settled([community], buried, ()))
        await self._graph.flush()
        await self._hand_over(moved)
        self._emits += await self._deals.close(self._owner, self._root, moved)
        return self._emits

    async def _fresh(self) -> list[Understood]:
        """What was not known before, and is of nobody who was erased."""
        known = await self._touchpoints.known(self._calls)
        self.duplicates += len(known)
        new = [call for event_id, call in self._calls.items() if event_id not in known]
        unwanted = {call.collected.id for call in new if any(map(self._erasures.suppressed, call.identifiers))}
        self.suppressed += len(unwanted)
        await self._erasures.keep_out([call.collected for call in new if call.collected.id in unwanted])
        return [call for call in new if call.collected.id not in unwanted]

    async def _keep_rejects(self) -> None:
        unwanted = await self._erasures.speaking({it.id: with_id(it.message_id, it.body) for it in self._rejects})
        await self._rejected.add([_reject_row(reject) for reject in self._rejects if reject.id not in unwanted])

    async def _keep_steps(self) -> None:
        erased = await self._erasures.erased({step.person for step in self._steps.values()})
        await self._timeline.keep([step for step in self._steps.values() if step.person not in erased])

    async def _settle(self, fresh: Sequence[Understood]) -> set[Identifier]:
        """Settle every community that is stirred; answers the identifiers whose events have to be looked at."""
        claims = [claim for call in fresh if (claim := call.claim()) is not None] + self._deals.claims()
        news = [*await self._graph.unknown(claims), *(act.claim() for act in self._acts)]
        await self._graph.keep_acts(self._acts)
        traits = [trait for call in fresh for trait in _traits(call)]
        await self._graph.keep_traits(traits)
        stirred = {member for claim in news for member in claim.identifiers} | {trait.identifier for trait in traits}
        stirred |= await self._note_consents(fresh)
        # Whoever came last before it has it: a call about a group, too, which claims nothing.
        stirred |= {m for call in fresh for m in call.identifiers if self._graph.contested(m)}
        stirred |= await self._accounts.arrived(self._account_claims(fresh), self._waiting(fresh))
        claimed = {member for claim in (*claims, *news) for member in claim.identifiers}
        # What nobody ever claimed is nobody's: it waits with what was said of it.
        stirred = {member for member in stirred if member in claimed or self._graph.owner(member) is not None}
        communities = await self._graph.communities(stirred, news) if stirred else ()
        await self._accounts.open(communities)
        moved: set[Identifier] = set()
        for community, settled in zip(communities, await self._settled(communities, {}, fresh), strict=True):
            moved |= self._take_over(community, settled)
        await self._graph.flush()
        return moved

    async def _note_consents(self, fresh: Sequence[Understood]) -> set[Identifier]:
        """Keep what events say of consent, for every identifier they name; answers whose answer is another now."""
        said: dict[Identifier, Statements] = {}
        for call in fresh:
            if call.meaning.consent:
                for member in call.identifiers:
                    before = said.get(member) or self._graph.consent(member)
                    said[member] = heard(before, call.meaning.consent, call.meaning.occurred_at, call.collected.id)
        stirred = {m for m, now in said.items() if of_person([now]) != of_person([self._graph.consent(m)])}
        await self._graph.keep_consents(said)
        return stirred

    def _waiting(self, fresh: Sequence[Understood]) -> set[Identifier]:
        """Under whom something is to be kept that is nobody's so far."""
        holders = {call.identifiers[0] for call in fresh if call.identifiers and call.collected.type == "group"}
        return {holder for holder in holders if self._graph.owner(holder) is None and not self._graph.waiting(holder)}

    def _account_claims(self, fresh: Sequence[Understood]) -> list[AccountClaim]:
        said = (account_claims.of_call(call) for call in fresh)
        return [claim for claim in said if claim is not None] + self._deals.account_claims()

    async def _settled(
        self, communities: Sequence[Community], erased: Mapping[str, str], fresh: Sequence[Understood]
    ) -> list[Settled]:
        """What is true of each of these, noted for all of them before any is told; nobody who is new in one bears an id
        of somebody who was erased before, or is being `erased` (id -> erasure)."""
        buried = dict(erased)
        while True:
            settled = [settle([*one.claims, *one.news], one.people, self._limits, buried) for one in communities]
            found = await self._erasures.erased(
                {
                    person.id
                    for before, now in zip(communities, settled, strict=True)
                    for person in now.changed
                    if person.id not in before.people
                }
            )
            if not found:
                break
            buried.update(found)
        for now in settled:
            self._owners.update(now.owner)
            self._contested |= now.contested
            self._withdrawn |= now.withdrawn
        self._claimed = await self._browser_claims(fresh) if self._contested else {}
        return settled

    def _take_over(self, community: Community, settled: Settled) -> set[Identifier]:
        """Keep and publish what is true of a community now; answers the identifiers whose events have to be
        looked at."""
        self._aliases.update({person_id: root(person_id, settled.people) for person_id in settled.people})
        self._emits += publishing.alias_changes(settled.changed, community.people, self._now)
        surplus = frozenset(too_many(community.traits))
        kept = [trait for trait in community.traits if trait not in surplus]
        cards = self._changed_cards(replace(community, traits=kept), settled)
        self._graph.save(community, settled, cards)
        self._graph.drop_traits(surplus)
        torn = self._torn(community.people)
        moved = {
            member
            for member, before in community.owners.items()
            if before in torn or self._aliases.get(before, before) != settled.owner[member]
        }
        came = {m for m in settled.owner if m not in community.owners and self._graph.waiting(m)}
        return moved | came | settled.contested | community.contested

    def _torn(self, before: Mapping[str, Person]) -> set[str]:
        """Whoever an alias left: what was published under the alias may be of one who stayed."""
        roots = {person_id: root(person_id, before) for person_id in before}
        return {was for person_id, was in roots.items() if self._aliases[person_id] != self._aliases[was]}

    def _changed_cards(self, community: Community, settled: Settled) -> Mapping[str, Card]:
        changed: dict[str, Card] = {}
        traits: defaultdict[str | None, list[Trait]] = defaultdict(list)
        for trait in community.traits:
            traits[self._owner_at(trait.identifier, trait.at, trait.event_id)].append(trait)
        memberships: defaultdict[str | None, list[Membership]] = defaultdict(list)
        for one in community.memberships:
            memberships[self._owner_at(one.identifier, *one.order)].append(one)
        for person_id, members in settled.members.items():
            before = community.cards.get(person_id)
            # Of each purpose a browser keeps what was said last: of those who share one, nobody speaks for another.
            own = [community.consents[one] for one in members - settled.contested if one in community.consents]
            named = standing(memberships[person_id], settled.withdrawn)
            accounts = self._accounts.accounts_of(members, settled.first, named)
            card = publishing.card(person_id, members, settled.first, traits[person_id], accounts)
            card = structs.replace(card, consent=of_person(own))
            body = json.encode(card).decode()
            if before is None or before.body != body:
                changed[person_id] = Card(before.version + 1 if before else 1, body)
                published = structs.replace(card, version=changed[person_id].version)
                self._emits.append(publishing.identified(published, self._now))
        return changed

    async def _hand_over(self, moved: set[Identifier]) -> None:
        """Publish what is on record and has another owner now, as its next revision."""
        if not moved:
            return
        revised: list[StoredTouchpoint] = []
        for stored in await self._touchpoints.held_by(moved):
            owner = self._owner_at(stored.holder, stored.occurred_at, stored.id)
            if owner != self._root(stored.person):
                revised.append(replace(stored, person=owner, revision=stored.revision + 1))
        await self._touchpoints.revise(revised)
        for stored in revised:
            self._emit(json.decode(stored.body, type=Touchpoint), stored.person, stored.revision)

    async def _publish_fresh(self, fresh: Sequence[Understood]) -> None:
        rows: list[StoredTouchpoint] = []
        for call in fresh:
            touchpoint = call.touchpoint()
            holder = call.identifiers[0] if call.identifiers else None
            owner = self._owner_at(holder, touchpoint.occurred_at, touchpoint.id)
            rows.append(_row(call, touchpoint, holder, owner))
            self._emit(touchpoint, owner, 1)
        await self._touchpoints.add(rows)

    async def _browser_claims(self, fresh: Sequence[Understood]) -> Mapping[Identifier, list[BrowserClaim]]:
        """Who claimed the contested browsers and when: on record, and in this batch."""
        claims: defaultdict[Identifier, list[BrowserClaim]] = defaultdict(list)
        on_record = await self._touchpoints.browser_claims(self._contested, self._withdrawn)
        for contested, stored in on_record.items():
            claims[contested] += stored
        for call in fresh:
            if call.statement in self._withdrawn:
                continue
            for browser in _browsers(call):
                claims[browser].append(BrowserClaim(call.meaning.occurred_at, call.collected.id, call.identifiers[0]))
        return claims

    def _owner_at(self, holder: Identifier | None, at: int, event_id: str) -> str | None:
        """Whose an event is, of which this is the strongest identifier."""
        if holder is None or not self._is_somebody(holder):
            return None
        if holder in self._contested:
            named = owner_of(self._claimed.get(holder, ()), at, event_id)
            return self._owner(named or holder)
        return self._owner(holder)

    def _is_somebody(self, holder: Identifier) -> bool:
        """Whether anybody is known by it; a browser may have come with calls about a group alone."""
        return holder.strong or holder in self._owners or self._graph.owner(holder) is not None

    def _owner(self, member: Identifier) -> str:
        """Whose an identifier is now."""
        owner = self._owners.get(member) or self._graph.owner(member)
        if owner is None:
            raise LookupError("an identifier of the batch belongs to nobody")
        return owner

    def _root(self, person_id: str | None) -> str | None:
        return None if person_id is None else self._aliases.get(person_id, person_id)

    def _emit(self, touchpoint: Touchpoint, person_id: str | None, revision: int) -> None:
        whole = structs.replace(touchpoint, person_id=person_id, revision=revision)
        self._emits.append(publishing.touchpoint(whole))


def _browsers(call: Understood) -> tuple[Identifier, ...]:
    """The anonymous ids of an event that names somebody more strongly; an alias may come under two."""
    if not call.identifiers or not call.identifiers[0].strong:
        return ()
    return tuple(member for member in call.identifiers if not member.strong)


def _row(call: Understood, touchpoint: Touchpoint, holder: Identifier | None, owner: str | None) -> StoredTouchpoint:
    it = call.collected
    return StoredTouchpoint(
        it.id, it.message_id, it.source, it.received_at, touchpoint.occurred_at, holder, owner, 1,
        json.encode(touchpoint), _browsers(call), call.statement,
    )  # fmt: skip


def _traits(call: Understood) -> Iterable[Trait]:
    if not call.identifiers:
        return ()
    at, event_id = call.meaning.occurred_at, call.collected.id
    holder = call.identifiers[0]
    return [
        Trait(holder, name, json.encode(value).decode(), at, event_id) for name, value in call.meaning.traits.items()
    ]


def _reject_row(reject: RejectedTouchpoint) -> dict[str, object]:
    return {
        "id": reject.id,
        "received_at": reject.received_at,
        "source": reject.source,
        "codes": json.encode(reject.codes).decode(),
        "reasons": json.encode(reject.reasons).decode(),
        "body": reject.body,
        # Doors of before did not say it.
        "message_id": reject.message_id or id_in(reject.body),
    }
