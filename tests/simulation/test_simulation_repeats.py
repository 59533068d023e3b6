"""A seed that failed once fails again the same way: else it could not be looked into."""

import asyncio

import pytest

from shared.testing.simulated_loop import Stuck, simulate
from tests.simulation.cluster import Stores, simulated
from tests.simulation.world import world


def test_the_same_seed_takes_the_same_steps(stores: Stores) -> None:
    arrivals = world(7).arrivals
    first, second = (simulated(7, arrivals, stores).records for _ in range(2))
    assert len(first) > len(arrivals)
    assert first == second


def test_an_hour_of_simulated_time_is_not_waited_for() -> None:
    async def hour() -> float:
        never = asyncio.Event()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(never.wait(), 3600)
        return asyncio.get_running_loop().time()

    assert simulate(hour()) == 3600


def test_a_wait_that_nobody_can_end_is_an_error() -> None:
    with pytest.raises(Stuck):
        simulate(asyncio.Event().wait())
