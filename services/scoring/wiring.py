"""Puts scoring together: its store, its session, its routes, its parts."""

from collections.abc import Callable
from math import inf
from pathlib import Path

from services.deployment import Deployment, Service, log_check, store_check, working
from services.scoring.api import exports, funnel, leads
from services.scoring.handlers.scoring import LONG, Scoring
from services.scoring.settings import rules_of
from services.scoring.store.export import sections
from services.scoring.store.ledger import open_ledger
from services.scoring.store.owed import Folding, owed_count
from services.scoring.store.reading import SqlReading
from services.scoring.worker import GROUP, HANDLERS, TOPICS
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
_FOLDING_SECONDS = 0.25


def build(deployment: Deployment, alive: Callable[[], bool]) -> Service:
    """The service, on the log and the store of a deployment; `alive` asks whether the process is well."""
    database = deployment.open_database("scoring")
    rules = rules_of(charter_text.default())
    metrics = Metrics()
    relay = Relay(deployment.log, database, now=deployment.now, metrics=metrics)

    async def open_session(work: Work, keys: frozenset[Key], now: Instant) -> Scoring:
        people, ledger = await open_ledger(work, keys)
        # A file has one writer: what is put off there holds up the others all the same, and for longer.
        return Scoring(people, ledger, rules, now, LONG if work.locks else inf)

    async def undone(reader: Reader) -> int:
        return await uncleaned_count(reader) + await owed_count(reader)

    async def how_far() -> Lag:
        names = tuple(topic.name for topic in TOPICS)
        return await lag(deployment.log, database, GROUP, names, undone=undone)

    folding = Folding(database, open_session, now=deployment.now, committed=relay.wake)
    consuming = Consuming(GROUP, TOPICS, HANDLERS, open_session)
    checks = {**log_check(deployment, TOPICS[0]), **store_check(database, MIGRATIONS)}
    health = Health(metrics, how_far, alive, checks, deployment.settings.metrics_open)
    tokens = Tokens.of(deployment.credentials)
    reading = SqlReading(database)
    routes = [
        leads.router(reading, rules, deployment.now),
        funnel.router(reading),
        export.router("scoring", Exporter(database, sections).export),
        exports.router(reading, rules, deployment.now),
    ]
    return Service(
        name="scoring",
        database=database,
        migrations=MIGRATIONS,
        metrics=metrics,
        api=build_app("scoring", routes, tokens, health),
        health=build_app("scoring worker", [], tokens, health),
        worker=[
            *working(deployment, database, consuming, relay, metrics),
            ("scoring.clean", cleaning(database, deployment.now).run),
            ("scoring.fold", Ticker("fold", folding.due, _FOLDING_SECONDS, deployment.now).run),
        ],
    )
