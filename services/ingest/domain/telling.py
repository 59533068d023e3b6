"""What people read of an identity: which of its claims stand, and which one made two people one.

Told from the claims alone, so it is the same whatever arrived first. Leaves out who is who (identity.py).
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, NamedTuple

from services.ingest.domain.identity import Claim, Identifier, Resolution, resolve

ClaimState = Literal["stands", "not_followed"]


class ToldClaim(NamedTuple):
    """A claim, and whether it was followed in all that it says."""

    claim: Claim
    state: ClaimState


class Joining(NamedTuple):
    """The moment in event time from which an alias and its survivor were one, and the claim that made them so."""

    alias: str
    claim: Claim


def told(claims: Sequence[Claim], own: frozenset[Identifier]) -> tuple[ToldClaim, ...]:
    """The claims that name any of these identifiers, in event time, then id; `claims` are all of the component."""
    not_followed = _not_followed(resolve(claims))
    return tuple(
        ToldClaim(claim, "not_followed" if claim.event_id in not_followed else "stands")
        for claim in _in_order(claims)
        if not own.isdisjoint(claim.identifiers)
    )


def joinings(claims: Sequence[Claim], survivor: Identifier, aliases: Mapping[str, Identifier]) -> tuple[Joining, ...]:
    """When each alias was joined to the survivor; people are given by the identifiers that made them."""
    resolution = resolve(claims)
    person = {member: number for number, group in enumerate(resolution.groups) for member in group}
    not_followed = _not_followed(resolution)
    sets = _Sets()
    found: list[Joining] = []
    waiting = dict(aliases)
    # What was refused comes last: it may have been right about a part, and then it is only what was known anyway.
    for claim in sorted(_in_order(claims), key=lambda claim: claim.event_id in not_followed):
        head, *others = claim.identifiers
        joined = [sets.unite(head, other) for other in others if person[other] == person[head]]
        if any(joined):
            now = [alias for alias, seed in waiting.items() if sets.head(seed) == sets.head(survivor)]
            found += [Joining(alias, claim) for alias in now]
            for alias in now:
                del waiting[alias]
    return tuple(found)


def _not_followed(resolution: Resolution) -> set[str]:
    return {review.event_id for review in resolution.reviews}


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
