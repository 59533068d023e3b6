"""A person's stages changed: what was handed over may be no promotion any more."""

from collections.abc import Iterable

from services.handoff.handlers.handing import Handing
from shared.contracts.leads import LeadStageChanged
from shared.kernel.keys import Key


def keys(event: LeadStageChanged) -> Iterable[Key]:
    """The person."""
    return [Key("person", event.person_id)]


def on_stage_changed(event: LeadStageChanged, session: Handing) -> None:
    """Hold the history against what was handed over."""
    session.stages(event)
