"""Reports over many won deals on PostgreSQL, asked over HTTP: what stands between a question and its answer.

Deals, their credits by two models and the sums of all models are generated rows: three years of closes, three
interactions a deal, twelve channels with two campaigns at a time, each of a month, six kinds; spend on every day; and
rows of leads.
"""

import time
from collections.abc import Mapping, Sequence
from statistics import median
from types import MappingProxyType

import asyncpg
import httpx

from services.attribution import wiring
from services.attribution.domain.period import month_of
from services.attribution.settings import AttributionSettings
from services.attribution.store.sums import names_of
from services.deployment import Deployment, Settings
from shared.db.migrate import migrate
from shared.kernel.instant import DAY
from shared.log.memory import MemoryLog
from shared.observe import clock
from shared.web.credentials import load
from tests.bench.bars import COLUMNS, held_against
from tests.bench.run import Run, Section
from tests.bench.server_cpu import of_sessions

_DEALS = 1_000_000
_DAYS = 1_096
_ROUNDS = 9
_START = 1_672_531_200_000
"""2023-01-01T00:00:00Z."""
_KEYS = "channel, department, source, campaign, kind, utm_source"
_REPORT_BAR, _LEADS_BAR = 100, 300
"""Milliseconds."""
_LEADS_EVERY = 10
"""A lead for each of so many deals, and a tenth of the leads with a deal of their own."""
_ASKED: Mapping[str, tuple[str, int | None]] = MappingProxyType(
    {
        "all time, two models by channel": ("/v1/attribution?models=first_last,linear", _REPORT_BAR),
        "all time, all rule models by channel": ("/v1/attribution", _REPORT_BAR),
        "all time, two models by campaign": (
            "/v1/attribution?models=first_last,linear&group_by=campaign",
            _REPORT_BAR,
        ),
        "all time, two models by channel and kind": (
            "/v1/attribution?models=first_last,linear&group_by=channel,kind",
            _REPORT_BAR,
        ),
        "700 days from an odd minute to an odd minute": (
            "/v1/attribution?models=first_last,linear&from=2023-11-03T10:17:00Z&to=2025-10-03T16:41:00Z",
            _REPORT_BAR,
        ),
        "costs of leads and deals, and payback, by channel, all time": ("/v1/costs", None),
        "quality of all leads by channel": ("/v1/quality?group_by=channel", _LEADS_BAR),
        "quality of all leads by campaign, told by lead creation": (
            "/v1/quality?group_by=campaign&by=lead_creation",
            _LEADS_BAR,
        ),
    }
)


async def measure(run: Run) -> list[Section]:
    """The table of reports."""
    rows: list[tuple[str, ...]] = []
    notes: list[str] = []
    deals = min(10 * run.effort.facts, _DEALS)
    async with run.step("reports", notes), run.database() as url:
        rows = await _answered(run, url, deals)
    notes.append(
        f"Over {deals:,} won deals in one currency and {deals // _LEADS_EVERY:,} leads, through the routes of the "
        f"service as it is wired, in this process; the median of {_ROUNDS}. `CPU`: of this process, then of the "
        "database's, a question. Rule models alone: models that learn read journeys. What is not whole days is read "
        "from credits."
    )
    return [
        Section("Reports", ("question", "slowest ms", "CPU ms", "database CPU ms", "ms", *COLUMNS[2:]), rows, notes)
    ]


async def _answered(run: Run, url: str, deals: int) -> list[tuple[str, ...]]:
    settings = Settings(data=run.scratch("reports"), database=url)
    deployment = Deployment(settings, load(settings.data, {}), MemoryLog(now=clock.now))
    service = wiring.build(deployment, lambda: True, AttributionSettings(rates=None))
    rules = wiring.rules_in_force(AttributionSettings(rates=None))
    try:
        await migrate(service.database, service.migrations)
        run.say(f"making {deals:,} won deals")
        await _fill(url, deals, list(rules.models))
        run.say("asking for reports")
        token = deployment.credentials.admin_token
        transport = httpx.ASGITransport(service.api)
        async with httpx.AsyncClient(transport=transport, base_url="http://attribution", auth=(token, "")) as client:
            return [await _timed(client, url, name, path, bar) for name, (path, bar) in _ASKED.items()]
    finally:
        await service.database.close()


async def _timed(client: httpx.AsyncClient, url: str, name: str, path: str, bar: int | None) -> tuple[str, ...]:
    (await client.get(path)).raise_for_status()  # The first one compiles the statement.
    took: list[float] = []
    cpu, served = time.process_time(), await of_sessions(url)
    for _ in range(_ROUNDS):
        began = time.perf_counter()
        answer = await client.get(path)
        took.append((time.perf_counter() - began) * 1_000)
        answer.raise_for_status()
    spent = [(time.process_time() - cpu) / _ROUNDS, (await of_sessions(url) - served) / _ROUNDS]
    what, *held = held_against(name, median(took), bar, most=True)
    return what, f"{max(took):.1f}", *(f"{one * 1_000:.0f}" for one in spent), *held


async def _fill(url: str, deals: int, models: list[str]) -> None:
    connection = await asyncpg.connect(url, server_settings={"search_path": "attribution"})
    try:
        await connection.execute(_SUMMED, deals)
        for model in models[:2]:
            await connection.execute(_CREDITS.format(model=model))
        await connection.execute("CREATE TEMP TABLE months (day BIGINT PRIMARY KEY, month BIGINT)")
        days = [_START + day * DAY for day in range(_DAYS)]
        await connection.copy_records_to_table("months", records=[(day, month_of(day)) for day in days])
        for span in ("month", "day"):
            await connection.execute(_WON_SUMS.format(span=span))
            await connection.execute(_MODEL_SUMS.format(span=span, first=models[0], **_of_all(models)))
        await connection.execute(_SPEND)
        await connection.execute(_LEADS, deals // _LEADS_EVERY)
        await connection.execute(_LEAD_DEALS, deals // _LEADS_EVERY)
        await connection.execute("ANALYZE")
    finally:
        await connection.close()


def _of_all(models: Sequence[str]) -> Mapping[str, str]:
    """The columns of all models' sums, and what each is given."""
    return {
        "sums": ", ".join(name for model in models for name in names_of(model)),
        "given": ", ".join(["parts, amount, amount"] * len(models)),
    }


_SUMMED = f"""
INSERT INTO summed SELECT 'd-' || n, {_START} + (n * 7919 % {_DAYS}) * {DAY} + n * 104729 % {DAY}, 'EUR',
    100000 + n % 900000, 'EUR', 100000 + n % 900000 FROM generate_series(1::bigint, $1) AS n
"""  # noqa: S608 - figures of our own
_CREDITS = """
INSERT INTO credits (deal_id, model, n, occurred_at, kind, channel, campaign, department, source, utm_source, share,
    part, amount_minor)
SELECT deal_id, '{model}', i, closed_at - i, 'kind-' || (at / 11 + i) % 6, 'channel-' || c,
    'campaign-' || c || '-' || at / 2592000 || '-' || at % 2,
    CASE WHEN c < 9 THEN 'marketing' ELSE 'sales' END, 'web', 'source-' || c,
    '1/3', 1.0 / 3, amount_minor / 3 + CASE WHEN i < amount_minor % 3 THEN 1 ELSE 0 END
FROM (SELECT *, closed_at / 1000 AS at FROM summed) s, generate_series(0, 2) i,
    LATERAL (SELECT (at / 7 + i * 5) % 12 AS c) met
"""
_SPEND = f"""
INSERT INTO spend SELECT gen_random_uuid(), 1, gen_random_uuid(), 'web', 'channel-' || c,
    'campaign-' || c || '-0-' || i, {_START} + n * {DAY}, 10000 + n, 'EUR', 0
FROM generate_series(0::bigint, {_DAYS} - 1) n, generate_series(0, 11) c, generate_series(0, 1) i
"""  # noqa: S608 - figures of our own
_FOUND = ", ".join(
    f"'channel-' || n % 12, 'web', 'campaign-' || n % {campaigns}, 'marketing', 'kind-' || n % 6, 'mail'"
    for campaigns in (700, 800, 900)
)
"""By each of the three ways of asking; in the order of the columns."""
_PERSON = "('00000000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid"
_LEADS = f"""
INSERT INTO leads SELECT {_PERSON}, closed_at - {30 * DAY}, closed_at - {20 * DAY}, NULL, NULL, 1, n % 2, n % 5 / 4,
    n % 3 / 2, CASE WHEN n % 5 = 4 THEN '["no-budget"]' END, CASE WHEN n % 4 = 0 THEN 'a podcast' ELSE '' END, {_FOUND}
FROM generate_series(1::bigint, $1) AS n JOIN summed ON deal_id = 'd-' || n
"""  # noqa: S608 - figures of our own
_LEAD_DEALS = f"""
INSERT INTO lead_deals SELECT 'd-' || n, {_PERSON} FROM generate_series(10::bigint, $1, 10) AS n
"""  # noqa: S608 - figures of our own
_WON_SUMS = """
INSERT INTO won_sums SELECT '{span}', {span}, currency, currency, count(*), sum(amount_minor), sum(amount_minor)
FROM summed JOIN months ON day = closed_at - closed_at % 86400000 GROUP BY {span}, currency
"""
_MODEL_SUMS = f"""
INSERT INTO model_sums (span, reported_in, start, {_KEYS}, {{sums}})
SELECT '{{span}}', 'EUR', {{span}}, {_KEYS}, {{given}}
FROM (SELECT {{span}}, {_KEYS}, sum(floor(part * 1099511627776 + 0.5)) AS parts, sum(c.amount_minor) AS amount
    FROM credits c JOIN summed s ON s.deal_id = c.deal_id JOIN months ON day = closed_at - closed_at % 86400000
    WHERE model = '{{first}}' GROUP BY {{span}}, {_KEYS}) whole
"""  # noqa: S608 - names of our own
"""All models are given the same credits: what a report reads does not depend on who earned what."""
