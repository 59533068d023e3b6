"""Deals: the highest version of each holds, and the people its contacts are."""

from collections.abc import Iterable

from tests.reference.happened import Contact, Version
from tests.reference.people import Name, People


def standing(versions: list[Version]) -> dict[str, Version]:
    """The version that holds, by deal."""
    held: dict[str, Version] = {}
    for version in sorted(versions, key=lambda v: (v.number, v.id)):
        held[version.deal] = version
    return held


def people_on(contacts: Iterable[Contact], people: People) -> set[frozenset[Name]]:
    """Who they are."""
    return {frozenset(people.person[contact.names()[0]]) for contact in contacts}
