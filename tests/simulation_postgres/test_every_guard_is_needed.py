"""Each guard of the loop, taken away alone from two processes on one PostgreSQL, is missed within 50 seeds.

Both read all partitions, die at any time, and count; nothing they do is safe to do twice.
"""

from collections import Counter
from random import Random

import pytest

from shared.contracts.envelope import Emit
from shared.contracts.records import Outgoing
from shared.db.outbox import outgoing
from shared.kernel.ids import derived
from shared.testing.store_suite import things
from tests.simulation_postgres.cluster import WAVES, Cluster, cluster
from tests.simulation_postgres.counting import COUNTING, ONCE, REPEATED, says

_EVENTS = 12
_BURST = 40
_DEATHS = 8


def _said(seed: int) -> tuple[list[Outgoing], Counter[str]]:
    """What is said for a seed, some of it again, and how often its word has to be counted: batches end anywhere
    in it, so what is told of it differs where a batch is taken anew."""
    chance = Random(seed)
    once: list[Outgoing] = []
    repeated: list[Outgoing] = []
    word = f"word-{seed}"
    for number in range(_EVENTS):
        event = says(derived("said", str(seed), str(number)), word)
        once.append(outgoing(Emit(ONCE.name, word, event)))
        repeated.append(outgoing(Emit(REPEATED.name, word, event)))
    return [*once, *repeated, *chance.sample(repeated, _EVENTS // 3)], Counter({word: _EVENTS})


async def _miscounting(running: Cluster, right: Counter[str]) -> dict[str, set[str]]:
    """The services whose totals are wrong, once all is quiet, each with the words that tell the seeds."""
    if not await running.settled():
        return {"never quiet": set()}
    found = {name: await things(database) for name, database in running.databases.items()}
    counted = {name: {word: count for word, (_, count) in totals.items()} for name, totals in found.items()}
    return {name: set(dict(right.items() ^ totals.items())) for name, totals in counted.items() if totals != right}


async def _miscounting_first(url: str, without: str = "", deaths: int = _DEATHS) -> dict[str, set[str]]:
    """The services whose totals are wrong after the first wave that ends wrong, each with the words; none where all
    end right."""
    chance = Random(without)
    right: Counter[str] = Counter()
    async with cluster(url, COUNTING, without, chance) as running:
        for wave in WAVES:
            said: list[Outgoing] = []
            for seed in wave:
                records, totals = _said(seed)
                said += records
                right += totals
            await running.hear([said[start : start + _BURST] for start in range(0, len(said), _BURST)], deaths)
            if wrong := await _miscounting(running, right):
                return wrong
    return {}


@pytest.mark.slow
async def test_with_all_guards_everything_counts_once(postgres_url: str) -> None:
    assert await _miscounting_first(postgres_url) == {}


@pytest.mark.slow
async def test_without_compare_and_set_two_owners_of_a_partition_count_twice(postgres_url: str) -> None:
    # Both have to live at the same time, and to begin anew takes longer than what there is to do.
    assert "trusting" in await _miscounting_first(postgres_url, "compare-and-set", deaths=0)


@pytest.mark.slow
async def test_without_an_inbox_what_is_sent_twice_counts_twice(postgres_url: str) -> None:
    assert "first" in await _miscounting_first(postgres_url, "inbox")


@pytest.mark.slow
async def test_without_an_outbox_what_was_rolled_back_counts_too(postgres_url: str) -> None:
    assert "second" in await _miscounting_first(postgres_url, "outbox")
