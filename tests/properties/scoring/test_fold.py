"""The fold: order of arrival never matters, and a snapshot folded on is the whole folded again."""

from random import Random

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from services.scoring.domain.facts import Fact, in_order
from services.scoring.domain.lifecycle import continues, fold, refold
from services.scoring.domain.state import RANK, State, begin
from tests.properties.scoring.strategies import Life, lives
from tests.unit.scoring.builders import RULES


def facts_of(life: Life) -> tuple[Fact, ...]:
    return in_order(life.card, life.touches, life.outcomes, life.deals)


def state_of(life: Life) -> State:
    return refold(life.card, RULES, life.touches, life.outcomes, life.deals)


@given(lives, st.randoms(use_true_random=False))
def test_any_order_of_arrival_gives_the_same_state(life: Life, chance: Random) -> None:
    expected = state_of(life)
    for part in (life.touches, life.outcomes, life.deals):
        chance.shuffle(part)
    assert state_of(life) == expected


@given(lives, st.data())
def test_a_stored_snapshot_folded_on_is_the_whole_folded_again(life: Life, data: st.DataObject) -> None:
    facts = facts_of(life)
    cut = data.draw(st.integers(0, len(facts)))
    snapshot = fold(begin(life.card, RULES), facts[:cut], RULES)
    stored = msgspec.json.decode(msgspec.json.encode(snapshot), type=State)
    assert fold(stored, facts[cut:], RULES) == state_of(life)


@given(lives)
def test_each_fact_continues_the_state_before_it_and_none_twice(life: Life) -> None:
    state = begin(life.card, RULES)
    for fact in facts_of(life):
        assert continues(state, fact)
        state = fold(state, [fact], RULES)
        assert not continues(state, fact)


@given(lives)
def test_inside_a_cycle_the_line_is_walked_backward_only_by_name(life: Life) -> None:
    ranks: dict[int, int] = {}
    for entry in state_of(life).history:
        if entry.stage == "disqualified":
            ranks[entry.cycle] = 0
        elif entry.stage in RANK and entry.rule not in ("deal_won", "review_posted", "purchase_repeated"):
            assert RANK[entry.stage] > ranks.get(entry.cycle, 0)
            ranks[entry.cycle] = RANK[entry.stage]


@given(lives)
def test_cycles_are_numbered_and_in_time(life: Life) -> None:
    state = state_of(life)
    assert [cycle.number for cycle in state.cycles] == list(range(1, len(state.cycles) + 1))
    entered = [entry.entered_at for entry in state.history]
    assert entered == sorted(entered)
