"""Whatever dies, whenever, and in whatever order things arrive: the services end where the plain model does."""

import pytest

from tests.simulation.cluster import Stores
from tests.simulation.outcome import outcome

_SEEDS = 200
_PARTS = 8


@pytest.mark.parametrize("part", range(_PARTS))
def test_the_services_end_where_the_plain_model_does(stores: Stores, part: int) -> None:
    for seed in range(1 + part, 1 + _SEEDS, _PARTS):
        wrong = outcome(seed, stores)
        assert wrong == [], f"seed {seed}; again with: make sim SEED={seed} N=1"
