import os
import time
from random import Random

import pytest

from tests.simulation_postgres.cluster import SEEDS, WAVES, cluster
from tests.simulation_postgres.journeys import JOURNEYS
from tests.simulation_postgres.test_real_processes import _bursts, _wrong


@pytest.mark.parametrize("without", os.environ["W"].split("/"))
async def test_x(postgres_url: str, without) -> None:
    chance = Random(os.environ.get("S", without))
    async with cluster(postgres_url, JOURNEYS, without, chance) as running:
        for wave in WAVES:
            t = time.monotonic()
            await running.hear(_bursts(chance, wave), 0.3)
            w = await _wrong(running, SEEDS[: wave[-1]])
            print("WAVE", without, wave, w, round(time.monotonic() - t, 1), flush=True)
            if w:
                break
