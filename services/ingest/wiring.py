"""Puts ingest together: the doors, the resolver, the people, on the log and the store of a deployment.

The doors need the log alone: an `ingest:api` takes events whether the database is there or not.
"""

from collections.abc import Callable
from pathlib import Path

from services.cleaning import cleaning
from services.deployment import Deployment, Service, consumer, log_check, store_check, working
from services.ingest.api import accounts, acts, erasures, events, people, rejected, reviews
from services.ingest.api.collect import Collector
from services.ingest.api.door_keys import DoorKey
from services.ingest.api.door_schema import door_paths
from services.ingest.api.doorway import Doorway
from services.ingest.api.posts import PostsDoor
from services.ingest.api.tally import Tally
from services.ingest.domain.limits import Limits
from services.ingest.settings import IngestSettings
from services.ingest.store.account_reading import SqlAccountReading
from services.ingest.store.commands import Show, SqlIdentityCommands
from services.ingest.store.erasing import ErasureTerms, SqlErasing
from services.ingest.store.export import sections
from services.ingest.store.reading import SqlReading
from services.ingest.store.session import opening
from services.ingest.worker import GROUP, TOPICS, loops
from shared.contracts import topics
from shared.db.engine import Database
from shared.db.export import Exporter
from shared.observe.lag import Lag
from shared.observe.metrics import Metrics
from shared.runtime.crash_points import crashing
from shared.runtime.lag import lag
from shared.runtime.pace import Pace
from shared.runtime.relay import Relay
from shared.runtime.tick import Ticker
from shared.web import export
from shared.web.app import PathSwitch, build_app
from shared.web.auth import KeyLookup, Tokens
from shared.web.health import Health
from shared.web.ids import draw_message_id

MIGRATIONS = Path(__file__).parent / "store" / "migrations"
_SUPPRESSION = "suppression"
_ERASING_SECONDS = 0.5
"""Whoever waits for a receipt waits this much longer; nobody else notices."""


class _Keys:
    """The keys of this deployment, as the doors ask for them."""

    def __init__(self, keys: KeyLookup, origins: frozenset[str]) -> None:
        self._keys = keys
        self._origins = origins

    def lookup(self, secret: str) -> DoorKey | None:
        """What a secret opens; None where it is unknown."""
        found = self._keys.lookup(secret)
        return None if found is None else DoorKey(found.source, found.trusted, self._origins)


def _doors(deployment: Deployment, settings: IngestSettings, metrics: Metrics) -> tuple[Collector, PostsDoor]:
    """What takes events, and what takes the posts of back ends."""
    origins = frozenset(one.strip() for one in settings.origins.split(",") if one.strip())
    keys = _Keys(KeyLookup.of(deployment.credentials, deployment.settings.source), origins)
    limits = Limits(body_bytes=settings.request_bytes, body_seconds=settings.body_seconds)
    secret = deployment.credentials.derived_key("record keys")
    shared = (crashing(deployment.log), keys, deployment.now, draw_message_id, limits)
    collector = Collector(Doorway(*shared, Tally(metrics, "segment"), origins), secret)
    return collector, PostsDoor(Doorway(*shared, Tally(metrics, "source")), secret)


def build(deployment: Deployment, alive: Callable[[], bool]) -> Service:
    """The service; `alive` asks whether the process is well."""
    settings = IngestSettings()
    database = deployment.open_database("ingest")
    metrics, metrics_open = Metrics(), deployment.settings.metrics_open
    relay = Relay(deployment.log, database, now=deployment.now, metrics=metrics)

    async def how_far() -> Lag:
        names = tuple(topic.name for topic in TOPICS)
        return await lag(deployment.log, database, GROUP, names, undone=erasing.undone)

    open_session = opening(settings.person_limits(), deployment.credentials.derived_key(_SUPPRESSION))
    first, patient = loops(open_session, Pace(settings.aliases_per_second, deployment.now))
    erasing = _erasing(deployment, database, settings, relay.wake)
    log_answers = log_check(deployment, topics.TOUCHPOINTS_COLLECTED)
    health = Health(metrics, how_far, alive, log_answers, metrics_open)
    worker_checks = {**log_answers, **store_check(database, MIGRATIONS)}
    worker_health = Health(metrics, how_far, alive, worker_checks, metrics_open)
    tokens = Tokens.of(deployment.credentials)
    reading, of_accounts = SqlReading(database), SqlAccountReading(database)
    commands = SqlIdentityCommands(
        database,
        open_session,
        Show(acts.outcome_body, reviews.review_body),
        now=deployment.now,
        committed=relay.wake,
    )
    routers = [
        people.router(reading, of_accounts, settings.person_limits()),
        accounts.router(of_accounts),
        acts.router(commands),
        erasures.router(erasing),
        reviews.router(reading, commands),
        events.router(reading),
        rejected.router(reading),
        export.router("ingest", Exporter(database, sections).export),
    ]
    collector, posts = _doors(deployment, settings, metrics)
    routes = build_app("ingest", routers, tokens, health, elsewhere=door_paths(collector.paths | posts.paths))
    return Service(
        name="ingest",
        database=database,
        migrations=MIGRATIONS,
        metrics=metrics,
        api=PathSwitch(collector, collector.paths, PathSwitch(posts, posts.paths, routes)),
        health=build_app("ingest worker", [], tokens, worker_health),
        direct=collector,
        worker=[
            *working(deployment, database, first, relay, metrics),
            ("ingest.aliases", consumer(deployment, database, patient, relay, metrics).run),
            ("ingest.erase", Ticker("erase", erasing.due, _ERASING_SECONDS, deployment.now).run),
        ],
    )


def _erasing(
    deployment: Deployment, database: Database, settings: IngestSettings, committed: Callable[[], None]
) -> SqlErasing:
    """How people are erased, in this deployment."""
    key = deployment.credentials.derived_key(_SUPPRESSION)
    others = frozenset(deployment.settings.services) - {GROUP}
    terms = ErasureTerms(key, settings.person_limits(), others, cleaning(deployment))
    return SqlErasing(database, terms, erasures.erasure_body, now=deployment.now, committed=committed)
