"""Paths past what fits into one part, one mask or one table: the figures stay those of the book."""

from random import Random

import numpy as np
import pytest

from services.attribution.domain.paths.chain import chain, removal_effects
from services.attribution.domain.paths.closed import Closed, learn
from services.attribution.domain.paths.encoded import Paths
from services.attribution.domain.paths.study import Study
from tests.bench.paths import made
from tests.reference import path_credit as book
from tests.unit.attribution.written import Row, named, paths

MANY = 60_000
"""Paths that take more than one part."""


def first(given: Paths, count: int) -> Paths:
    """The first few paths."""
    end = int(given.offsets[count])
    return Paths(
        names=given.names,
        touches=given.touches[:end],
        offsets=given.offsets[: count + 1],
        conversions=given.conversions[:count],
        values=given.values[:count],
        lost=given.lost[:count],
    )


def rows(given: Paths) -> book.Journeys:
    """Paths as the book takes them."""
    touches = [given.names[touch] for touch in given.touches.tolist()]
    bounds = zip(given.offsets[:-1].tolist(), given.offsets[1:].tolist(), strict=True)
    numbers = zip(given.conversions.tolist(), given.lost.tolist(), strict=True)
    return [(tuple(touches[begin:end]), *counts) for (begin, end), counts in zip(bounds, numbers, strict=True)]


def wide(channels: int) -> list[Row]:
    """Journeys over very many channels."""
    chance = Random(7)
    return [
        (" > ".join(f"{chance.randrange(channels):03d}" for _ in range(chance.randint(1, 9))), 1.0, chance.random())
        for _ in range(50)
    ]


def test_parts_together_are_all_paths_once_and_in_order() -> None:
    given = made(MANY)
    parts = list(given.parts())
    assert len(parts) > 1
    assert np.array_equal(np.concatenate([part.touches for part in parts]), given.touches)
    assert sum(len(part) for part in parts) == MANY


@pytest.mark.parametrize("order", [1, 2])
def test_removal_effects_of_many_paths_are_those_of_a_dense_solve(order: int) -> None:
    given = made(MANY)
    expected = book.removal_effects(rows(given), order)
    found = removal_effects(chain(given, order))
    np.testing.assert_allclose(found, [expected[name] for name in given.names], atol=1e-9)


@pytest.mark.parametrize("model", ["first_last", "last_non_direct", "markov", "shapley", "shapley_ordered"])
def test_many_paths_give_away_what_they_won(model: str) -> None:
    given = made(MANY)
    found = Study(given).credited(model)
    assert found.conversions.sum() == pytest.approx(given.won, rel=1e-12)
    assert found.values.sum() == pytest.approx(given.values.sum(), rel=1e-12)


def test_shapley_by_position_of_many_paths_is_that_of_the_book() -> None:
    given = first(made(MANY), 5_000)
    found = Study(given).credited("shapley_ordered").positions
    assert found is not None
    for (position, name), credit in book.ordered(rows(given)).items():
        assert found[position, given.names.index(name)] == pytest.approx(credit)


def test_more_channels_than_a_table_holds_are_counted_as_they_are_met() -> None:
    drawn = wide(60)
    given = paths(*drawn)
    expected = book.removal_effects([(tuple(path.split(" > ")), won, lost) for path, won, lost in drawn], 3)
    assert named(given, removal_effects(chain(given, 3))) == pytest.approx(expected, abs=1e-6)


def test_shapley_takes_any_number_of_channels() -> None:
    drawn = wide(60)
    given = paths(*drawn)
    expected = dict.fromkeys(given.names, 0.0)
    for path, won, _ in drawn:
        met = set(path.split(" > "))
        for channel in met:
            expected[channel] += won / len(met)
    assert named(given, Study(given).credited("shapley").conversions) == pytest.approx(expected, abs=1e-6)


def test_an_order_that_there_is_not_is_refused() -> None:
    for order in (0, 5):
        with pytest.raises(ValueError, match="the order is 1 to 4"):
            chain(paths(("a", 1, 0)), order)


def test_closed_deals_are_shared_to_the_last_cent() -> None:
    deals = [Closed(("a", "b", "c"), 100), Closed(("a",), None), Closed((), 1), Closed(("b",), -50)]
    found = learn(deals, ["markov", "shapley"], 51)
    for sums in found.sums.values():
        assert sum(row.amount_minor for row in sums.values()) == 51
        assert float(sum(row.deals for row in sums.values())) == pytest.approx(3)
    assert learn([], ["markov"], 0).sums == {}
