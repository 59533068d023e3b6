"""A person's stages changed: keep the whole history.

Promises: the highest version holds; the deals of whoever became a lead at another moment are derived again.
Leaves out: which interaction led there (domain/journey.py decides, once per batch and deal).
"""

from collections.abc import Iterable

from services.attribution.handlers.attributing import Attributing
from shared.contracts.leads import LeadStageChanged
from shared.kernel.keys import Key


def keys(event: LeadStageChanged) -> Iterable[Key]:
    """The person."""
    return [Key("person", event.person_id)]


def on_stage_changed(event: LeadStageChanged, session: Attributing) -> None:
    """Keep a history."""
    session.keep_stages(event)
