"""The lifecycle as a fold: `step` takes a state over one more fact, and nothing else ever changes a state.

Facts come in the order of their keys. Stages go forward inside a cycle (some may be skipped) and backward only
by name. A cycle ends where a fact says so: the lead was recycled, a deal was won or lost.
"""

from collections.abc import Iterable
from dataclasses import replace

from services.scoring.domain.engagement import at_most, earned, engagement
from services.scoring.domain.facts import Card, DealClosed, DealFact, DealOpened, Fact, Known, Outcome, Touch, in_order
from services.scoring.domain.owners import heard
from services.scoring.domain.promotion import with_sent
from services.scoring.domain.rules import Rules
from services.scoring.domain.state import RANK, Cycle, StageEntry, State, begin

_LEAD, _MQL, _SQL, _CUSTOMER = RANK["lead"], RANK["mql"], RANK["sql"], RANK["customer"]
_ANSWERS = {"accepted": "sal", "sales_qualified": "sql"}
_TAKEN_UP = ("assigned", *_ANSWERS)


def refold(
    card: Card,
    rules: Rules,
    touches: Iterable[Touch],
    outcomes: Iterable[Outcome] = (),
    deals: Iterable[DealFact] = (),
) -> State:
    """The state that all of a person's facts give, whatever order they are handed over in."""
    return fold(begin(card, rules), in_order(card, touches, outcomes, deals), rules)


def fold(state: State, facts: Iterable[Fact], rules: Rules) -> State:
    """The state after these facts, which are in order and come after all that the state has seen."""
    last, count = state.last, 0
    for fact in facts:
        state, last, count = _after(state, fact, rules), fact.key, count + 1
    # Where it stands is written once: for each of a long past's facts it would be half of the work.
    return replace(state, last=last, folded=state.folded + count) if count else state


def continues(state: State, fact: Fact) -> bool:
    """Whether a state may be stepped over this fact; if not, everything is folded again."""
    return state.last is None or fact.key > state.last


def step(state: State, fact: Fact, rules: Rules) -> State:
    """The state after one more fact, which comes after all that the state has seen."""
    return fold(state, (fact,), rules)


def _after(state: State, fact: Fact, rules: Rules) -> State:
    match fact:
        case Touch():
            return _touched(state, fact, rules)
        case Outcome():
            return _answered(replace(state, handoffs=heard(state.handoffs, fact)), fact)
        case Known():
            return _became_known(state, fact)
        case DealOpened():
            opened = replace(state, open_deals=(*state.open_deals, fact.id), resting=False)
            return _forward(opened, "opportunity", fact.at, fact.id, "deal_opened")
        case _:
            return _deal_closed(state, fact)


def _touched(state: State, touch: Touch, rules: Rules) -> State:
    if touch.promoted:
        state = with_sent(state, touch.id)
    if not (touch.counts and state.may_score):
        return state
    if not state.reached:
        state = _forward(state, "visitor", touch.occurred_at, touch.id, "first_touch")
    if touch.is_act:
        state = _acted(state, touch, rules)
    rule = _qualifies(state, touch, rules)
    return state if rule is None else _qualified(state, touch, rule)


def _acted(state: State, touch: Touch, rules: Rules) -> State:
    if state.first_touch is None and touch.kind in rules.interactions:
        state = replace(state, first_touch=touch.id)
    state = _scored(state, touch, rules)
    if state.reached < _LEAD:
        rule = _makes_a_lead(state, touch, rules)
        if rule is not None:
            state = _forward(state, "lead", touch.occurred_at, touch.id, rule)
    if touch.kind in rules.repeat_kinds and state.stage == "customer":
        return _entered(state, "repeat_customer", touch.occurred_at, touch.id, touch.kind)
    if touch.kind in rules.advocate_kinds and state.stage in ("customer", "repeat_customer"):
        return _entered(state, "advocate", touch.occurred_at, touch.id, touch.kind)
    return state


def _scored(state: State, touch: Touch, rules: Rules) -> State:
    """In a person's first cycle both sets of sums are the same, and are added up once."""
    sums = earned(state.sums, touch, rules)
    cycle_sums = sums if state.sums == state.cycle_sums else earned(state.cycle_sums, touch, rules)
    if sums is state.sums and cycle_sums is state.cycle_sums:
        return state
    return replace(state, sums=sums, cycle_sums=cycle_sums)


def _makes_a_lead(state: State, touch: Touch, rules: Rules) -> str | None:
    if touch.kind in rules.lead_kinds_of_ours:
        return touch.kind
    if not state.known:
        return None
    if touch.kind in rules.lead_kinds and touch.direction == "inbound":
        return touch.kind
    least = rules.lead_points
    if least is not None and _points(state, touch.occurred_at, rules, least) >= least:
        return "points"
    return None


def _qualifies(state: State, touch: Touch, rules: Rules) -> str | None:
    """The rule by which this touch makes an MQL. Points make one only of a person who is known by then."""
    if state.reached >= _MQL or not state.may_qualify:
        return None
    raised = rules.raised_hand(touch) if touch.is_act else None
    if raised is not None:
        return f"hand_raiser:{raised}"
    least = rules.mql_points.get(state.grade)
    if least is None or not state.known or _points(state, touch.occurred_at, rules, least) < least:
        return None
    return f"matrix:{state.grade}"


def _points(state: State, at: int, rules: Rules, least: float) -> float:
    """The cycle's points, worked out only where they can come to `least` at all."""
    return engagement(state.cycle_sums, at, rules) if at_most(state.cycle_sums) >= least else 0.0


def _qualified(state: State, touch: Touch, rule: str) -> State:
    cycle = state.cycle._replace(cause=touch.id, qualified_at=touch.occurred_at, rule=rule)
    return _forward(_with_cycle(state, cycle), "mql", touch.occurred_at, touch.id, rule)


def _became_known(state: State, known: Known) -> State:
    """Somebody known has been seen, so they are a visitor first, if only for an instant."""
    state = _forward(replace(state, known=True), "visitor", known.at, known.id, "first_touch")
    return _forward(state, "subscriber", known.at, known.id, "known")


def _answered(state: State, outcome: Outcome) -> State:
    """What ends a cycle is told by what sales did alone, never by touches, so that late ones move no border."""
    if outcome.act in _TAKEN_UP:
        state = replace(state, resting=False)
    forward = _ANSWERS.get(outcome.act)
    if forward is not None:
        return _forward(state, forward, outcome.at, outcome.id, outcome.act)
    ending = outcome.outcome if outcome.act == "rejected" else outcome.act
    if ending == "recycled" and not state.resting:
        return _recycled(state, outcome.at, outcome.id, outcome.act)
    if ending != "disqualified" or state.stage == ending:
        return state
    # From here only a deal leads back: what sales ruled out is not brought up again by clicks.
    return replace(_entered(state, ending, outcome.at, outcome.id, outcome.act), reached=_SQL)


def _deal_closed(state: State, deal: DealClosed) -> State:
    """A won deal makes a customer and ends the cycle. A lost one does so only where it was what kept it open."""
    state = replace(state, open_deals=tuple(one for one in state.open_deals if one != deal.id))
    if deal.won:
        stage = "customer" if state.deals_won == 0 else "repeat_customer"
        state = replace(state, deals_won=state.deals_won + 1, resting=False)
        return _new_cycle(_entered(state, stage, deal.at, deal.id, "deal_won"), deal.at)
    if state.stage != "opportunity" or state.open_deals:
        return state
    return _recycled(state, deal.at, deal.id, "deal_lost")


def _recycled(state: State, at: int, cause: str, rule: str) -> State:
    return replace(_new_cycle(_entered(state, "recycled", at, cause, rule), at), resting=True)


def _new_cycle(state: State, at: int) -> State:
    """Sums start again, and so does the line, from `lead`: who was here before is no lead from cold."""
    cycles = (*state.cycles, Cycle(state.cycle.number + 1, at))
    return replace(state, cycles=cycles, cycle_sums=(), reached=_LEAD)


def _with_cycle(state: State, cycle: Cycle) -> State:
    return replace(state, cycles=(*state.cycles[:-1], cycle))


def _forward(state: State, stage: str, at: int, cause: str, rule: str) -> State:
    """The stage entered, unless this cycle is there or further."""
    if RANK[stage] <= state.reached:
        return state
    return replace(_entered(state, stage, at, cause, rule), reached=RANK[stage])


def _entered(state: State, stage: str, at: int, cause: str, rule: str) -> State:
    cycles = state.cycles
    if cycles[-1].started_at is None:
        cycles = (*cycles[:-1], cycles[-1]._replace(started_at=at))
    entry = StageEntry(stage, at, cause, rule, cycles[-1].number)
    return replace(state, cycles=cycles, history=(*state.history, entry))
