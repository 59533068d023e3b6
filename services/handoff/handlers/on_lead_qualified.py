"""A lead qualified: it is handed over, once a promotion."""

from collections.abc import Iterable

from services.handoff.handlers.handing import Handing
from services.handoff.handlers.waiting import ALL_OWNERS
from shared.contracts.leads import LeadQualified
from shared.kernel.keys import Key


def keys(event: LeadQualified) -> Iterable[Key]:
    """The person, whoever the card is of, the promotion (handed over before, and of whom?), and all owners."""
    people = (Key("person", one) for one in sorted({event.person_id, event.card.person_id}))
    return [*people, Key("promotion", event.promotion_id), ALL_OWNERS]


def on_lead_qualified(event: LeadQualified, session: Handing) -> None:
    """Hand somebody over."""
    session.qualified(event)
