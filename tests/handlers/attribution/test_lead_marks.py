"""Marks of leads, taken by a tick while a batch leaves more of them: neither waits for what the other holds."""

import asyncio
from pathlib import Path

from sqlalchemy import text

from services.attribution.ports.leads import Changed
from services.attribution.store.leads import mark
from tests.handlers.attribution.sales_news import stages
from tests.handlers.attribution.scene import NOW, Scene, merged, person, scene
from tests.handlers.attribution.test_lead_rows import rebuilt_is_live, settle

SECONDS = 30
WAITS = text("SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()")


async def somebody_waits(stage: Scene) -> None:
    """Return as soon as a transaction waits for another."""
    async with asyncio.timeout(SECONDS):
        while True:
            async with stage.database.read() as reader:
                if await reader.first(WAITS) is not None:
                    return


def news(who: str) -> Changed:
    """Something was said of somebody by an id of theirs."""
    return Changed({}, named=frozenset({person(who)}))


async def test_a_tick_that_waits_for_whom_somebody_was_merged_into_holds_nothing(
    tmp_path: Path, postgres_url: str
) -> None:
    async with scene(tmp_path, postgres_url) as stage:
        await stage.tell(stages("ana", lead=1), stages("ben", lead=2), merged("ben", "ana"))
        await settle(stage)
        async with stage.database.work() as work:
            await mark(work, news("ben"))
        async with stage.database.work() as batch:
            await mark(batch, news("ana"))
            tick = asyncio.create_task(stage.leads.due(NOW))
            await somebody_waits(stage)
            await mark(batch, news("ben"))
        await tick
        assert await rebuilt_is_live(stage)
