"""A real Kafka broker: one node that is its own controller."""

import asyncio
from collections.abc import Mapping

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError

from tests.parts.container import Boxed
from tests.parts.engine import Engine, NotHere, Program
from tests.parts.kafka_files import VERSION, broker_properties, classpath
from tests.parts.machine import Say, free_ports, listens
from tests.parts.part import Part, answer_of

_REQUEST_MS = 5_000


class KafkaBroker(Part):
    """A broker at `bootstrap` (`host:port`)."""

    def __init__(self, bootstrap: str, engine: Engine | None = None) -> None:
        super().__init__(engine)
        self.bootstrap = bootstrap

    def version(self) -> str:
        """The version we start, or `of unknown version`; an empty text where no admin client can list topics now."""
        if not listens(self.bootstrap) or not answer_of(self._lists_topics()):
            return ""
        return VERSION if self._engine is not None else "of unknown version"

    async def create_topics(self, partitions: Mapping[str, int], within: float = 30.0) -> None:
        """Create topics with so many partitions; returns when each partition has a leader and can be written."""
        admin = AIOKafkaAdminClient(bootstrap_servers=self.bootstrap, request_timeout_ms=_REQUEST_MS)
        await admin.start()
        try:
            await admin.create_topics([NewTopic(name, count, 1) for name, count in partitions.items()])
            async with asyncio.timeout(within):
                while not _led(await admin.describe_topics(list(partitions)), partitions):
                    continue
        finally:
            await admin.close()

    async def _lists_topics(self) -> bool:
        admin = AIOKafkaAdminClient(bootstrap_servers=self.bootstrap, request_timeout_ms=_REQUEST_MS)
        try:
            await admin.start()
            await admin.list_topics()
        except (KafkaError, OSError):
            return False
        finally:
            await admin.close()
        return True


def _led(described: list[dict[str, object]], partitions: Mapping[str, int]) -> bool:
    """Whether every partition of these topics has a leader; the first produce would fail for a while otherwise."""
    leaders = {str(topic["topic"]): _leaders(topic["partitions"]) for topic in described}
    return all(leaders.get(name, 0) == count for name, count in partitions.items())


def _leaders(partitions: object) -> int:
    return sum(partition["leader"] >= 0 for partition in partitions) if isinstance(partitions, list) else 0


def given(address: str) -> KafkaBroker:
    """The broker the environment names; raises NotHere where it does not answer."""
    broker = KafkaBroker(address)
    if not broker.version():
        raise NotHere(f"nothing answers at {address}")
    return broker


def boxed() -> KafkaBroker:
    """A started broker in a container of the public image."""
    (port,) = free_ports(1)
    properties = broker_properties(listen="0.0.0.0", port=port, controller=9093, folder="/var/lib/kafka/data")  # noqa: S104 - inside its container, mapped to loopback
    environment = {f"KAFKA_{name.replace('.', '_').upper()}": value for name, value in properties.items()}
    engine = Boxed(f"apache/kafka:{VERSION}", environment, {port: port})
    return KafkaBroker(f"127.0.0.1:{port}", engine).started()


def installed(say: Say) -> KafkaBroker:
    """A started broker that runs here, from jars fetched once; raises NotHere where Java or Maven cannot be had."""
    jars = classpath(say)
    port, controller = free_ports(2)
    engine = Program("kafka")
    properties = broker_properties(
        listen="127.0.0.1", port=port, controller=controller, folder=str(engine.folder / "log")
    )
    file = engine.folder / "server.properties"
    file.write_text("".join(f"{name}={value}\n" for name, value in properties.items()))
    java = ("java", "-cp", jars)
    cluster = engine.run(*java, "kafka.tools.StorageTool", "random-uuid").splitlines()[-1]
    engine.run(*java, "kafka.tools.StorageTool", "format", "-t", cluster, "-c", str(file))
    engine.command = ("java", "-Xms128m", "-Xmx512m", *java[1:], "kafka.Kafka", str(file))
    return KafkaBroker(f"127.0.0.1:{port}", engine).started()
