"""A lead qualified: it is handed over, once a promotion."""

from collections.abc import Iterable

from services.handoff.handlers.handing import Handing
from shared.contracts.leads import LeadQualified
from shared.kernel.keys import Key

ALL_OWNERS = Key("owner", "*")
"""Who chooses weighs all owners against each other, so nobody else may choose at the same time."""


def keys(event: LeadQualified) -> Iterable[Key]:
    """The person, the promotion (handed over before?), and all owners."""
    return [Key("person", event.person_id), Key("promotion", event.promotion_id), ALL_OWNERS]


def on_lead_qualified(event: LeadQualified, session: Handing) -> None:
    """Hand somebody over."""
    session.qualified(event)
