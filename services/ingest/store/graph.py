"""The graph of identifiers in SQL, for one batch: locked, loaded, and left as it was settled.

Only the root of a component is locked for what is in it. Pointers from component to component are set once and
followed, never rewritten, so no transaction ever waits for a row out of order.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from msgspec import json
from sqlalchemy import Row, select, true, update

from services.ingest.domain.accounts import Membership, Source
from services.ingest.domain.identity import Claim, Identifier, identifier
from services.ingest.domain.people import Person, Settled
from services.ingest.ports import Card, Community, Trait
from services.ingest.settings import mail_domain
from services.ingest.store.tables import ACCOUNT_MEMBERS, CLAIMS, COMPONENTS, IDENTIFIERS, PEOPLE, REVIEWS, TRAITS
from shared.db.dialect import Upsert
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
_SAVE_COMPONENTS = Upsert(COMPONENTS, conflict=("id",), update=("parent",))
_SAVE_CLAIMS = Upsert(CLAIMS, conflict=("id",), update=("event_id", "at", "source"))
_SAVE_PEOPLE = Upsert(PEOPLE, conflict=("id",), update=("into_id", "version", "card_version", "card"))
_SAVE_TRAITS = Upsert(
    TRAITS, conflict=("identifier", "name"), update=("value", "at", "event_id"), newer=("at", "event_id")
)
_SAVE_MEMBERS = Upsert(
    ACCOUNT_MEMBERS, conflict=("identifier", "account", "rule", "trusted"), update=("at", "event_id")
)
_SAVE_REVIEWS = Upsert(REVIEWS, conflict=("event_id", "why"))


def claim_id(claim: Claim) -> str:
    """Claims that say the same in the same way are one row: the earliest of them counts."""
    return derived("claim", str(claim.trusted), str(claim.explicit), *map(str, claim.identifiers))


async def open_graph(work: Work, identifiers: Sequence[str], now: int) -> "SqlGraph":
    """Make sure that identifiers are there, lock them and the roots of their components, and load them."""
    await work.write(_ADD_IDENTIFIERS, [(name, False) for name in identifiers])
    wanted = work.among(IDENTIFIERS.c.id, identifiers)
    # One that lies in a component is guarded by its root; to lock it here would be to wait for it out of order.
    homeless = select(IDENTIFIERS.c.id).where(wanted, IDENTIFIERS.c.component.is_(None))
    await work.lock(homeless.order_by(IDENTIFIERS.c.id))
    rows = await work.rows(select(IDENTIFIERS.c.component).where(wanted, IDENTIFIERS.c.component.is_not(None)))
    roots = await _roots(work, {row.component for row in rows})
    guards = select(COMPONENTS.c.parent).where(work.among(COMPONENTS.c.id, sorted(set(roots.values()))))
    locked = await work.lock(guards.order_by(COMPONENTS.c.id))
    if any(row.parent is not None for row in locked):
        raise NotLoaded(())  # A component was joined to another meanwhile: redo at once, from the top.
    graph = SqlGraph(work, roots, now)
    await graph.load(identifiers)
    return graph


async def _roots(work: Work, components: set[str]) -> dict[str, str]:
    """The root of each component, found by following parents."""
    parent: dict[str, str | None] = {}
    ahead = set(components)
    while ahead:
        rows = await work.rows(select(COMPONENTS).where(work.among(COMPONENTS.c.id, sorted(ahead))))
        parent.update({row.id: row.parent for row in rows})
        ahead = {row.parent for row in rows if row.parent is not None} - parent.keys()
    return {component: _follow(component, parent) for component in components}


def _follow(component: str, parent: Mapping[str, str | None]) -> str:
    above = parent[component]
    while above is not None:
        component, above = above, parent[above]
    return component


class SqlGraph:
    """The graph port over one transaction."""

    def __init__(self, work: Work, roots: Mapping[str, str], now: int) -> None:
        self._work = work
        self._roots = dict(roots)
        self._now = now
        self._component: dict[Identifier, str | None] = {}
        self._owner: dict[Identifier, str | None] = {}
        self._contested: set[Identifier] = set()
        self._grouped: set[Identifier] = set()
        self._rows: dict[str, dict[object, tuple[object, ...]]] = defaultdict(dict)

    async def load(self, identifiers: Sequence[str]) -> None:
        """Read identifiers under the locks."""
        for row in await self._work.rows(select(IDENTIFIERS).where(self._work.among(IDENTIFIERS.c.id, identifiers))):
            member = identifier(row.id)
            self._component[member] = None if row.component is None else self._roots[row.component]
            self._owner[member] = row.person
            if row.contested:
                self._contested.add(member)
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
        rows = await self._work.rows(
            select(CLAIMS.c.id, CLAIMS.c.at, CLAIMS.c.event_id).where(self._work.among(CLAIMS.c.id, sorted(earliest)))
        )
        known = {row.id: (row.at, row.event_id) for row in rows}
        return [c for name, c in earliest.items() if name not in known or (c.at, c.event_id) < known[name]]

    async def communities(self, identifiers: Collection[Identifier], claims: Sequence[Claim]) -> Sequence[Community]:
        """The communities of these identifiers, joined where the claims join them."""
        joined = _Joined(identifiers, claims, self._component)
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
            rows = await work.rows(select(COMPONENTS).where(work.among(COMPONENTS.c.parent, ahead)))
            root_of.update({row.id: root_of[row.parent] for row in rows})
            ahead = [row.id for row in rows]
        inside = sorted(root_of)
        found = _Members()
        grouped = [member for member in newcomers if member in self._grouped]
        for row in await work.rows(select(IDENTIFIERS).where(work.among(IDENTIFIERS.c.component, inside))):
            found.owners[root_of[row.component]][identifier(row.id)] = row.person
            if row.grouped:
                grouped.append(identifier(row.id))
            if row.contested:
                found.contested[root_of[row.component]].add(identifier(row.id))
        for row in await work.rows(select(CLAIMS).where(work.among(CLAIMS.c.component, inside))):
            named = tuple(identifier(name) for name in json.decode(row.identifiers, type=list[str]))
            claim = Claim(row.event_id, row.at, row.trusted, row.explicit, named)
            found.claims[root_of[row.component]].append(claim)
        for row in await work.rows(select(PEOPLE).where(work.among(PEOPLE.c.component, inside))):
            person = Person(row.id, identifier(row.seed), row.into_id, row.version)
            found.people[root_of[row.component]][row.id] = person
            found.cards[root_of[row.component]][row.id] = Card(row.card_version, row.card)
        holders = {str(member): root for root, owned in found.owners.items() for member in owned}
        holders |= {str(member): root for member, root in newcomers.items()}
        for row in await work.rows(select(TRAITS).where(work.among(TRAITS.c.identifier, sorted(holders)))):
            trait = Trait(identifier(row.identifier), row.name, row.value, row.at, row.event_id)
            found.traits[holders[row.identifier]].append(trait)
        for membership in await self._memberships(grouped):
            found.memberships[holders[str(membership.identifier)]].append(membership)
        return found

    async def _memberships(self, members: Iterable[Identifier]) -> Sequence[Membership]:
        named = sorted(set(map(str, members)))
        if not named:
            return ()
        found = select(ACCOUNT_MEMBERS).where(self._work.among(ACCOUNT_MEMBERS.c.identifier, named))
        return [membership_of(row) for row in await self._work.rows(found)]

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
        for claim in community.news:
            self._rows["claims"][claim_id(claim)] = self._claim_row(component, claim)
        for person in settled.people.values():
            card = cards.get(person.id, community.cards.get(person.id, _NO_CARD))
            if person != community.people.get(person.id) or card != community.cards.get(person.id):
                row = (person.id, component, str(person.seed), person.into, person.version, card.version, card.body)
                self._rows["people"][person.id] = row
        for review in settled.reviews:
            self._rows["reviews"][review] = (review.event_id, review.why, self._now)

    @staticmethod
    def _claim_row(component: str, claim: Claim) -> tuple[object, ...]:
        named = json.encode([str(member) for member in claim.identifiers]).decode()
        return (
            claim_id(claim), component, claim.event_id, claim.at, claim.trusted, claim.explicit, named, claim.source,
        )  # fmt: skip

    async def keep_traits(self, traits: Sequence[Trait]) -> None:
        """Keep traits; per identifier and name the latest stays."""
        latest: dict[tuple[str, str], Trait] = {}
        for trait in sorted(traits, key=lambda trait: (trait.at, trait.event_id)):
            latest[str(trait.identifier), trait.name] = trait
        rows = [(*key, t.value, t.at, t.event_id) for key, t in sorted(latest.items())]
        await self._work.write(_SAVE_TRAITS, rows)

    async def keep_memberships(self, memberships: Iterable[Membership]) -> set[Identifier]:
        """Keep who was named with which account, the earliest of each."""
        earliest: dict[tuple[object, ...], Membership] = {}
        for one in sorted(memberships, key=lambda one: one.order, reverse=True):
            earliest[_member_key(one)] = one
        known = {_member_key(one): one for one in await self._memberships(one.identifier for one in earliest.values())}
        news = {key: one for key, one in earliest.items() if key not in known or one.order < known[key].order}
        if news:
            await self._work.write(_SAVE_MEMBERS, sorted((*key, *one.order) for key, one in news.items()))
            marked = self._work.among(IDENTIFIERS.c.id, sorted({str(one.identifier) for one in news.values()}))
            await self._work.execute(update(IDENTIFIERS).where(marked).values(grouped=true()))
        found = {one.identifier for one in news.values()}
        self._grouped |= found
        return found

    async def flush(self) -> None:
        """Write everything that was saved, in bulk and in key order."""
        for name, upsert in (
            ("components", _SAVE_COMPONENTS),
            ("identifiers", _SAVE_IDENTIFIERS),
            ("claims", _SAVE_CLAIMS),
            ("people", _SAVE_PEOPLE),
            ("reviews", _SAVE_REVIEWS),
        ):
            await self._work.write(upsert, sorted(self._rows[name].values(), key=str))
        self._rows.clear()


_NO_CARD = Card(0, "")


def membership_of(row: Row[Any]) -> Membership:
    """A membership of a row of the table."""
    source = Source(row.rule, row.trusted, row.at, row.event_id)
    return Membership(identifier(row.identifier), row.account, source)


def _member_key(one: Membership) -> tuple[str, str, str, bool]:
    return str(one.identifier), one.account_id, one.source.rule, one.source.trusted


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
        self.memberships: defaultdict[str, list[Membership]] = defaultdict(list)

    def of(self, *roots: str) -> tuple[
        list[Claim], dict[str, Person], dict[Identifier, str], frozenset[Identifier], list[Trait], dict[str, Card],
        list[Membership],
    ]:  # fmt: skip
        """All of it for some roots together."""
        claims = [claim for root in roots for claim in self.claims[root]]
        traits = [trait for root in roots for trait in self.traits[root]]
        people = {k: v for root in roots for k, v in self.people[root].items()}
        owners = {k: v for root in roots for k, v in self.owners[root].items()}
        cards = {k: v for root in roots for k, v in self.cards[root].items()}
        contested = frozenset(member for root in roots for member in self.contested[root])
        memberships = [membership for root in roots for membership in self.memberships[root]]
        return claims, people, owners, contested, traits, cards, memberships


class _Joined:
    """Which components the claims of a batch join: sets of identifiers that belong together from now on."""

    def __init__(
        self,
        identifiers: Collection[Identifier],
        claims: Sequence[Claim],
        component: Mapping[Identifier, str | None],
    ) -> None:
        members = sorted({*identifiers, *(member for claim in claims for member in claim.identifiers)})
        self.places = {member: component[member] or derived("component", str(member)) for member in members}
        self._head = {place: place for place in self.places.values()}
        self._claims = claims
        for claim in claims:
            first, *others = claim.identifiers
            for other in others:
                self._unite(self.places[first], self.places[other])

    def _find(self, place: str) -> str:
        while self._head[place] != place:
            place = self._head[place]
        return place

    def _unite(self, one: str, two: str) -> None:
        low, high = sorted((self._find(one), self._find(two)))
        self._head[high] = low

    def components(self) -> list[str]:
        """Every component there is, or will be."""
        return sorted(self._head)

    def parts(self) -> list["_Part"]:
        """Each set of components that is one from now on."""
        parts: dict[str, _Part] = {}
        for place in sorted(self._head):
            root = self._find(place)
            part = parts.setdefault(root, _Part(root, [], []))
            if place != root:
                part.absorbed.append(place)
        for claim in self._claims:
            parts[self._find(self.places[claim.identifiers[0]])].news.append(claim)
        return list(parts.values())


class _Part(NamedTuple):
    """Components that are one from now on: the root, the others, and the claims that speak of them."""

    root: str
    absorbed: list[str]
    news: list[Claim]
