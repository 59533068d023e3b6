"""Each of the three guards, taken away alone, is missed within a few seeds: so the simulation can see them."""

from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from services.ingest.handlers.resolving import Resolving
from services.ingest.ports import StoredTouchpoint
from services.ingest.store.session import open_record
from services.ingest.store.touchpoints import SqlTouchpoints
from shared.contracts.records import Outgoing
from shared.db.positions import Move
from shared.db.spine import LOG_POSITIONS
from shared.db.work import Work
from shared.kernel.errors import NotLoaded
from shared.kernel.instant import Instant
from shared.kernel.keys import Key
from shared.log.ports import Log
from shared.runtime.consume import Guards
from shared.testing.chaos import step
from tests.simulation.cluster import GuardsOf, Stores
from tests.simulation.outcome import outcome
from tests.simulation.services_under_test import simulated_services

_SEEDS = 200
_BUSY_STEPS = 8


def _first_failure(stores: Stores, guards: GuardsOf | None = None) -> int | None:
    """The first seed whose outcome is wrong."""
    return next((seed for seed in range(1, 1 + _SEEDS) if outcome(seed, stores, guards)), None)


async def _plain_update(work: Work, group: str, moves: Sequence[Move]) -> None:
    for move in moves:
        topic, number = move.partition
        here = (LOG_POSITIONS.c.topic == topic) & (LOG_POSITIONS.c.partition == number)
        ours = here & (LOG_POSITIONS.c.group_name == group)
        await work.execute(update(LOG_POSITIONS).where(ours).values(next_offset=move.reached))


def test_without_compare_and_set_two_owners_of_a_partition_are_seen(stores: Stores) -> None:
    assert _first_failure(stores, lambda _log: Guards(advance=_plain_update)) is not None


def _published_at_once(log: Log) -> Guards:
    async def leave(_work: Work, records: Sequence[Outgoing]) -> None:
        await log.publish(records)
        # A busy machine: the commit comes a while after what it is to commit was told to all.
        for _ in range(_BUSY_STEPS):
            await step()

    return Guards(leave=leave)


def test_without_an_outbox_what_was_rolled_back_is_seen(stores: Stores) -> None:
    assert _first_failure(stores, _published_at_once) is not None


class _Forgetful(SqlTouchpoints):
    """A record that takes whatever comes for new."""

    async def known(self, ids: Collection[str]) -> set[str]:
        return set()

    async def add(self, touchpoints: Sequence[StoredTouchpoint]) -> None:
        with suppress(NotLoaded):
            await super().add(touchpoints)


async def _open_forgetful(work: Work, keys: frozenset[Key], now: Instant) -> Any:
    return Resolving(replace(await open_record(work, keys, now), touchpoints=_Forgetful(work)), now)


@pytest.fixture
def forgetful(tmp_path: Path) -> Stores:
    return Stores(tmp_path, simulated_services(_open_forgetful))


def test_without_an_inbox_what_is_sent_twice_is_seen(forgetful: Stores) -> None:
    assert _first_failure(forgetful) is not None
