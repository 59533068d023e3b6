"""A lead qualified: keep the promotion as a fact of the touch that caused it.

Promises: it belongs to whoever owns that touch, now and after any merge or split. Where the touch is a call of which
nothing is kept, the highest revision of the promotion says who that is. Leaves out: credit, which no promotion changes.
"""

from collections.abc import Iterable

from services.attribution.handlers.attributing import Attributing
from shared.contracts.leads import LeadQualified
from shared.kernel.keys import Key


def keys(event: LeadQualified) -> Iterable[Key]:
    """The person: they may be erased at this moment."""
    return [Key("person", event.person_id)]


def on_lead_qualified(event: LeadQualified, session: Attributing) -> None:
    """Keep a promotion."""
    session.keep_promotion(event)
