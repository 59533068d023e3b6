"""What is left of a community when somebody in it is erased.

Promises: nothing that stays names them, and nobody who stays bears an id of theirs. A browser that others claimed too
stays theirs. Leaves out what becomes of what they did: whatever names them goes.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from services.ingest.domain.identity import DEFAULT_LIMITS, Claim, Identifier, PersonLimits, statement_id, verdicts
from services.ingest.domain.people import Person, Settled, root, settle


@dataclass(frozen=True, slots=True)
class Remains:
    """A community without somebody. `person_ids`: all that stood for them, and for whoever was called nothing else than
    what goes with them; `forgotten`: what only they were called; `gone`: the claims that named them."""

    person_ids: frozenset[str]
    forgotten: frozenset[Identifier]
    gone: tuple[Claim, ...]
    kept: tuple[Claim, ...]
    rewritten: tuple[Claim, ...]
    """What is left of claims that named somebody else as well."""
    people: Mapping[str, Person]
    aliases: frozenset[str]
    """Of these people, who is an alias from now on."""
    withdrawn: frozenset[str]
    """The statements that an operator had taken back."""


def without(
    person_ids: frozenset[str],
    owners: Mapping[Identifier, str],
    contested: frozenset[Identifier],
    claims: Iterable[Claim],
    people: Mapping[str, Person],
    limits: PersonLimits = DEFAULT_LIMITS,
) -> Remains:
    """A community without the person of these ids, all of them; it is given whole, as it was last settled."""
    claims = tuple(claims)
    apart = frozenset(named for named, word in verdicts(claims).items() if word.verdict == "withdrawn")
    others = {person_id: person for person_id, person in people.items() if person_id not in person_ids}
    forgotten = frozenset(member for member, owner in owners.items() if owner in person_ids) - contested
    while True:
        gone = tuple(claim for claim in claims if not forgotten.isdisjoint(claim.identifiers))
        kept = tuple(claim for claim in claims if forgotten.isdisjoint(claim.identifiers))
        rewritten = _rewritten(gone, kept, forgotten, apart)
        after = settle((*kept, *rewritten), others, limits)
        # A browser that would make them a second time, or that nobody else speaks of any more, was theirs alone.
        born = {member for member, owner in after.owner.items() if owner in person_ids}
        alone = {member for member in owners if member not in after.owner} | born
        if alone <= forgotten:
            nameless = _nameless(after)
            left = {person_id: person for person_id, person in others.items() if person_id not in nameless}
            aliases = frozenset(one for one in left if after.people[one].into is not None)
            withdrawn = frozenset(map(statement_id, apart))
            return Remains(person_ids | nameless, forgotten, gone, kept, rewritten, left, aliases, withdrawn)
        forgotten |= alone


def _nameless(settled: Settled) -> frozenset[str]:
    """Whoever is called nothing any more: a browser made them that several claimed, and that goes with the erased."""
    named = set(settled.members)
    return frozenset(person_id for person_id in settled.people if root(person_id, settled.people) not in named)


def _rewritten(
    gone: Iterable[Claim],
    kept: Iterable[Claim],
    forgotten: frozenset[Identifier],
    apart: frozenset[tuple[Identifier, ...]],
) -> tuple[Claim, ...]:
    """What is left of claims: none of an operator's word on them, none that would name browsers alone, and of two that
    say the same in the same way the earlier."""
    said = {_saying(claim): claim for claim in kept if claim.verdict is None}
    found: dict[tuple[object, ...], Claim] = {}
    for claim in gone:
        for left in _left(claim, forgotten, apart):
            before = found.get(_saying(left)) or said.get(_saying(left))
            if before is None or left.order < before.order:
                found[_saying(left)] = left
    return tuple(found.values())


def _left(claim: Claim, forgotten: frozenset[Identifier], apart: frozenset[tuple[Identifier, ...]]) -> list[Claim]:
    """What a claim says without what is forgotten. One that an operator took back joined nobody, and never will."""
    if claim.verdict is not None:
        return []
    rest = tuple(member for member in claim.identifiers if member not in forgotten)
    parts = [(member,) for member in rest] if claim.identifiers in apart else [rest]
    return [replace(claim, identifiers=part) for part in parts if any(member.strong for member in part)]


def _saying(claim: Claim) -> tuple[object, ...]:
    return claim.trusted, claim.explicit, claim.identifiers
