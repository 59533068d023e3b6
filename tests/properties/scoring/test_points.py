"""Points: never negative, never over the scale, and every one of them explained."""

from math import fsum, inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.scoring.domain.engagement import engagement, explain
from services.scoring.domain.facts import NOBODY, Touch
from services.scoring.domain.lifecycle import refold
from tests.properties.scoring.strategies import Life, instants, lives, touches
from tests.unit.scoring.builders import RULES


@given(lives, instants)
def test_the_entries_sum_to_the_points(life: Life, at: int) -> None:
    state = refold(life.card, RULES, life.touches, life.outcomes, life.deals)
    entries = explain(sorted(life.touches, key=lambda touch: touch.key), RULES, at)
    assert fsum(entry.points_now for entry in entries) == pytest.approx(engagement(state.sums, at, RULES), abs=1e-9)


@given(lives, instants)
def test_points_stay_on_the_scale(life: Life, at: int) -> None:
    state = refold(life.card, RULES, life.touches, life.outcomes, life.deals)
    for sums in (state.sums, state.cycle_sums):
        assert 0 <= engagement(sums, at, RULES) <= 100 + 1e-9


@given(st.lists(touches, max_size=20))
def test_no_rule_holds_or_gives_in_a_day_more_than_its_caps(lived: list[Touch]) -> None:
    for held in refold(NOBODY, RULES, lived).sums:
        rule = RULES.named(held.rule)
        assert abs(held.points) <= rule.cap + 1e-9
        assert abs(held.today) <= (rule.cap_per_day or inf) + 1e-9
