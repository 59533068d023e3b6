"""A model that no sums are kept of is reported from its credits, to the same last cent, in every way of asking."""

from dataclasses import replace
from pathlib import Path

from sqlalchemy import insert, literal, select

from services.attribution import wiring
from services.attribution.domain.models import MODELS
from services.attribution.ports import ReportAsked, Reported
from services.attribution.store.models_to_come import ModelsToCome
from services.attribution.store.pipeline import PipelineReading
from services.attribution.store.reports import SqlReports
from services.attribution.store.tables import CREDITS, SUMMED_MODELS
from shared.kernel.instant import DAY
from tests.handlers.attribution.scene import NOW, START, Scene, deal, scene, touch
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


async def brought(stage: Scene) -> None:
    """Have a release with another model come after deals were won, opened, lost, and their month closed."""
    await stage.tell(*VISITS, *DEALS, deal("d-6", "cleo"), deal("d-7", closed=None), deal("d-8", status="lost"))
    assert (await stage.post("/v1/periods/2026-04/close")).status_code == 200
    before = await stage.derived()
    rules = wiring.rules_in_force(stage.settings)
    more = replace(rules, models={**rules.models, TO_COME: replace(MODELS["time_decay"], name=TO_COME)})
    coming = ModelsToCome(stage.database, wiring.consuming(more).open, more.models, now=lambda: NOW)
    assert await coming.due(NOW) == 7, "six were won, one is open"
    assert await coming.due(NOW) == 0
    settled = await stage.derived()
    assert await coming.due(NOW) == 7
    assert await stage.derived() == settled, "what has all models is left alone"
    assert [await coming.due(NOW), await coming.due(NOW)] == [0, 0], "a whole round found nothing: it looks no more"
    assert [row for row in settled if TO_COME not in row] == before
    reports, opened = SqlReports(stage.database, rules.rates, "EUR"), PipelineReading(stage.database, rules.rates)
    for asked in (ReportAsked(("time_decay", TO_COME), keys, "EUR") for keys in ASKED):
        found = await reports.report(asked)
        assert earned(found, TO_COME) == earned(found, "time_decay")
        assert sum(one.amount_minor for one in found.sums[TO_COME].values()) == found.won.amount_minor > 0
    standing = (await opened.open(ReportAsked(("time_decay", TO_COME), ("channel",), "EUR"))).sums
    assert standing[TO_COME] == standing["time_decay"] != {}
    whole = ReportAsked((TO_COME,), ("channel",), "EUR", view="as_reported")
    adjusted = (await reports.report(whole)).adjusted["2026-04"][TO_COME]
    assert sum(one.amount_minor for one in adjusted.values()) > 0, "the month was closed without it: it is told apart"


async def test_a_model_to_come_on_sqlite(tmp_path: Path) -> None:
    async with scene(tmp_path, rates=RATES) as stage:
        await check(stage)


async def test_a_model_to_come_on_postgres(tmp_path: Path, postgres_url: str) -> None:
    async with scene(tmp_path, postgres_url, rates=RATES) as stage:
        await check(stage)


async def test_deals_of_before_get_it_on_sqlite(tmp_path: Path) -> None:
    async with scene(tmp_path, rates=RATES) as stage:
        await brought(stage)


async def test_deals_of_before_get_it_on_postgres(tmp_path: Path, postgres_url: str) -> None:
    async with scene(tmp_path, postgres_url, rates=RATES) as stage:
        await brought(stage)


async def test_where_all_have_sums_no_deal_is_looked_at(tmp_path: Path) -> None:
    async with scene(tmp_path) as stage:
        await stage.tell(*VISITS, deal())
        rules = wiring.rules_in_force(stage.settings)
        coming = ModelsToCome(stage.database, wiring.consuming(rules).open, rules.models, now=lambda: NOW)
        assert await coming.due(NOW) == 0
