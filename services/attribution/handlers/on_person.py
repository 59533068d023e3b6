"""Somebody became an alias of somebody else, is nobody's any more, or said whether they may be analysed."""

from collections.abc import Iterable

from services.attribution.handlers.attributing import Attributing
from services.attribution.ports import Refusal
from shared.contracts.touchpoints import PersonIdentified, PersonMerged, PersonSplit
from shared.kernel.keys import Key


def card_keys(event: PersonIdentified) -> Iterable[Key]:
    """The person."""
    return [Key("person", event.person_id)]


def merge_keys(event: PersonMerged) -> Iterable[Key]:
    """Both people."""
    return [Key("person", event.from_id), Key("person", event.into_id)]


def split_keys(event: PersonSplit) -> Iterable[Key]:
    """Who comes back; whoever stood for them is found under the lock."""
    return [Key("person", event.person_id)]


def on_person_identified(event: PersonIdentified, session: Attributing) -> None:
    """Keep of a card whether what the person did may earn credit."""
    session.keep_refusal(Refusal(event.person_id, event.version, refused=not event.allows("analytics")))


def on_person_merged(event: PersonMerged, session: Attributing) -> None:
    """Follow a merge."""
    session.alias(event.from_id, event.into_id, event.version)


def on_person_split(event: PersonSplit, session: Attributing) -> None:
    """Take a merge back."""
    session.alias(event.person_id, None, event.version)
