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

_WORDS, _EVENTS = 3, 12
_KILLS = 0.5


def _said(seed: int) -> tuple[list[Outgoing], Counter[str]]:
    """What is said for a seed, some of it again, and how often each word has to be counted."""
    chance = Random(seed)
    once: list[Outgoing] = []
    repeated: list[Outgoing] = []
    right: Counter[str] = Counter()
    for number in range(_EVENTS):
        word = f"w{chance.randrange(_WORDS)}-{seed}"
        event = says(derived("said", str(seed), str(number)), word)
        once.append(outgoing(Emit(ONCE.name, word, event)))
        repeated.append(outgoing(Emit(REPEATED.name, word, event)))
        right[word] += 1
    return [*once, *repeated, *chance.sample(repeated, _EVENTS // 3)], right


async def _miscounting(running: Cluster, right: Counter[str]) -> set[str]:
    """The services whose totals are wrong."""
    if not await running.settled():
        return set(running.databases)
    found = {name: await things(database) for name, database in running.databases.items()}
    return {name for name, totals in found.items() if {w: count for w, (_, count) in totals.items()} != right}


async def _miscounting_first(url: str, without: str = "") -> set[str]:
    """The services whose totals are wrong after the first wave that ends wrong; none where all end right."""
    chance = Random(without)
    right: Counter[str] = Counter()
    async with cluster(url, COUNTING, without, chance) as running:
        for wave in WAVES:
            said: list[Outgoing] = []
            for seed in wave:
                records, totals = _said(seed)
                said += records
                right += totals
            await running.hear([said[start : start + 40] for start in range(0, len(said), 40)], _KILLS)
            if wrong := await _miscounting(running, right):
                return wrong
    return set()


@pytest.mark.slow
async def test_with_all_guards_everything_counts_once(postgres_url: str) -> None:
    assert await _miscounting_first(postgres_url) == set()


@pytest.mark.slow
async def test_without_compare_and_set_two_owners_of_a_partition_count_twice(postgres_url: str) -> None:
    assert "trusting" in await _miscounting_first(postgres_url, "compare-and-set")


@pytest.mark.slow
async def test_without_an_inbox_what_is_sent_twice_counts_twice(postgres_url: str) -> None:
    assert "first" in await _miscounting_first(postgres_url, "inbox")


@pytest.mark.slow
async def test_without_an_outbox_what_was_rolled_back_counts_too(postgres_url: str) -> None:
    assert "second" in await _miscounting_first(postgres_url, "outbox")
