"""A person's state: what the fold remembers. Plain values all through, so a store keeps it as it is."""

from dataclasses import dataclass
from typing import NamedTuple

from services.scoring.domain.engagement import Sums
from services.scoring.domain.facts import Card, Key
from services.scoring.domain.fit import fit
from services.scoring.domain.owners import Handoff
from services.scoring.domain.rules import Rules

LINE = (
    "visitor", "subscriber", "lead", "mql", "sal", "sql", "opportunity", "customer", "repeat_customer", "advocate",
)  # fmt: skip
"""The stages on the line, in order. Off it: `recycled` and `disqualified`."""
RANK = {stage: rank for rank, stage in enumerate(LINE, start=1)}


class StageEntry(NamedTuple):
    """One step of the lifecycle: the fact that caused it and the rule that took it."""

    stage: str
    entered_at: int
    cause_event_id: str
    rule: str
    cycle: int


class Cycle(NamedTuple):
    """One pass down the line. `cause` is the touch that qualified it; `sent`: it holds a promotion sent before."""

    number: int
    started_at: int | None
    cause: str | None = None
    qualified_at: int | None = None
    rule: str | None = None
    sent: bool = False


class Sent(NamedTuple):
    """A promotion that was sent, with the cycle that its cause falls into."""

    promotion_id: str
    cycle: int


@dataclass(frozen=True, slots=True)
class State:
    """Everything scoring derives of a person, as of `last`. `reached` is the rank that this cycle came to.

    `sums` are of the whole life and are what is shown; `cycle_sums` count from the cycle's border and are what
    qualifies, so a recycled lead re-qualifies only on acts after the recycling.
    """

    grade: str
    last: Key | None = None
    known: bool = False
    first_touch: str | None = None
    reached: int = 0
    history: tuple[StageEntry, ...] = ()
    cycles: tuple[Cycle, ...] = (Cycle(1, None),)
    sums: Sums = ()
    cycle_sums: Sums = ()
    resting: bool = False
    """Recycled, and neither handed over nor on a deal since: recycled again, it ends no further cycle."""
    deals_won: int = 0
    open_deals: tuple[str, ...] = ()
    may_score: bool = True
    """False: the person refused it, and nothing they do moves anything."""
    may_qualify: bool = True
    """False: the person refused to be handed to sales, and never becomes an MQL."""
    folded: int = 0
    """How many facts are in it."""
    handoffs: tuple[Handoff, ...] = ()
    promotions: tuple[Sent, ...] = ()

    @property
    def stage(self) -> str:
        """Where the person is now; somebody of whom nothing counts is a visitor."""
        return self.history[-1].stage if self.history else LINE[0]

    @property
    def stage_since(self) -> int | None:
        """When that stage was entered."""
        return self.history[-1].entered_at if self.history else None

    @property
    def cycle(self) -> Cycle:
        """The open cycle: the last one."""
        return self.cycles[-1]


def begin(card: Card, rules: Rules) -> State:
    """The state before any fact: the card's fit, what the person allows, and nothing else."""
    return State(fit(card, rules).grade, may_score=card.allows("scoring"), may_qualify=card.allows("sales_handoff"))
