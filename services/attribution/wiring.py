"""Puts attribution together: its store, its session, its routes, its parts."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from services.attribution.api import closing, costs, deals, exports, paths, pipeline, quality, report, spend
from services.attribution.domain.rules import Rules
from services.attribution.handlers.attributing import Attributing
from services.attribution.settings import AttributionSettings, rules_of
from services.attribution.store.books import SqlBooks
from services.attribution.store.converting import Converting
from services.attribution.store.deal_files import SqlExports
from services.attribution.store.export import sections
from services.attribution.store.leads import DerivingLeads, dirty
from services.attribution.store.ledger import open_ledger
from services.attribution.store.models_to_come import ModelsToCome
from services.attribution.store.periods import SqlPeriods
from services.attribution.store.pipeline import PipelineReading
from services.attribution.store.quality import SqlQuality
from services.attribution.store.rates_file import read_rates
from services.attribution.store.reading import SqlReading
from services.attribution.store.reports import SqlReports
from services.attribution.store.spend import SpendReading
from services.attribution.store.walks import SqlWalks
from services.attribution.worker import GROUP, HANDLERS, TOPICS
from services.deployment import Deployment, Service, log_check, store_check, working
from shared.contracts import charter_text
from shared.db.erased import uncleaned_count
from shared.db.export import Exporter
from shared.db.work import Reader, Work
from shared.kernel.instant import Instant
from shared.kernel.keys import Key
from shared.observe.lag import Lag
from shared.observe.metrics import Metrics
from shared.runtime.cleaning import cleaning
from shared.runtime.lag import lag
from shared.runtime.relay import Relay
from shared.runtime.session import Consuming
from shared.runtime.tick import Ticker
from shared.web import export
from shared.web.app import build_app
from shared.web.auth import Tokens
from shared.web.health import Health

MIGRATIONS = Path(__file__).parent / "store" / "migrations"
_AGAIN_SECONDS = 3_600.0
"""Rates and models change when the process starts; another worker may have started with others."""
_GATHER_MS = 100
"""People read what comes of a batch, and webhooks wait for other services on the same cores."""
_LEADS_SECONDS = 0.25
"""So much older than the rest may be what is told of leads."""


def consuming(rules: Rules) -> Consuming[Attributing]:
    """What the loop needs to know of attribution."""

    async def open_session(work: Work, keys: frozenset[Key], now: Instant) -> Attributing:
        people, ledger = await open_ledger(work, keys)
        return Attributing(people, ledger, SqlBooks(work, now), rules, now)

    return Consuming(GROUP, TOPICS, HANDLERS, open_session, gather_ms=_GATHER_MS)


def rules_in_force(settings: AttributionSettings) -> Rules:
    """The charter's rules with the rates that the deployment gives; raises ValueError where those are wrong."""
    rules = rules_of(charter_text.default())
    return replace(rules, rates=read_rates(settings.rates, rules.currency))


def build(deployment: Deployment, alive: Callable[[], bool], settings: AttributionSettings | None = None) -> Service:
    """The service, on the log and the store of a deployment; `alive` asks whether the process is well."""
    database = deployment.open_database("attribution")
    rules = rules_in_force(settings or AttributionSettings())
    metrics = Metrics()
    relay = Relay(deployment.log, database, now=deployment.now, metrics=metrics)

    async def undone(reader: Reader) -> int:
        return await dirty(reader) + await uncleaned_count(reader)

    async def how_far() -> Lag:
        names = tuple(topic.name for topic in TOPICS)
        return await lag(deployment.log, database, GROUP, names, undone=undone)

    checks = {**log_check(deployment, TOPICS[0]), **store_check(database, MIGRATIONS)}
    health = Health(metrics, how_far, alive, checks, deployment.settings.metrics_open)
    tokens = Tokens.of(deployment.credentials)
    reading = SqlReading(database)
    reports, spending = SqlReports(database, rules.rates, rules.currency), SpendReading(database)
    leads, opened = SqlQuality(database, rules.rates), PipelineReading(database, rules.rates)
    routers = [
        report.router(reports, spending, rules),
        deals.router(reading, reports, rules),
        quality.router(leads, rules),
        paths.router(SqlWalks(database, rules.rates), rules),
        export.router("attribution", Exporter(database, sections).export),
        closing.router(SqlPeriods(database), rules, deployment.now),
        exports.router(SqlExports(database), rules),
        spend.router(spending),
        costs.router(reports, spending, leads, opened, rules),
        pipeline.router(opened, rules),
    ]
    converting = Converting(database, rules.rates, rules.currency)
    deriving = DerivingLeads(database, rules)
    loop = consuming(rules)
    to_come = ModelsToCome(database, loop.open, rules.models, now=deployment.now)
    tickers = {
        "converting": Ticker("converting", converting.due, _AGAIN_SECONDS, deployment.now),
        "models": Ticker("models", to_come.due, _AGAIN_SECONDS, deployment.now),
        "leads": Ticker("leads", deriving.due, _LEADS_SECONDS, deployment.now),
    }
    return Service(
        name="attribution",
        database=database,
        migrations=MIGRATIONS,
        metrics=metrics,
        api=build_app("attribution", routers, tokens, health),
        health=build_app("attribution worker", [], tokens, health),
        worker=[
            *working(deployment, database, loop, relay, metrics),
            *((f"attribution.{name}", ticker.run) for name, ticker in tickers.items()),
            ("attribution.clean", cleaning(database, deployment.now).run),
        ],
    )
