"""A store that was in use before there were sums has them after its migration, as if they had always been kept."""

from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path

from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import Connection, Table, delete, select

from services.attribution.store.tables import CREDIT_SUMS, MODEL_SUMS, SUMMED, WON_SUMS
from shared.db.dialect import Upsert
from tests.handlers.attribution.rebuilding import rebuilt_is_live
from tests.handlers.attribution.scene import Json, Scene, deal, scene, touch

_FILES = ("0007_sums", "0012_sums_of_all_models")
_FIRST, _TOGETHER = (import_module(f"services.attribution.store.migrations.versions.{name}") for name in _FILES)
STORY = (
    touch("t1", 1, channel="email", campaign={"name": "Spring", "source": "mail"}),
    touch("t2", 2, channel="phone"),
    touch("t3", 3, channel="event"),
    deal("d-1", amount_minor=100_01),
    deal("d-2", "ben", closed=31, amount_minor=7),
    deal("d-3", "ana", currency="USD"),
    deal("d-4", closed=None),
)


def filled(connection: Connection) -> None:
    """Run what the migrations do with what is there, from the one that brought sums: a row for each model."""
    with Operations.context(MigrationContext.configure(connection)):
        _TOGETHER.downgrade()
        _FIRST.fill(connection.dialect.name)
        _TOGETHER.upgrade()


def there_and_back(connection: Connection) -> None:
    """Have a row for each model, and again one for all."""
    with Operations.context(MigrationContext.configure(connection)):
        _TOGETHER.downgrade()
        _TOGETHER.upgrade()


async def reports(stage: Scene) -> list[Json]:
    """What is answered before and after."""
    return [await stage.get("/v1/attribution", group_by=keys) for keys in ("channel", "campaign,utm_source", "content")]


async def migrated(stage: Scene, step: Callable[[Connection], None], without: Sequence[Table] = ()) -> None:
    """Run a step of migrations on the store of a scene, some of whose tables are emptied before."""
    async with stage.database.engine.connect() as connection:
        writing = await connection.execution_options(throughline_writes=True)
        async with writing.begin():
            for table in without:
                await writing.execute(delete(table))
            await writing.run_sync(step)


async def check(stage: Scene) -> None:
    """Forget the sums, have the migrations make them, and look whether anything is different; then move them."""
    await stage.tell(*STORY)
    before = await reports(stage)
    for step, without in ((filled, (SUMMED, WON_SUMS, MODEL_SUMS)), (there_and_back, ())):
        await migrated(stage, step, without)
        assert await rebuilt_is_live(stage)
        assert await reports(stage) == before


async def test_sums_of_before_on_sqlite(tmp_path: Path) -> None:
    async with scene(tmp_path) as stage:
        await check(stage)


async def test_sums_of_before_on_postgres(tmp_path: Path, postgres_url: str) -> None:
    async with scene(tmp_path, postgres_url) as stage:
        await check(stage)


async def test_what_a_worker_of_before_still_writes_is_added(tmp_path: Path, postgres_url: str) -> None:
    of_before = Upsert(
        CREDIT_SUMS,
        conflict=[column.name for column in CREDIT_SUMS.primary_key],
        add=("parts", "amount_minor", "volume"),
    )
    key = ("email", "marketing", "web", "", "page_viewed", "")
    async with scene(tmp_path, postgres_url) as stage, stage.database.work() as work:
        for model, times in (("linear", 2), ("first_touch", 1)):
            for _ in range(times):
                await work.write(of_before, [("day", "EUR", model, 0, *key, 5, -7, 7)])
        [row] = await work.rows(select(MODEL_SUMS))
    found = {name: value for name, value in row._asdict().items() if value and name not in MODEL_SUMS.primary_key}
    linear = {"linear_parts": 10, "linear_minor": -14, "linear_volume": 14}
    assert found == {**linear, "first_touch_parts": 5, "first_touch_minor": -7, "first_touch_volume": 7}
