"""Promotion: exactly once a qualifying cycle, whatever comes late.

A derived cycle that holds any sent promotion sends none, and what was sent is a fact that moves with its
touchpoint; so numbers of cycles may change under a late fact and nobody is handed over twice. Where the touchpoint gets
another owner the promotion is said again, of them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from services.scoring.domain.facts import Card, Touch
from services.scoring.domain.state import RANK, Sent, State
from shared.kernel.ids import derived


@dataclass(frozen=True, slots=True)
class Promote:
    """This person is to be handed over, because of the touch `cause` at `at`. The id is that of its cause."""

    promotion_id: str
    cause: str
    at: int
    cycle: int


def promotion_id(cause: str) -> str:
    """The id of the promotion that a touch causes."""
    return derived("promotion", cause)


def with_sent(state: State, cause: str) -> State:
    """The state with the promotion that a touch of its open cycle caused: it was sent."""
    cycle = state.cycle._replace(sent=True)
    promotions = (*state.promotions, Sent(promotion_id(cause), cycle.number))
    return replace(state, cycles=(*state.cycles[:-1], cycle), promotions=promotions)


def standing(state: State) -> Mapping[str, bool]:
    """Of each promotion that was sent whether it stands: a stage from MQL on was entered in its cycle, or later."""
    qualified = (entry.cycle for entry in state.history if RANK.get(entry.stage, 0) >= RANK["mql"])
    last = max(qualified, default=0)
    return {sent.promotion_id: sent.cycle <= last for sent in sorted(state.promotions)}


def promotions_due(state: State, card: Card) -> tuple[Promote, ...]:
    """What is to be sent now: at most one. A stage may be entered before anybody knows who it is; this waits."""
    cycle = state.cycle
    if cycle.cause is None or cycle.qualified_at is None or cycle.sent:
        return ()
    if not card.reachable or not card.allows("sales_handoff") or state.stage == "disqualified":
        return ()
    return (Promote(promotion_id(cycle.cause), cycle.cause, cycle.qualified_at, cycle.number),)


def moved(state: State, cause: Touch) -> Promote:
    """A promotion that was sent, as it stands in the life of whoever its cause turned out to be of."""
    borders = (cycle.started_at for cycle in state.cycles[1:])
    passed = sum(border is not None and border < cause.occurred_at for border in borders)
    return Promote(promotion_id(cause.id), cause.id, cause.occurred_at, 1 + passed)
