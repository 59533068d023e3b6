"""Cards change: what is kept of a hand-off, and what waits with it, says of its person what the newest one does."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from msgspec import structs

from services.handoff.domain import messages
from services.handoff.handlers.assigning import person
from services.handoff.handlers.held import Held
from services.handoff.ports import Kept
from shared.contracts.leads import LeadQualified
from shared.contracts.touchpoints import PersonIdentified


def note_cards(held: Held, cards: Iterable[PersonIdentified], members: Mapping[str, str]) -> None:
    """No CRM is told of a new card by itself: what is sent next carries it. A hand-off that has ended keeps what it was
    told, but for what is no longer said of its person."""
    for card in cards:
        if members[card.person_id] != card.person_id:
            continue
        for kept in held.of(card.person_id):
            known, now = kept.brief.person.id == card.person_id, person(card)
            news = not known or card.version > kept.card_version
            if news and (kept.handoff.is_open or kept.waiting or messages.unsays(kept.brief.person, now)):
                held.keep(with_card(kept, card))


def with_card(kept: Kept, card: PersonIdentified) -> Kept:
    """A hand-off of which all that is kept tells of its person what a card does."""
    waiting = tuple(structs.replace(one, card=card) for one in kept.waiting)
    return replace(kept, brief=replace(kept.brief, person=person(card)), card_version=card.version, waiting=waiting)


def nameless(lead: LeadQualified) -> LeadQualified:
    """A promotion that tells nothing of anybody: somebody was taken for the person, and has been erased."""
    card = PersonIdentified(person_id=lead.person_id, version=0, first_seen_at=lead.card.first_seen_at)
    return structs.replace(lead, card=card, account=None, reasons=(), journey=(), first_touch={})
