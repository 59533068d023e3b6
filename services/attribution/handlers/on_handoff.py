"""Sales did something with a lead that was handed over: keep the act.

Promises: each act of a hand-off is kept once, under its version. Leaves out: what became of the lead in the end, a fold
over all acts of its hand-offs, and credit, which no act changes.
"""

from collections.abc import Iterable

from services.attribution.handlers.attributing import Attributing
from shared.contracts.handoffs import HandoffActed
from shared.kernel.keys import Key


def keys(event: HandoffActed) -> Iterable[Key]:
    """The person: they may be erased at this moment."""
    return [Key("person", event.person_id)]


def on_handoff(event: HandoffActed, session: Attributing) -> None:
    """Keep an act."""
    session.keep_act(event)
