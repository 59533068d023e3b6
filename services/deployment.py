"""What all services of a process share: the settings of the deployment, its keys, its log, and how parts run.

It knows no service. Each service's `wiring.py` makes a `Service` from it; `__main__.py` runs those it is asked for.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import Field, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from shared.contracts.topics import RETENTION_DAYS, Topic
from shared.db.engine import Database, open_database, sqlite_url
from shared.db.migrate import pending
from shared.kernel.errors import ThroughlineError
from shared.kernel.instant import DAY, Instant
from shared.log.kafka import KafkaLog
from shared.log.kafka_topics import TopicSettings
from shared.log.ports import Log
from shared.log.sqlite import SqliteLog
from shared.observe import clock
from shared.observe.loop_lag import LoopWatch
from shared.observe.metrics import Metrics
from shared.runtime.consume import Consumer
from shared.runtime.inbox import forgetting
from shared.runtime.relay import Relay
from shared.runtime.session import Consuming, S
from shared.runtime.supervise import Part
from shared.web.credentials import Credentials
from shared.web.direct import Direct
from shared.web.health import Check

ServiceName = Literal["ingest", "scoring", "handoff", "attribution"]
SERVICES: tuple[ServiceName, ...] = get_args(ServiceName)
Network = IPv4Network | IPv6Network

EMBEDDED_PARTITIONS = 4
"""One process reads them all: more would only be more rows to move."""


class Settings(BaseSettings):
    """The settings of a deployment: environment variables `THROUGHLINE_*`."""

    model_config = SettingsConfigDict(env_prefix="THROUGHLINE_", frozen=True)

    data: Path = Field(default=Path("data"), description="Folder of the embedded stores, log and credentials.")
    kafka: str | None = Field(default=None, description="Kafka as host:port[,host:port]; none: the embedded log.")
    database: str | None = Field(default=None, description="PostgreSQL as postgresql://...; none: SQLite files.")
    bind: str = Field(default="127.0.0.1", description="Address to listen on.")
    ingest_port: int = Field(default=8001, description="Port of ingest.")
    scoring_port: int = Field(default=8002, description="Port of scoring.")
    handoff_port: int = Field(default=8003, description="Port of hand-off.")
    attribution_port: int = Field(default=8004, description="Port of attribution.")
    ingest_worker_port: int | None = Field(default=None, description="A worker alone: its health; none: port + 100.")
    scoring_worker_port: int | None = Field(default=None, description="A worker alone: its health; none: port + 100.")
    handoff_worker_port: int | None = Field(default=None, description="A worker alone: its health; none: port + 100.")
    attribution_worker_port: int | None = Field(
        default=None, description="A worker alone: its health; none: port + 100."
    )
    kafka_partitions: int = Field(default=12, ge=1, le=256, description="Partitions of a topic on Kafka; chosen once.")
    kafka_replication: int | None = Field(
        default=None, description="Copies of each topic; none: 1 where one broker is named, else 3."
    )
    kafka_compression: Literal["none", "gzip", "snappy", "lz4", "zstd"] = Field(
        default="none", description="How records are compressed on their way to Kafka; it costs this process's CPU."
    )
    migrate: Literal["start", "never"] = Field(default="start", description="Bring stores up to date at the start.")
    log_level: str = Field(default="info", description="What is logged: debug, info, warning, error.")
    metrics_open: bool = Field(default=False, description="Whether /metrics and /v1/lag need no token.")
    handoff_url: str | None = Field(default=None, description="Where people reach hand-off; none: its own address.")
    ingest_url: str | None = Field(default=None, description="Where people reach ingest; none: its own address.")
    source: str = Field(default="web", description="Name of the source of the first write and server key.")
    services: Annotated[tuple[ServiceName, ...], NoDecode] = Field(
        default=SERVICES,
        description="Services this deployment has, with commas; each has to answer before an erasure is finished.",
    )
    webhook_networks: Annotated[tuple[Network, ...], NoDecode] = Field(
        default=(),
        description="Networks that webhooks may reach besides public addresses, with commas; plain http too.",
    )
    webhook_schedule: str = Field(
        default="0,5,300,1800,7200,18000,36000,50400,72000,86400",
        description="Seconds before each attempt.",
    )
    webhook_lease: float = Field(default=60, gt=0, description="Seconds for which an attempt is claimed by one worker.")
    pool: int = Field(default=5, ge=2, description="PostgreSQL connections a service keeps; as many again under load.")

    @field_validator("webhook_networks", mode="before")
    @classmethod
    def _networks(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(ip_network(part.strip()) for part in value.split(",") if part.strip())
        return value

    @field_validator("services", mode="before")
    @classmethod
    def _listed(cls, value: object) -> object:
        return [one.strip() for one in value.split(",") if one.strip()] if isinstance(value, str) else value

    @model_validator(mode="after")
    def _mix(self) -> "Settings":
        if self.kafka and not self.database:
            raise ValueError(
                "THROUGHLINE_KAFKA needs THROUGHLINE_DATABASE: Kafka is for several processes, SQLite for one"
            )
        return self

    def port(self, service: ServiceName, *, worker_alone: bool = False) -> int:
        """The port a service listens on; a worker alone serves its health there."""
        port: int = getattr(self, f"{service}_port")
        if not worker_alone:
            return port
        given: int | None = getattr(self, f"{service}_worker_port")
        return given if given is not None else port + 100

    def public_url(self, service: Literal["ingest", "handoff"]) -> str:
        """The address that goes into what is sent to people."""
        given = self.ingest_url if service == "ingest" else self.handoff_url
        return given.rstrip("/") if given else f"http://{self.bind}:{self.port(service)}"

    def topic_partitions(self) -> Mapping[str, int]:
        """Every topic there is, dead letters included, with its partitions."""
        return dict.fromkeys(RETENTION_DAYS, self.kafka_partitions if self.kafka else EMBEDDED_PARTITIONS)


@dataclass(frozen=True, slots=True)
class Deployment:
    """What the services of one process share."""

    settings: Settings
    credentials: Credentials
    log: Log
    now: Callable[[], Instant] = clock.now
    stores: dict[ServiceName, Database] = field(default_factory=dict)
    """The stores of the services of this process, as they were opened."""

    def open_database(self, service: ServiceName) -> Database:
        """The store of a service."""
        url = self.settings.database or sqlite_url(self.settings.data, service)
        self.stores[service] = open_database(url, service, pool_size=self.settings.pool)
        return self.stores[service]


def open_log(settings: Settings) -> Log:
    """The log of this deployment, not started yet."""
    if settings.kafka is None:
        return SqliteLog(settings.data / "log.db")
    alone = "," not in settings.kafka
    replication = settings.kafka_replication or (1 if alone else 3)
    compression = None if settings.kafka_compression == "none" else settings.kafka_compression
    made_with = TopicSettings(replication, topic_configs())
    return KafkaLog(settings.kafka, topic_settings=made_with, compression=compression)


def topic_configs() -> Mapping[str, Mapping[str, str]]:
    """What a broker is told of every topic: how long it keeps what it carries."""
    return {name: _retention(days) for name, days in RETENTION_DAYS.items()}


def _retention(days: int | None) -> dict[str, str]:
    return {"cleanup.policy": "compact"} if days is None else {"retention.ms": str(days * DAY)}


@dataclass(frozen=True, slots=True)
class Service:
    """A service, put together: what answers HTTP, what works, and what has to be closed in the end."""

    name: ServiceName
    database: Database
    migrations: Path
    metrics: Metrics
    api: Any
    """The ASGI app."""
    health: Any
    """The ASGI app of a worker alone: health, metrics and lag."""
    worker: Sequence[tuple[str, Part]] = field(default=())
    direct: Direct | None = None
    """Answers, past the app, what comes to it whole."""

    def parts(self, *, working: bool) -> list[tuple[str, Part]]:
        """What runs beside the HTTP server, in a process that works for the service as well as answers, or not."""
        return [(f"{self.name}.loop", LoopWatch(self.metrics).run), *(self.worker if working else ())]


def log_check(deployment: Deployment, topic: Topic) -> Mapping[str, Check]:
    """Ready as far as the log goes: it answers, and can still be written by this process."""

    async def log_answers() -> str | None:
        await deployment.log.bounds([topic.name])
        log = deployment.log
        return log.failure if isinstance(log, KafkaLog) and log.failed.is_set() else None

    return {"log": log_answers}


def store_check(database: Database, migrations: Path) -> Mapping[str, Check]:
    """Ready as far as the store goes: it answers, and it is up to date."""

    async def store_answers() -> str | None:
        head = await pending(database, migrations)
        return f"migration {head} is missing" if head else None

    return {"store": store_answers}


async def until_the_log_fails(log: Log, stopping: asyncio.Event) -> None:
    """A part to run: ends, with an error, where only a new process can write to the log again."""
    failed = log.failed if isinstance(log, KafkaLog) else asyncio.Event()
    waiting = {asyncio.create_task(failed.wait()), asyncio.create_task(stopping.wait())}
    _, late = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    for task in late:
        task.cancel()
    if isinstance(log, KafkaLog) and failed.is_set():
        raise ThroughlineError(f"the log has failed: {log.failure}")


def working(
    deployment: Deployment, database: Database, service: Consuming[S], relay: Relay, metrics: Metrics
) -> list[tuple[str, Part]]:
    """The loop and the relay of a service, and what forgets its inbox, as parts to run."""
    loop = consumer(deployment, database, service, relay, metrics)
    inbox = forgetting(deployment.log, database, service.group, service.topics, deployment.now)
    return [
        (f"{service.group}.consume", loop.run),
        (f"{service.group}.relay", relay.run),
        (f"{service.group}.forget", inbox.run),
    ]


def consumer(
    deployment: Deployment, database: Database, service: Consuming[S], relay: Relay, metrics: Metrics
) -> Consumer[S]:
    """A loop of a service, on the log and the clock of a deployment."""
    return Consumer(deployment.log, database, service, now=deployment.now, left=relay.wake, metrics=metrics)
