"""The graph of identifiers in SQL, for one batch: locked, loaded, and left as it was settled.

Only the root of a component is locked for what is in it. Pointers from component to component are set once and
followed, never rewritten, so no transaction ever waits for a row out of order.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from msgspec import json
from sqlalchemy import Row, func, select

from services.ingest.domain.accounts import Membership
from services.ingest.domain.acts import OperatorAct
from services.ingest.domain.card import Trait
from services.ingest.domain.consent import Said, Statements
from services.ingest.domain.identity import Claim, Identifier, Review, identifier, statement_id
from services.ingest.domain.people import Person, Settled
from services.ingest.ports import Card, Community
from services.ingest.settings import mail_domain
from services.ingest.store import memberships
from services.ingest.store import traits as kept_traits
from services.ingest.store.identities import claim_of
from services.ingest.store.joining import Joined
from services.ingest.store.tables import (
    CLAIMS,
    COMPONENTS,
    ERASURES,
    IDENTIFIERS,
    OPERATOR_ACTS,
    PEOPLE,
    REVIEWS,
)
from shared.db.dialect import Upsert, among_given
from shared.db.work import Work
from shared.kernel.errors import NotLoaded
from shared.kernel.ids import derived

_ADD_IDENTIFIERS = Upsert(IDENTIFIERS, columns=("id", "contested"), conflict=("id",))
_SAVE_IDENTIFIERS = Upsert(
    IDENTIFIERS,
    columns=("id", "component", "person", "contested", "domain"),
    conflict=("id",),
    update=("component", "person", "contested", "domain"),
)
SAVE_CONSENTS = Upsert(IDENTIFIERS, columns=("id", "contested", "consent"), conflict=("id",), update=("consent",))
_SAVE_COMPONENTS = Upsert(COMPONENTS, conflict=("id",), update=("parent",))
_SAVE_CLAIMS = Upsert(CLAIMS, conflict=("id",), update=("event_id", "at", "source", "review"))
_SAVE_VERDICTS = Upsert(CLAIMS, conflict=("id",), update=("event_id", "at", "verdict"), newer=("at", "event_id"))
_SAVE_ACTS = Upsert(OPERATOR_ACTS, conflict=("id",))
_SAVE_PEOPLE = Upsert(PEOPLE, conflict=("id",), update=("into_id", "version", "card_version", "card"))
_SAVE_REVIEWS = Upsert(REVIEWS, conflict=("id",), update=("claim", "event_id", "why", "open"))
_HOMELESS = (
    select(IDENTIFIERS.c.id)
    .where(among_given(IDENTIFIERS.c.id, "ids"), IDENTIFIERS.c.component.is_(None))
    .order_by(IDENTIFIERS.c.id)
)
_HOMES = select(IDENTIFIERS.c.component).where(
    among_given(IDENTIFIERS.c.id, "ids"), IDENTIFIERS.c.component.is_not(None)
)
_GUARDS = select(COMPONENTS.c.parent).where(among_given(COMPONENTS.c.id, "ids")).order_by(COMPONENTS.c.id)
_COMPONENTS = select(COMPONENTS).where(among_given(COMPONENTS.c.id, "ids"))
_ABSORBED = select(COMPONENTS).where(among_given(COMPONENTS.c.parent, "ids"))
_SAID = select(CLAIMS.c.id, CLAIMS.c.at, CLAIMS.c.event_id).where(among_given(CLAIMS.c.id, "ids"))
_MEMBERS = select(IDENTIFIERS).where(among_given(IDENTIFIERS.c.component, "components"))
_CLAIMS = select(CLAIMS).where(among_given(CLAIMS.c.component, "components"))
_PEOPLE = select(PEOPLE).where(among_given(PEOPLE.c.component, "components"))
_ERASED = select(func.count()).select_from(ERASURES).scalar_subquery()
_LOADED = select(IDENTIFIERS, _ERASED.label("erasures")).where(among_given(IDENTIFIERS.c.id, "ids"))


def claim_id(claim: Claim) -> str:
    """Claims that say the same in the same way are one row: the earliest of them counts. Of what operators say of a
    statement the last counts: that row is named as the statement."""
    if claim.verdict:
        return statement_id(claim.identifiers)
    return derived("claim", str(claim.trusted), str(claim.explicit), *map(str, claim.identifiers))


async def open_graph(work: Work, identifiers: Sequence[str], now: int, erasures: int) -> "SqlGraph":
    """Make sure that identifiers are there, lock them and the roots of their components, and load them.

    None of them is suppressed by one of so many `erasures`; where there are more meanwhile, NotLoaded is raised."""
    if not identifiers:
        return SqlGraph(work, {}, now)
    await work.write(_ADD_IDENTIFIERS, [(name, False) for name in identifiers])
    # One that lies in a component is guarded by its root; to lock it here would be to wait for it out of order.
    await work.lock(_HOMELESS, ids=identifiers)
    roots = await _roots(work, {row.component for row in await work.rows(_HOMES, ids=identifiers)})
    locked = await work.lock(_GUARDS, ids=sorted(set(roots.values())))
    if any(row.parent is not None for row in locked):
        raise NotLoaded(())  # A component was joined to another meanwhile: redo at once, from the top.
    graph = SqlGraph(work, roots, now)
    await graph.load(identifiers, erasures)
    return graph


async def _roots(work: Work, components: set[str]) -> dict[str, str]:
    """The root of each component, found by following parents."""
    parent: dict[str, str | None] = {}
    ahead = set(components)
    while ahead:
        rows = await work.rows(_COMPONENTS, ids=sorted(ahead))
        parent.update({row.id: row.parent for row in rows})
        if len(rows) < len(ahead):
            raise NotLoaded(())  # Whoever lay in it was erased meanwhile.
        ahead = {row.parent for row in rows if row.parent is not None} - parent.keys()
    return {component: _follow(component, parent) for component in components}


def _follow(component: str, parent: Mapping[str, str | None]) -> str:
    while (above := parent[component]) is not None:
        component = above
    return component


class SqlGraph:
    """The graph port over one transaction."""

    def __init__(self, work: Work, roots: Mapping[str, str], now: int) -> None:
        self._work = work
        self._roots = {**{root: root for root in roots.values()}, **roots}  # some have moved to the root meanwhile
        self._now = now
        self._component: dict[Identifier, str | None] = {}
        self._owner: dict[Identifier, str | None] = {}
        self._contested: set[Identifier] = set()
        self._consents: dict[Identifier, Statements] = {}
        self._grouped: set[Identifier] = set()
        self._rows: dict[str, dict[object, tuple[object, ...]]] = defaultdict(dict)
        self._dropped: list[Trait] = []

    async def load(self, identifiers: Sequence[str], erasures: int) -> None:
        """Read identifiers under the locks; raises NotLoaded where there are not so many erasures any more."""
        rows = await self._work.rows(_LOADED, ids=identifiers)
        strays = {row.component for row in rows} - {None, *self._roots}
        if strays or len(rows) < len(identifiers) or rows[0].erasures != erasures:
            raise NotLoaded(())  # Somebody was joined or erased while we waited: redo at once.
        for row in rows:
            member = identifier(row.id)
            self._component[member] = None if row.component is None else self._roots[row.component]
            self._owner[member] = row.person
            if row.contested:
                self._contested.add(member)
            if row.consent is not None:
                self._consents[member] = _statements(row.consent)
            if row.grouped:
                self._grouped.add(member)

    def owner(self, identifier: Identifier) -> str | None:
        """Whose an identifier of the batch is, before the batch."""
        return self._owner[identifier]

    def contested(self, identifier: Identifier) -> bool:
        """Whether an anonymous id was claimed by people who may not be joined."""
        return identifier in self._contested

    def loaded(self, identifier: Identifier) -> bool:
        """Whether an identifier is one of the batch."""
        return identifier in self._owner

    def waiting(self, identifier: Identifier) -> bool:
        """Whether calls about a group came under an identifier while it was nobody's."""
        return identifier in self._grouped and self._owner[identifier] is None

    async def unknown(self, claims: Iterable[Claim]) -> Sequence[Claim]:
        """The claims that say something new."""
        earliest: dict[str, Claim] = {}
        for claim in claims:
            name = claim_id(claim)
            if name not in earliest or claim.order < earliest[name].order:
                earliest[name] = claim
        rows = await self._work.rows(_SAID, ids=sorted(earliest))
        known = {row.id: (row.at, row.event_id) for row in rows}
        return [c for name, c in earliest.items() if name not in known or (c.at, c.event_id) < known[name]]

    async def communities(self, identifiers: Collection[Identifier], claims: Sequence[Claim]) -> Sequence[Community]:
        """The communities of these identifiers, joined where the claims join them."""
        joined = Joined(identifiers, claims, self._component)
        members = await self._members(joined.components(), joined.places)
        return [
            Community(part.root, tuple(part.absorbed), part.news, *members.of(part.root, *part.absorbed))
            for part in joined.parts()
        ]

    async def _members(self, roots: Collection[str], newcomers: Mapping[Identifier, str]) -> "_Members":
        """Everything that lies in components, by root; what was said of newcomers too, who lie in none yet."""
        work = self._work
        root_of = {root: root for root in roots}
        ahead = sorted(root_of)
        while ahead:
            rows = await work.rows(_ABSORBED, ids=ahead)
            root_of.update({row.id: root_of[row.parent] for row in rows})
            ahead = [row.id for row in rows]
        inside = sorted(root_of)
        found = _Members()
        found.grouped |= self._grouped & newcomers.keys()
        for row in await work.rows(_MEMBERS, components=inside):
            found.add_identifier(root_of[row.component], row)
        for row in await work.rows(_CLAIMS, components=inside):
            claim = claim_of(row)
            found.claims[root_of[row.component]].append(claim)
            if row.review is not None:
                found.reviews[root_of[row.component]].append(Review(claim, row.review))
        for row in await work.rows(_PEOPLE, components=inside):
            person = Person(row.id, identifier(row.seed), row.into_id, row.version)
            found.people[root_of[row.component]][row.id] = person
            found.cards[root_of[row.component]][row.id] = Card(row.card_version, row.card)
        for member, place in newcomers.items():
            if member in self._consents:
                found.consents[place][member] = self._consents[member]
        holders = {str(member): root for root, owned in found.owners.items() for member in owned}
        holders |= {str(member): root for member, root in newcomers.items()}
        for trait in await kept_traits.of(work, holders):
            found.traits[holders[str(trait.identifier)]].append(trait)
        for membership in await memberships.of(work, found.grouped):
            found.memberships[holders[str(membership.identifier)]].append(membership)
        return found

    def save(self, community: Community, settled: Settled, cards: Mapping[str, Card]) -> None:
        """Leave a community as it was settled: written by `flush`."""
        component = community.component
        self._rows["components"][component] = (component, None)
        for absorbed in community.absorbed:
            self._rows["components"][absorbed] = (absorbed, component)
        for member, owner in settled.owner.items():
            contested = member in settled.contested
            if community.owners.get(member) != owner or contested != (member in community.contested):
                self._rows["identifiers"][member] = (str(member), component, owner, contested, _registered(member))
        self._save_claims(community, settled)
        for person in settled.people.values():
            card = cards.get(person.id, community.cards.get(person.id, _NO_CARD))
            if person != community.people.get(person.id) or card != community.cards.get(person.id):
                row = (person.id, component, str(person.seed), person.into, person.version, card.version, card.body)
                self._rows["people"][person.id] = row

    def _save_claims(self, community: Community, settled: Settled) -> None:
        """What is new, and what came to be looked at or needs no look any more."""
        raised = {review.claim: review.why for review in settled.reviews}
        before = {review.claim: review.why for review in community.reviews}
        changed = [claim for claim in {**before, **raised} if before.get(claim) != raised.get(claim)]
        for claim in (*changed, *community.news):
            name, row = claim_id(claim), _claim_row(community.component, claim, raised.get(claim))
            self._rows["verdicts" if claim.verdict else "claims"][name] = row
        opened = {statement_id(claim.identifiers) for claim in raised}
        for claim in changed:
            statement, why = statement_id(claim.identifiers), raised.get(claim) or before[claim]
            if claim in raised or statement not in opened:
                row = (statement, claim_id(claim), claim.event_id, why, claim in raised, self._now)
                self._rows["reviews"][statement] = row

    async def keep_acts(self, acts: Sequence[OperatorAct]) -> None:
        """Keep what operators decided."""
        rows = [(act.id, act.statement, act.kind, act.at, act.who, act.event_id) for act in acts]
        await self._work.write(_SAVE_ACTS, sorted(rows, key=str))

    async def keep_traits(self, traits: Sequence[Trait]) -> None:
        """Keep traits; per identifier and name the latest stays."""
        await kept_traits.keep(self._work, traits)

    def drop_traits(self, traits: Iterable[Trait]) -> None:
        """Leave traits to be deleted: by `flush`."""
        self._dropped += traits

    def consent(self, identifier: Identifier) -> Statements:
        """What was said last under an identifier of the batch."""
        return self._consents.get(identifier, {})

    async def keep_consents(self, consents: Mapping[Identifier, Statements]) -> None:
        """Keep what was said last under identifiers of the batch."""
        self._consents.update(consents)
        rows = [(str(member), False, json.encode(said).decode()) for member, said in consents.items()]
        await self._work.write(SAVE_CONSENTS, sorted(rows))

    async def keep_memberships(self, named: Iterable[Membership], waiting: Collection[Identifier]) -> set[Identifier]:
        """Keep who was named with which account, the earliest of each, and under whom calls about a group wait."""
        found = await memberships.keep(self._work, named, waiting)
        self._grouped |= found
        return found

    async def flush(self) -> None:
        """Write everything that was saved, in bulk and in key order; delete what was dropped."""
        for name, upsert in (
            ("components", _SAVE_COMPONENTS),
            ("identifiers", _SAVE_IDENTIFIERS),
            ("claims", _SAVE_CLAIMS),
            ("verdicts", _SAVE_VERDICTS),
            ("people", _SAVE_PEOPLE),
            ("reviews", _SAVE_REVIEWS),
        ):
            await self._work.write(upsert, sorted(self._rows[name].values(), key=str))
        self._rows.clear()
        await kept_traits.drop(self._work, self._dropped)
        self._dropped.clear()


_NO_CARD = Card(0, "")


def _claim_row(component: str, claim: Claim, review: str | None) -> tuple[object, ...]:
    named = json.encode([str(member) for member in claim.identifiers]).decode()
    return (
        claim_id(claim), component, claim.event_id, claim.at, claim.trusted, claim.explicit, named, claim.source,
        claim.verdict, review,
    )  # fmt: skip


def _statements(text: str) -> Statements:
    return json.decode(text, type=dict[str, Said])


def _registered(member: Identifier) -> str | None:
    domain = mail_domain(member.value) if member.kind == "email" else None
    return None if domain is None else domain.registered


class _Members:
    """What lies in components, by their roots."""

    def __init__(self) -> None:
        self.claims: defaultdict[str, list[Claim]] = defaultdict(list)
        self.people: defaultdict[str, dict[str, Person]] = defaultdict(dict)
        self.owners: defaultdict[str, dict[Identifier, str]] = defaultdict(dict)
        self.contested: defaultdict[str, set[Identifier]] = defaultdict(set)
        self.traits: defaultdict[str, list[Trait]] = defaultdict(list)
        self.cards: defaultdict[str, dict[str, Card]] = defaultdict(dict)
        self.reviews: defaultdict[str, list[Review]] = defaultdict(list)
        self.consents: defaultdict[str, dict[Identifier, Statements]] = defaultdict(dict)
        self.memberships: defaultdict[str, list[Membership]] = defaultdict(list)
        self.grouped: set[Identifier] = set()
        """Whoever was named with an account."""

    def add_identifier(self, root: str, row: Row[Any]) -> None:
        """A row of the identifiers that lie in the component of a root."""
        member = identifier(row.id)
        self.owners[root][member] = row.person
        if row.contested:
            self.contested[root].add(member)
        if row.consent is not None:
            self.consents[root][member] = _statements(row.consent)
        if row.grouped:
            self.grouped.add(member)

    def of(self, *roots: str) -> tuple[
        list[Claim], dict[str, Person], dict[Identifier, str], frozenset[Identifier], list[Trait], dict[str, Card],
        list[Review], dict[Identifier, Statements], list[Membership],
    ]:  # fmt: skip
        """All of it for some roots together."""
        claims = [claim for root in roots for claim in self.claims[root]]
        traits = [trait for root in roots for trait in self.traits[root]]
        people = {k: v for root in roots for k, v in self.people[root].items()}
        owners = {k: v for root in roots for k, v in self.owners[root].items()}
        cards = {k: v for root in roots for k, v in self.cards[root].items()}
        contested = frozenset(member for root in roots for member in self.contested[root])
        reviews = [review for root in roots for review in self.reviews[root]]
        consents = {k: v for root in roots for k, v in self.consents[root].items()}
        named = [membership for root in roots for membership in self.memberships[root]]
        return claims, people, owners, contested, traits, cards, reviews, consents, named
