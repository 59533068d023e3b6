"""A migration that is killed in its midst is taken up by the next, and what it leaves can be worked with."""

import asyncio
import random
from pathlib import Path

import asyncpg
import pytest

from tests.faults.audit import State
from tests.faults.processes import EMBEDDED, Fleet, Process
from tests.faults.trial import Trial, story_of
from tests.parts.postgres import plain

_KILLS = 6
_LONGEST_SECONDS = 0.6
"""A migration of everything takes about this long once it is connected."""
_STARTED_SECONDS = 30.0
_OTHERS = "select count(*) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"


async def _connected(migrating: Process, looking: asyncpg.Connection) -> None:
    """Return when a migration has a connection, or has ended already."""
    async with asyncio.timeout(_STARTED_SECONDS):
        while migrating.running() and not await looking.fetchval(_OTHERS):
            pass


@pytest.mark.slow
async def test_a_migration_killed_at_any_moment_can_be_run_again(
    tmp_path: Path, postgres_url: str, undisturbed: State
) -> None:
    rng = random.Random(3)
    looking = await asyncpg.connect(plain(postgres_url))
    settings = {"THROUGHLINE_DATABASE": plain(postgres_url), "THROUGHLINE_MIGRATE": "never"}
    with Fleet(tmp_path, EMBEDDED, settings) as fleet:
        for _ in range(_KILLS):
            migrating = fleet.run("migrate")
            await _connected(migrating, looking)
            migrating.ended(within=rng.uniform(0, _LONGEST_SECONDS))
            migrating.kill()
        await looking.close()
        assert fleet.run("migrate").ended(within=_STARTED_SECONDS) == 0
        fleet.start()
        with Trial(fleet, story_of("moved"), tmp_path) as trial:
            for scene in trial.story.scenes:
                trial.play(scene)
            trial.finish()
            assert trial.differences() == []
            assert trial.state() == undisturbed
