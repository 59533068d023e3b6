"""What of all that was told of a person fits on their card, and into the store.

Promises: which traits hold is told by when they were told and by their names alone; no order of arrival changes it.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from services.ingest.domain.identity import Identifier
from services.ingest.domain.limits import MOST_OF_A_KIND, MOST_TRAITS, TRAITS_BYTES
from services.ingest.domain.traits import OUR_NAMES

TRAITS_CUT = "traits_cut"
NAMES_CUT = "names_cut"
_BESIDE = 2
"""Bytes that a name and its value need beside themselves."""


class Trait(NamedTuple):
    """What an event says of whoever holds an identifier. `value` is JSON text."""

    identifier: Identifier
    name: str
    value: str
    at: int
    event_id: str


def fitting(traits: Iterable[Trait]) -> tuple[dict[str, Trait], bool]:
    """The traits of a card by name, in the order of their names, and whether there are more than it has room for."""
    latest = {trait.name: trait for trait in sorted(traits, key=_when)}
    kept = list(latest.values())
    if len(kept) > MOST_TRAITS or sum(map(_size, kept)) > TRAITS_BYTES:
        kept = _with_room(_foremost(kept)[:MOST_TRAITS])
    return {trait.name: trait for trait in sorted(kept, key=_name)}, len(kept) < len(latest)


def too_many(traits: Sequence[Trait]) -> list[Trait]:
    """What need not be kept: no card of whoever holds the identifiers has it, or ever will. One trait more than fits
    is kept under an identifier, so that a card still tells that there were more."""
    if len(traits) <= MOST_TRAITS:
        return []
    before: Counter[Identifier] = Counter()
    surplus: list[Trait] = []
    for trait in _foremost(traits):
        before[trait.identifier] += 1
        if before[trait.identifier] > MOST_TRAITS + 1:
            surplus.append(trait)
    return surplus


def has_more_names(members: Sequence[Identifier], accounts: int) -> bool:
    """Whether somebody has more of one kind of name, or more accounts, than a card tells; the graph keeps them all."""
    of_a_kind = Counter(member.kind for member in members)
    return max(accounts, *of_a_kind.values(), 0) > MOST_OF_A_KIND


def _foremost(traits: Iterable[Trait]) -> list[Trait]:
    """The names we know by first, then what was told last, then by name."""
    by_name = sorted(traits, key=_name)
    latest_first = sorted(by_name, key=_when, reverse=True)
    return sorted(latest_first, key=lambda trait: trait.name not in OUR_NAMES)


def _with_room(traits: Iterable[Trait]) -> list[Trait]:
    kept, room = [], TRAITS_BYTES
    for trait in traits:
        size = _size(trait)
        if size <= room:
            kept.append(trait)
            room -= size
    return kept


def _name(trait: Trait) -> str:
    return trait.name


def _when(trait: Trait) -> tuple[int, str]:
    return trait.at, trait.event_id


def _size(trait: Trait) -> int:
    return len(trait.name.encode()) + len(trait.value.encode()) + _BESIDE
