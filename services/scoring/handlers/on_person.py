"""Something was said of a person: their card, whose alias they are, that they were erased."""

from collections.abc import Iterable

from msgspec import json

from services.scoring.domain.account_names import account_names
from services.scoring.domain.facts import Card
from services.scoring.handlers.scoring import Scoring
from services.scoring.ports import KeptCard
from shared.contracts import erasing
from shared.contracts.touchpoints import PersonErased, PersonIdentified, PersonMerged, PersonSplit
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


def on_person_identified(event: PersonIdentified, session: Scoring) -> None:
    """Keep a card."""
    card = Card(
        event.emails,
        event.phones,
        event.crm_contact_ids,
        event.known_since,
        event.known_by,
        event.traits,
        event.consent,
    )
    session.keep_card(
        KeptCard(event.person_id, event.version, card, json.encode(event), account_names(card, event.accounts))
    )


def on_person_merged(event: PersonMerged, session: Scoring) -> None:
    """Follow a merge."""
    session.alias(event.from_id, event.into_id, event.version)


def on_person_split(event: PersonSplit, session: Scoring) -> None:
    """Take a merge back."""
    session.alias(event.person_id, None, event.version)


def on_person_erased(event: PersonErased, session: Scoring) -> None:
    """Forget somebody."""
    session.erase(event)
