"""Each guard of the loop, taken away alone from two processes on one PostgreSQL, is missed within 50 seeds.

Both read all partitions, die at any time, and count; nothing they do is safe to do twice.
"""

from random import Random

import pytest

from shared.contracts.records import Outgoing
from shared.db.outbox import outgoing
from shared.contracts.envelope import Emit
from shared.kernel.ids import derived
from shared.testing.store_suite import things
from tests.simulation_postgres.cluster import WAVES, Cluster, cluster
from tests.simulation_postgres.counting import COUNTING, ONCE, REPEATED, says

_WORDS, _EVENTS = 3, 12
_KILLS = 0.5


def _told(seed: int) -> list[list[Outgoing]]:
    """What is said in a seed's bursts: the one sender says it once, the other some of it again."""
    chance = Random(seed)
    once, repeated = [], []
    for number in range(_EVENTS):
        word = f"w{chance.randrange(_WORDS)}-{seed}"
        event = says(derived("said", str(seed), str(number)), word)
        once.append(outgoing(Emit(ONCE.name, word, event)))
        repeated.append(outgoing(Emit(REPEATED.name, word, event)))
    return [once, repeated, chance.sample(repeated, _EVENTS // 3)]
