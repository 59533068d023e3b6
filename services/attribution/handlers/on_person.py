"""Somebody became an alias of somebody else, or is nobody's any more."""

from collections.abc import Iterable

from services.attribution.handlers.attributing import Attributing
from shared.contracts.touchpoints import PersonMerged, PersonSplit
from shared.kernel.keys import Key


def merge_keys(event: PersonMerged) -> Iterable[Key]:
    """Both people."""
    return [Key("person", event.from_id), Key("person", event.into_id)]


def split_keys(event: PersonSplit) -> Iterable[Key]:
    """Who comes back; whoever stood for them is found under the lock."""
    return [Key("person", event.person_id)]


def on_person_merged(event: PersonMerged, session: Attributing) -> None:
    """Follow a merge."""
    session.alias(event.from_id, event.into_id, event.version)


def on_person_split(event: PersonSplit, session: Attributing) -> None:
    """Take a merge back."""
    session.alias(event.person_id, None, event.version)
