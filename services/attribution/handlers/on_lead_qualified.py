"""A lead qualified: keep the promotion as a fact of the touch that caused it.

Promises: it belongs to whoever owns that touch, now and after any merge or split. Leaves out: credit, which no
promotion changes; so nobody has to be locked.
"""

from collections.abc import Iterable

from services.attribution.handlers.attributing import Attributing
from shared.contracts.leads import LeadQualified
from shared.kernel.keys import Key


def keys(_event: LeadQualified) -> Iterable[Key]:
    """Nobody."""
    return []


def on_lead_qualified(event: LeadQualified, session: Attributing) -> None:
    """Keep a promotion."""
    session.keep_promotion(event)
