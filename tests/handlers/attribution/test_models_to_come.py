"""A model that no sums are kept of is reported from its credits, to the same last cent, in every way of asking."""

from pathlib import Path

from sqlalchemy import insert, literal, select

from services.attribution import wiring
from services.attribution.ports import ReportAsked, Reported
from services.attribution.store.reports import SqlReports
from services.attribution.store.tables import CREDITS, SUMMED_MODELS
from shared.kernel.instant import DAY
from tests.handlers.attribution.scene import START, Scene, deal, scene, touch
from tests.handlers.attribution.test_currencies import DEALS, RATES, VISITS

TO_COME = "a_model_to_come"
PERIODS = ((None, None), (START + 50 * DAY, START + 100 * DAY + 1))
ASKED = (("channel",), ("campaign", "kind"), ("channel", "day"), ("content",))


def earned(found: Reported, model: str) -> dict[tuple[str, ...], tuple[float, int, int]]:
    """What each row earned: its part of deals to nine digits, its money to the last unit."""
    rows = found.sums[model].items()
    return {key: (round(float(one.deals), 9), one.amount_minor, one.volume) for key, one in rows}


async def check(stage: Scene) -> None:
    """Have such a model credit what linear does, and ask for both."""
    assert TO_COME not in SUMMED_MODELS
    await stage.tell(*VISITS, touch("t9", 20, "ben", campaign={"name": "Spring"}), *DEALS, deal("d-6", closed=None))
    names = [column.name for column in CREDITS.columns]
    told = [literal(TO_COME) if name == "model" else CREDITS.c[name] for name in names]
    async with stage.database.work() as work:
        await work.execute(insert(CREDITS).from_select(names, select(*told).where(CREDITS.c.model == "linear")))
    rates = wiring.rules_in_force(stage.settings).rates
    for currency in ("EUR", "USD", "CHF"):
        for since, until in PERIODS:
            for keys in ASKED:
                asked = (ReportAsked((model,), keys, currency, since, until) for model in ("linear", TO_COME))
                summed, read = [await SqlReports(stage.database, rates, "EUR").report(one) for one in asked]
                assert earned(summed, "linear"), "there is something to be told"
                assert earned(read, TO_COME) == earned(summed, "linear")
                assert (read.won, read.unconverted) == (summed.won, summed.unconverted)


async def test_a_model_to_come_on_sqlite(tmp_path: Path) -> None:
    async with scene(tmp_path, rates=RATES) as stage:
        await check(stage)


async def test_a_model_to_come_on_postgres(tmp_path: Path, postgres_url: str) -> None:
    async with scene(tmp_path, postgres_url, rates=RATES) as stage:
        await check(stage)
