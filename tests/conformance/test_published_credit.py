"""Examples that others have published with their numbers: ours are the same, to the digit.

Bryl 2016 (attribution with Markov chains), Puzyrov 2019, the tests of eeghor/mta; and the four journeys of which
Snowplow, PostHog and Google publish the split by rule.
"""

import numpy as np
import pytest

from services.attribution.domain.paths.study import Study
from tests.reference.path_credit import removal_effects
from tests.unit.attribution.written import Row, named, paths

BRYL: list[Row] = [("C1 > C2 > C3", 1, 0), ("C1", 0, 1), ("C2 > C3", 0, 1)]
PUZYROV: list[Row] = [("google ads", 2, 1), ("mailing", 1, 0), ("google ads > mailing", 1, 0)]
MTA: list[Row] = [("a > b", 3, 1), ("a > c", 1, 1)]


@pytest.mark.parametrize(
    ("rows", "effects", "credit"),
    [
        (BRYL, {"C1": 0.5, "C2": 1, "C3": 1}, {"C1": 0.2, "C2": 0.4, "C3": 0.4}),
        (PUZYROV, {"google ads": 0.75, "mailing": 0.5}, {"google ads": 2.4, "mailing": 1.6}),
        (MTA, {"a": 1, "b": 0.75, "c": 0.25}, {"a": 2, "b": 1.5, "c": 0.5}),
    ],
    ids=["Bryl", "Puzyrov", "mta"],
)
def test_removal_effects_and_credit_over_the_set_are_the_published_ones(
    rows: list[Row], effects: dict[str, float], credit: dict[str, float]
) -> None:
    given = paths(*rows)
    found = Study(given).credited("markov_channel")
    assert found.removal_effects is not None
    assert named(given, found.removal_effects) == pytest.approx(effects)
    assert named(given, found.conversions) == pytest.approx(credit)


@pytest.mark.parametrize("rows", [BRYL, PUZYROV, MTA], ids=["Bryl", "Puzyrov", "mta"])
@pytest.mark.parametrize("order", [1, 2, 3, 4])
def test_removal_effects_are_those_of_a_dense_solve_of_the_whole_chain(rows: list[Row], order: int) -> None:
    given = paths(*rows)
    found = Study(given, order).credited("markov").removal_effects
    assert found is not None
    book = removal_effects([(tuple(path.split(" > ")), won, lost) for path, won, lost in rows], order)
    assert named(given, found) == pytest.approx(book, abs=1e-9)


def test_shapley_of_mta() -> None:
    given = paths(("a", 4, 0), ("a > b", 6, 0))
    assert named(given, Study(given).credited("shapley").conversions) == {"a": 7, "b": 3}


def test_linear_of_mta_counts_repeats() -> None:
    given = paths(("a > a > b", 6, 0))
    assert named(given, Study(given).credited("linear").conversions) == {"a": 4, "b": 2}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("a", {"a": 1}),
        ("a > b", {"a": 0.5, "b": 0.5}),
        ("a > b > c", {"a": 0.4, "b": 0.2, "c": 0.4}),
        ("a > b > c > d", {"a": 0.4, "b": 0.1, "c": 0.1, "d": 0.4}),
    ],
)
def test_position_based_is_40_20_40_and_two_touches_halve_it(path: str, expected: dict[str, float]) -> None:
    given = paths((path, 1, 0))
    assert named(given, Study(given).credited("first_last").conversions) == expected


def test_by_position_each_channel_has_its_part_where_it_was_first_met() -> None:
    """Zhao et al. 2018: R(S)/|S| at the position of the channel in the sequence; repeats are of the first."""
    given = paths(("a > b > a", 6, 0), ("b > a", 2, 0), ("a", 1, 0))
    found = Study(given).credited("shapley_ordered")
    assert found.positions is not None
    np.testing.assert_allclose(found.positions, [[4, 1], [1, 3]])
    np.testing.assert_allclose(found.conversions, Study(given).credited("shapley").conversions)
