"""What holds of credit over paths: it is what the book and the rule for one journey say, and it adds up."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.attribution.domain.journey import Milestone
from services.attribution.domain.models import MODELS
from services.attribution.domain.paths import chain as chains
from services.attribution.domain.paths.encoded import Paths, Timed
from services.attribution.domain.paths.study import NAMES, Study
from shared.kernel.instant import DAY
from tests.reference import path_credit as book
from tests.unit.attribution.builders import START, at_days, sequence
from tests.unit.attribution.written import Row, named, paths

CHANNELS = ("a", "b", "c", "direct")
ROWS: st.SearchStrategy[list[Row]] = st.lists(
    st.tuples(
        st.lists(st.sampled_from(CHANNELS), min_size=1, max_size=6).map(" > ".join),
        st.integers(0, 5).map(float),
        st.integers(0, 5).map(float),
    ),
    min_size=1,
    max_size=8,
)
ORDERS = st.integers(1, 4)


def journeys(rows: list[Row]) -> book.Journeys:
    return [(tuple(path.split(" > ")), won, lost) for path, won, lost in rows]


@given(ROWS, ORDERS)
def test_every_model_gives_away_what_was_won_and_takes_from_nobody(rows: list[Row], order: int) -> None:
    study = Study(paths(*rows), order)
    for name in NAMES:
        if study.left_out(name) is None:
            credited = study.credited(name)
            assert credited.conversions.min() >= 0
            assert credited.conversions.sum() == pytest.approx(study.paths.won)
            assert credited.values.sum() == pytest.approx(10 * study.paths.won)


@given(ROWS, st.sampled_from([name for name in MODELS if Study(paths(("a", 1, 0))).left_out(name) is None]))
def test_a_rule_gives_all_paths_together_what_it_gives_each_alone(rows: list[Row], name: str) -> None:
    expected = dict.fromkeys(CHANNELS, Fraction(0))
    for path, won, _ in journeys(rows):
        for channel, share in zip(path, MODELS[name].shares(sequence(*path)), strict=True):
            expected[channel] += int(won) * share
    found = named(together := paths(*rows), Study(together).credited(name).conversions)
    assert found == pytest.approx({channel: float(expected[channel]) for channel in found}, abs=1e-6)


@given(ROWS, ORDERS)
def test_removal_effects_are_those_of_a_dense_solve(rows: list[Row], order: int) -> None:
    given = paths(*rows)
    chain = chains.chain(given, order)
    expected = list(book.removal_effects(journeys(rows), order).values())
    np.testing.assert_allclose(chains.removal_effects(chain), expected, atol=1e-9)


@given(ROWS, ORDERS)
def test_walking_a_large_chain_finds_what_solving_it_does(rows: list[Row], order: int) -> None:
    chain = chains.chain(paths(*rows), order)
    if chain.converts.any():
        np.testing.assert_allclose(chains.walked(chain), chains.solved(chain), atol=1e-9)


@given(ROWS)
def test_markov_inside_journeys_is_shared_by_the_effects_of_their_own_touches(rows: list[Row]) -> None:
    given = paths(*rows)
    found = Study(given).credited("markov")
    assert found.removal_effects is not None
    effects = dict(zip(given.names, found.removal_effects.tolist(), strict=True))
    assert named(given, found.conversions) == pytest.approx(book.inside_journeys(journeys(rows), effects), abs=1e-6)


@given(ROWS)
def test_shapley_is_what_a_walk_over_all_sets_finds(rows: list[Row]) -> None:
    given = paths(*rows)
    assert named(given, Study(given).credited("shapley").conversions) == pytest.approx(
        book.shapley(journeys(rows)), abs=1e-6
    )


@given(ROWS)
def test_shapley_by_position_adds_up_to_shapley(rows: list[Row]) -> None:
    given = paths(*rows)
    found = Study(given).credited("shapley_ordered")
    assert found.positions is not None
    cells = {(position, name): found.positions[position, index] for position in range(len(found.positions))
             for index, name in enumerate(given.names)}  # fmt: skip
    assert {key: value for key, value in cells.items() if value} == pytest.approx(book.ordered(journeys(rows)))
    np.testing.assert_allclose(found.conversions, Study(given).credited("shapley").conversions)


@given(
    st.lists(st.integers(0, 60), min_size=1, max_size=7).map(sorted),
    *[st.one_of(st.none(), st.integers(0, 60))] * 2,
    st.sampled_from([name for name, model in MODELS.items() if model.milestones] + ["time_decay"]),
)
def test_milestones_and_times_weigh_in_a_file_as_in_a_deal(
    days: list[int], lead: int | None, deal: int | None, name: str
) -> None:
    journey = at_days(*days, lead=lead, deal=deal, won=days[-1])
    marked = {
        milestone: np.array([-1 if (at := journey.position(milestone)) is None else at]) for milestone in Milestone
    }
    path = one_journey(len(days))
    study = Study(path, timed=Timed(path, START + np.array(days) * DAY, marked))
    np.testing.assert_allclose(study.credited(name).conversions, [float(s) for s in MODELS[name].shares(journey)])


def one_journey(touches: int) -> Paths:
    """A won journey of so many touches, each of a channel of its own."""
    return paths((" > ".join(f"{number:02d}" for number in range(touches)), 1, 0))
