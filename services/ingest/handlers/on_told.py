"""Another service said something of a person: a step of their journey, or a line of the receipt of their erasure."""

from collections.abc import Iterable

from msgspec import json

from services.ingest.handlers.resolving import Resolving
from services.ingest.ports import Step
from shared.contracts.erasures import ErasureDone
from shared.contracts.handoffs import HandoffActed
from shared.contracts.leads import LeadStageChanged
from shared.kernel.ids import derived
from shared.kernel.keys import Key


def no_keys(_event: LeadStageChanged | HandoffActed | ErasureDone) -> Iterable[Key]:
    """A step touches nobody: whose it is, is told when it is read."""
    return ()


def on_stage_changed(event: LeadStageChanged, session: Resolving) -> None:
    """Keep all stages of a lead: the highest version holds."""
    body = json.encode(event).decode()
    session.keep_step(Step(derived("stages", event.person_id), event.person_id, "stages", event.version, body))


def on_handoff_acted(event: HandoffActed, session: Resolving) -> None:
    """Keep an act on a hand-off."""
    step_id = derived("handoff", event.handoff_id, str(event.version))
    body = json.encode(event).decode()
    session.keep_step(Step(step_id, event.person_id, "handoff", event.version, body, event.handoff_id))


def on_erasure_done(event: ErasureDone, session: Resolving) -> None:
    """Keep what a service has removed."""
    session.keep_answer(event)
