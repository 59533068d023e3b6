"""Sales did something with a lead that was handed over: a fact of the promotion it came from."""

from collections.abc import Iterable

from services.scoring.domain.facts import Outcome
from services.scoring.handlers.scoring import Scoring
from services.scoring.ports import KeptOutcome
from shared.contracts.handoffs import HandoffActed
from shared.kernel.ids import derived
from shared.kernel.keys import Key


def keys(event: HandoffActed) -> Iterable[Key]:
    """The promotion, which leads to whoever owns what caused it, and the person as hand-off knows them."""
    return [Key("promotion", event.promotion_id), Key("person", event.person_id)]


def on_handoff(event: HandoffActed, session: Scoring) -> None:
    """Keep an outcome."""
    outcome_id = derived("outcome", event.handoff_id, str(event.version))
    outcome = Outcome(
        outcome_id,
        event.at,
        event.act,
        event.outcome,
        handoff_id=event.handoff_id,
        version=event.version,
        owner=event.owner_id,
        reason=event.reason,
    )
    session.keep_outcome(KeptOutcome(outcome, event.promotion_id), event.person_id)
