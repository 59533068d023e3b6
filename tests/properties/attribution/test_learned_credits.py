"""What holds of a deal's credit by the models that learn: all of it is given, and all deals together are the report."""

from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.attribution.domain.credit import credit
from services.attribution.domain.models.linear import LINEAR
from services.attribution.domain.paths import of_deal
from services.attribution.domain.paths.closed import Closed, learn
from tests.unit.attribution.builders import deal, sequence

CHANNELS = st.lists(st.sampled_from("abcde"), min_size=1, max_size=6).map(tuple)
MODELS = st.sampled_from(sorted(of_deal.RULES))
DEALS = st.lists(st.builds(Closed, CHANNELS, st.none() | st.integers(-(10**9), 10**9)), max_size=8)
EFFECTS = st.dictionaries(st.sampled_from("abcde"), st.floats(0, 1))


@given(MODELS, CHANNELS, EFFECTS, st.integers(-(10**12), 10**12))
def test_a_deal_is_given_away_to_the_last_unit(
    model: str, channels: tuple[str, ...], effects: dict[str, float], amount: int
) -> None:
    every = credit(deal(amount_minor=amount), sequence(*channels), LINEAR)
    found = of_deal.shared(every, of_deal.shares(model, channels, effects))
    assert sum(one.amount_minor for one in found) == amount
    assert sum(one.share for one in found) == 1
    assert {one.interaction_id for one in found} <= {one.interaction_id for one in every}


@given(MODELS, DEALS)
def test_all_deals_together_are_what_the_channels_earned(model: str, deals: list[Closed]) -> None:
    won = [one for one in deals if one.amount_minor is not None]
    effects = of_deal.effects(deals).by_channel
    earned: dict[tuple[str, ...], Fraction] = {}
    for one in won:
        for channel, share in zip(one.channels, of_deal.shares(model, one.channels, effects), strict=True):
            earned[channel,] = earned.get((channel,), Fraction(0)) + share
    sums = learn(deals, [model], 0).sums.get(model, {})
    assert {key: float(each) for key, each in earned.items() if each} == pytest.approx(
        {key: float(row.deals) for key, row in sums.items()}, abs=1e-9
    )


@given(CHANNELS, DEALS)
def test_markov_gives_more_to_whom_more_would_be_lost_without(channels: tuple[str, ...], deals: list[Closed]) -> None:
    effects = of_deal.effects([*deals, Closed(channels, 1)]).by_channel
    found = sorted(zip(channels, of_deal.shares("markov", channels, effects), strict=True), key=lambda one: one[1])
    assert all(effects[less] <= effects[more] + 1e-12 for (less, _), (more, _) in pairwise(found))
