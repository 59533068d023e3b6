"""What is known of a person changed, or who is whom: a card, a merge, a split, an erasure."""

from collections.abc import Iterable

from services.handoff.handlers.handing import Handing
from services.handoff.handlers.publishing import Merge
from shared.contracts import erasing
from shared.contracts.touchpoints import PersonErased, PersonIdentified, PersonMerged, PersonSplit
from shared.kernel.instant import Instant
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


def erasure_keys(event: PersonErased) -> Iterable[Key]:
    """Every id of the person, and what stands in for it."""
    return erasing.keys(event)


def on_person_identified(event: PersonIdentified, session: Handing) -> None:
    """Take a card to the person's open hand-off."""
    session.card(event)


def on_person_merged(event: PersonMerged, session: Handing) -> None:
    """Follow a merge."""
    session.merged(Merge(event.from_id, event.into_id, event.version, Instant(event.at)))


def on_person_split(event: PersonSplit, session: Handing) -> None:
    """Take a merge back."""
    session.split(event.person_id, event.version)


def on_person_erased(event: PersonErased, session: Handing) -> None:
    """Forget somebody."""
    session.erase(event)
