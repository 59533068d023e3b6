"""People as they last, over identities as they change: who survives a merge, who comes back after a split.

A person is made by a seed identifier and lasts for ever, at least as an alias. `settle` holds what the claims
say today against the people there are, and tells what has to be merged, split, made and re-assigned.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from services.ingest.domain.identity import (
    DEFAULT_LIMITS,
    Claim,
    Identifier,
    PersonLimits,
    Review,
    by_strength,
    resolve,
)
from shared.kernel.ids import derived

_NOBODY: Mapping[str, str] = MappingProxyType({})

Moment = tuple[int, str]
"""When something happened: event time (UTC ms), then event id."""


@dataclass(frozen=True, slots=True)
class Person:
    """A person there is. `into` names the person it is an alias of; `version` counts merges and splits of it."""

    id: str
    seed: Identifier
    into: str | None = None
    version: int = 0


@dataclass(frozen=True, slots=True)
class Settled:
    """What is true of a community of identifiers now."""

    people: Mapping[str, Person]
    owner: Mapping[Identifier, str]
    """The person (never an alias) of every identifier; a contested one: of whoever came first."""
    members: Mapping[str, frozenset[Identifier]]
    first: Mapping[Identifier, Moment]
    """The earliest event of every identifier."""
    contested: frozenset[Identifier]
    changed: tuple[Person, ...]
    """People who were merged, or split off, or are new: as they are now."""
    reviews: tuple[Review, ...]
    withdrawn: frozenset[str]
    """The statements that an operator took back."""


def firsts(claims: Iterable[Claim]) -> dict[Identifier, Moment]:
    """The earliest event of every identifier. What an operator says is none: it counts where nobody else named them."""
    found: dict[Identifier, tuple[bool, Moment]] = {}
    for claim in claims:
        moment = (claim.verdict is not None, (claim.at, claim.event_id))
        for member in claim.identifiers:
            if member not in found or moment < found[member]:
                found[member] = moment
    return {member: moment for member, (_, moment) in found.items()}


def settle(
    claims: Iterable[Claim],
    people: Mapping[str, Person],
    limits: PersonLimits = DEFAULT_LIMITS,
    buried: Mapping[str, str] = _NOBODY,
) -> Settled:
    """Hold the claims of a community against its people. `buried`: ids of people who were erased, with the erasure;
    nobody new is called by one of them."""
    claims = tuple(claims)
    resolution = resolve(claims, limits)
    first = firsts(claims)
    now = dict(people)
    owner: dict[Identifier, str] = {}
    members: dict[str, frozenset[Identifier]] = {}
    for group in resolution.groups:
        survivor = _survivor(group, now, first, buried)
        members[survivor] = group
        owner.update(dict.fromkeys(group, survivor))
    changed = tuple(person for person in now.values() if person != people.get(person.id))
    return Settled(
        now, owner, members, first, resolution.contested, changed, resolution.reviews, resolution.withdrawn
    )  # fmt: skip


def root(person_id: str, people: Mapping[str, Person]) -> str:
    """The person an id stands for, over any number of aliases."""
    into = people[person_id].into
    while into is not None:
        person_id = into
        into = people[person_id].into
    return person_id


def _survivor(
    group: frozenset[Identifier],
    people: dict[str, Person],
    first: Mapping[Identifier, Moment],
    buried: Mapping[str, str],
) -> str:
    """The one person of a group; changes `people` so that all others with a seed in it are its aliases."""
    ours = sorted(person.id for person in people.values() if person.seed in group)
    for person_id in ours:
        # Every step of the way has to lie here: one who stands behind somebody who left would leave with them.
        into = people[person_id].into
        if into is not None and into not in ours:
            people[person_id] = _moved(people[person_id], None)
    heads = [person_id for person_id in ours if people[person_id].into is None]
    if not heads:
        born = _born(group, first, buried)
        people[born.id] = born
        return born.id
    # The older one stays: by the earliest event of what made it, then by id (03-ingest, Identity).
    survivor = min(heads, key=lambda person_id: (first[people[person_id].seed], person_id))
    for person_id in heads:
        if person_id != survivor:
            people[person_id] = _moved(people[person_id], survivor)
    return survivor


def _moved(person: Person, into: str | None) -> Person:
    return replace(person, into=into, version=person.version + 1)


def _born(group: frozenset[Identifier], first: Mapping[Identifier, Moment], buried: Mapping[str, str]) -> Person:
    strongest = by_strength(group)
    seed = min(strongest, key=lambda member: first[member])
    person_id = derived("person", first[seed][1], str(seed))
    while (erasure := buried.get(person_id)) is not None:
        # A browser that somebody erased was made of may be left by whoever had it after them, and makes one again.
        person_id = derived("person", person_id, erasure)
    return Person(person_id, seed)
