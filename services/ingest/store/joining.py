"""Which components the claims of a batch join. Told from what was loaded; leaves out what lies in them."""

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from services.ingest.domain.identity import Claim, Identifier
from shared.kernel.ids import derived


class Part(NamedTuple):
    """Components that are one from now on: the root, the others, and the claims that speak of them."""

    root: str
    absorbed: list[str]
    news: list[Claim]


class Joined:
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

    def parts(self) -> list[Part]:
        """Each set of components that is one from now on."""
        parts: dict[str, Part] = {}
        for place in sorted(self._head):
            root = self._find(place)
            part = parts.setdefault(root, Part(root, [], []))
            if place != root:
                part.absorbed.append(place)
        for claim in self._claims:
            parts[self._find(self.places[claim.identifiers[0]])].news.append(claim)
        return list(parts.values())
