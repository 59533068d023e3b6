"""Whatever the paths: every deal is told of once in each view, and what comes to a place leaves it."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from services.attribution.domain.walks import START, Walk, assists, by_lag, by_length, top_paths, transitions

STEPS = st.lists(st.sampled_from(["ad", "call", "mail"]), max_size=6).map(tuple)
WALKS = st.lists(
    st.builds(
        lambda steps, outcome, amount, lasted: Walk(steps, outcome, amount, lasted if steps else None),
        STEPS,
        st.sampled_from(["won", "lost"]),
        st.integers(-100, 10**9),
        st.integers(0, 10**11),
    ),
    max_size=12,
)


@given(WALKS, st.booleans())
def test_every_deal_and_all_money_are_in_one_path_and_one_length(walks: list[Walk], repeats: bool) -> None:
    for rows in (top_paths(walks, repeats=repeats), by_length(walks)):
        assert sum(found.deals for _, found in rows) == len(walks)
        assert sum(found.amount_minor for _, found in rows) == sum(walk.amount_minor for walk in walks)
    assert sum(found.deals for _, found in by_lag(walks)) == sum(bool(walk.steps) for walk in walks)


@given(WALKS, st.booleans())
def test_as_many_come_to_a_place_as_leave_it(walks: list[Walk], repeats: bool) -> None:
    came: Counter[str] = Counter()
    left: Counter[str] = Counter()
    for start, end, count in transitions(walks, repeats=repeats):
        left[start] += count
        came[end] += count
    ends = {outcome: sum(walk.outcome == outcome for walk in walks) for outcome in ("won", "lost")}
    assert (left.pop(START, 0), came.pop("(won)", 0), came.pop("(lost)", 0)) == (len(walks), ends["won"], ends["lost"])
    assert came == left


@given(WALKS)
def test_every_won_deal_with_a_path_has_one_last_touch(walks: list[Walk]) -> None:
    won = [walk for walk in walks if walk.outcome == "won" and walk.steps]
    assert sum(found.last_deals for _, found in assists(walks)) == len(won)
    assert all(found.deals <= len(won) for _, found in assists(walks))
