"""What a model credited that is no more: it goes when its deal changes, and is in no sum."""

from pathlib import Path

from sqlalchemy import insert, literal, select

from services.attribution.store.tables import CREDITS
from tests.handlers.attribution.rebuilding import rebuilt_is_live
from tests.handlers.attribution.scene import Scene, deal, scene, touch

GONE = "a_model_of_before"


async def credited_by_it(stage: Scene) -> int:
    """How many credits of such a model there are."""
    async with stage.database.read() as reader:
        return len(await reader.rows(select(CREDITS.c.n).where(CREDITS.c.model == GONE)))


async def check(stage: Scene) -> None:
    await stage.tell(touch("t1", 1, channel="email"), touch("t2", 2, channel="phone"), deal("d-1", amount_minor=100_00))
    names = [column.name for column in CREDITS.columns]
    told = [literal(GONE) if name == "model" else CREDITS.c[name] for name in names]
    async with stage.database.work() as work:
        await work.execute(insert(CREDITS).from_select(names, select(*told).where(CREDITS.c.model == "linear")))
    assert await credited_by_it(stage) == 2
    assert await rebuilt_is_live(stage)
    await stage.tell(deal("d-1", version=2, amount_minor=50_00))
    assert await credited_by_it(stage) == 0
    assert await rebuilt_is_live(stage)
    report = await stage.get("/v1/attribution", models="linear")
    assert report["won"]["amount_minor"] == 50_00


async def test_a_model_that_is_no_more_on_sqlite(tmp_path: Path) -> None:
    async with scene(tmp_path) as stage:
        await check(stage)


async def test_a_model_that_is_no_more_on_postgres(tmp_path: Path, postgres_url: str) -> None:
    async with scene(tmp_path, postgres_url) as stage:
        await check(stage)
