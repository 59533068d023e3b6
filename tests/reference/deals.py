"""Deals: the highest version of each holds, and the people its contacts are."""

from tests.reference.happened import Version
from tests.reference.people import Name, People


def standing(versions: list[Version]) -> dict[str, Version]:
    """The version that holds, by deal."""
    held: dict[str, Version] = {}
    for version in sorted(versions, key=lambda v: (v.number, v.id)):
        held[version.deal] = version
    return held


def people_on(version: Version, people: People) -> set[frozenset[Name]]:
    """Who is on it."""
    return {frozenset(people.person[contact.names()[0]]) for contact in version.contacts}
