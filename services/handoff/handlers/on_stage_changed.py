"""A person's stages changed: what was handed over may be no promotion any more."""

from collections.abc import Iterable

from services.handoff.handlers.handing import Handing
from services.handoff.ports import Standing
from shared.contracts.leads import LeadStageChanged
from shared.kernel.keys import Key


def keys(event: LeadStageChanged) -> Iterable[Key]:
    """The person."""
    return [Key("person", event.person_id)]


def on_stage_changed(event: LeadStageChanged, session: Handing) -> None:
    """Hold what is said of their promotions against what was handed over."""
    if event.covers:  # Without, it is of before promotions were told with it, and is said again.
        said = Standing(event.person_id, event.version, event.stage, event.covers, event.promotions, event.cycles)
        session.standing(said)
