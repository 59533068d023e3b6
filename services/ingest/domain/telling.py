"""What people read of an identity: which of its claims stand, and which one made two people one.

Told from the claims alone, so it is the same whatever arrived first. Leaves out who is who (identity.py).
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, NamedTuple

from services.ingest.domain.identity import DEFAULT_LIMITS, Claim, Identifier, PersonLimits, resolve, verdicts

ClaimState = Literal["stands", "not_followed", "withdrawn"]


class ToldClaim(NamedTuple):
    """A claim, and whether it was followed in all that it says."""

    claim: Claim
    state: ClaimState


class Joining(NamedTuple):
    """The moment in event time from which an alias and its survivor were one, and the claim that made them so."""

    alias: str
    claim: Claim


def told(
    claims: Sequence[Claim], own: frozenset[Identifier], limits: PersonLimits = DEFAULT_LIMITS
) -> tuple[ToldClaim, ...]:
    """The claims that name any of these identifiers, in event time, then id; `claims` are all of the component.

    An operator's word is a claim while it stands; one that takes something back shows on what it took back.
    """
    not_followed = resolve(claims, limits).not_followed
    taken_back = withdrawn(claims)
    return tuple(
        ToldClaim(claim, _state(claim, not_followed, taken_back))
        for claim in _in_order(claims)
        if not own.isdisjoint(claim.identifiers) and (claim.verdict is None or claim.identifiers not in taken_back)
    )


def withdrawn(claims: Iterable[Claim]) -> frozenset[tuple[Identifier, ...]]:
    """What operators took back, and have not said again since."""
    return frozenset(named for named, word in verdicts(claims).items() if word.verdict == "withdrawn")


def joinings(
    claims: Sequence[Claim],
    survivor: Identifier,
    aliases: Mapping[str, Identifier],
    limits: PersonLimits = DEFAULT_LIMITS,
) -> tuple[Joining, ...]:
    """When each alias was joined to the survivor; people are given by the identifiers that made them."""
    resolution = resolve(claims, limits)
    person = {member: number for number, group in enumerate(resolution.groups) for member in group}
    taken_back = withdrawn(claims)
    standing = [claim for claim in _in_order(claims) if claim.identifiers not in taken_back]
    sets = _Sets()
    found: list[Joining] = []
    waiting = dict(aliases)
    # What was refused comes last: it may have been right about a part, and then it is only what was known anyway.
    for claim in sorted(standing, key=lambda claim: claim in resolution.not_followed):
        head, *others = claim.identifiers
        joined = [sets.unite(head, other) for other in others if person[other] == person[head]]
        if any(joined):
            now = [alias for alias, seed in waiting.items() if sets.head(seed) == sets.head(survivor)]
            found += [Joining(alias, claim) for alias in now]
            for alias in now:
                del waiting[alias]
    return tuple(found)


def _state(claim: Claim, not_followed: frozenset[Claim], taken_back: frozenset[tuple[Identifier, ...]]) -> ClaimState:
    if claim.identifiers in taken_back:
        return "withdrawn"
    return "not_followed" if claim in not_followed else "stands"


def _in_order(claims: Iterable[Claim]) -> list[Claim]:
    return sorted(claims, key=lambda claim: (claim.at, claim.event_id))


class _Sets:
    """Identifiers in sets that only ever grow together."""

    def __init__(self) -> None:
        self._above: dict[Identifier, Identifier] = {}

    def head(self, member: Identifier) -> Identifier:
        """The one that stands for its set."""
        while (above := self._above.get(member, member)) != member:
            self._above[member] = self._above.get(above, above)
            member = above
        return member

    def unite(self, one: Identifier, other: Identifier) -> bool:
        """Make two sets one; False where they are it already."""
        low, high = sorted((self.head(one), self.head(other)))
        self._above[high] = low
        return low != high
