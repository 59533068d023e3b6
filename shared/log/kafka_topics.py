"""Topics on a Kafka cluster: made where they are missing, checked, waited for; and which topic one is.

Leaves out: changing a topic that is there. Another number of partitions would break the order per key.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any, ClassVar, Self
from uuid import UUID

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.client import AIOKafkaClient
from aiokafka.errors import IncompatibleBrokerVersion, KafkaError, TopicAlreadyExistsError, for_code
from aiokafka.protocol.api import RequestHeader_v2, ResponseHeader_v1
from aiokafka.protocol.types import Boolean, CompactArray, CompactString, Int16, Int32, Schema, TaggedFields

from shared.kernel.errors import TryLater

_MAX_MESSAGE_BYTES = 1024 * 1024
_REQUEST_MS = 5_000
_LEADER_SECONDS = 20.0
_LEADER_PACE = 0.1
_METADATA_KEY = 3
_METADATA_VERSION = 12
"""The first that can be asked without writing to the cluster and tells topic ids; every broker since 3.0 has it."""


@dataclass(frozen=True, slots=True)
class TopicSettings:
    """What topics are made with. `configs`: topic to broker settings, as retention.ms or cleanup.policy."""

    replication: int = 1
    configs: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


async def ensure_topics(bootstrap: str, topics: Mapping[str, int], settings: TopicSettings) -> None:
    """Make what is missing and return when each partition has a leader.

    Raises ValueError where a topic has another number of partitions, TryLater where the cluster does not answer."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap, request_timeout_ms=_REQUEST_MS)
    try:
        async with asyncio.timeout(_LEADER_SECONDS):
            await admin.start()
            there = await _partitions(admin)
            await _create(admin, {name: topics[name] for name in topics if name not in there}, settings)
            there = await _led(admin, topics)
    except (KafkaError, OSError) as error:
        raise TryLater(f"the topics at {bootstrap} cannot be made ready: {error!r}") from error
    finally:
        await admin.close()
    for name, partitions in topics.items():
        if len(there[name]) != partitions:
            raise ValueError(f"{name} has {len(there[name])} partitions, not {partitions}")


async def topic_id(bootstrap: str, topic: str) -> str:
    """The id the cluster gave this very topic; raises TryLater where it does not answer or has no such topic."""
    client = AIOKafkaClient(bootstrap_servers=bootstrap, request_timeout_ms=_REQUEST_MS)
    try:
        async with asyncio.timeout(2 * _REQUEST_MS / 1000):
            await client.bootstrap()
            return str((await client.send(client.get_random_node(), _TopicIdRequest(topic))).topic_id())
    except (KafkaError, OSError) as error:
        raise TryLater(f"the id of {topic} cannot be had: {error!r}") from error
    finally:
        await client.close()


async def _create(admin: AIOKafkaAdminClient, missing: Mapping[str, int], settings: TopicSettings) -> None:
    if not missing:
        return
    limit = {"max.message.bytes": str(_MAX_MESSAGE_BYTES)}
    response = await admin.create_topics(
        [
            NewTopic(name, partitions, settings.replication, topic_configs=limit | dict(settings.configs.get(name, {})))
            for name, partitions in missing.items()
        ]
    )
    for name, code, *_ in response.topic_errors:
        error = for_code(code)
        if code and error is not TopicAlreadyExistsError:  # another process may have made it meanwhile
            raise error(name)


async def _partitions(admin: AIOKafkaAdminClient) -> dict[str, list[int]]:
    """The leaders of each topic's partitions. All topics are asked for: naming one could make it."""
    described = await admin.describe_topics()
    return {topic["topic"]: [part["leader"] for part in topic["partitions"]] for topic in described}


async def _led(admin: AIOKafkaAdminClient, topics: Mapping[str, int]) -> dict[str, list[int]]:
    """As _partitions, once each has a leader: the first produce to one without fails with noise."""
    while True:
        leaders = await _partitions(admin)
        if all(leaders.get(name) and min(leaders[name]) >= 0 for name in topics):
            return leaders
        await asyncio.sleep(_LEADER_PACE)


class _Uuid:
    """The wire type aiokafka lacks."""

    @staticmethod
    def decode(data: BytesIO) -> UUID:
        return UUID(bytes=data.read(16))

    @staticmethod
    def encode(value: UUID) -> bytes:
        return value.bytes


_TAGS = ("tags", TaggedFields)
_PARTITION = (
    ("error_code", Int16),
    ("partition", Int32),
    ("leader", Int32),
    ("leader_epoch", Int32),
    ("replicas", CompactArray(Int32)),
    ("isr", CompactArray(Int32)),
    ("offline_replicas", CompactArray(Int32)),
    _TAGS,
)
_TOPIC = (
    ("error_code", Int16),
    ("topic", CompactString("utf-8")),
    ("topic_id", _Uuid),
    ("is_internal", Boolean),
    ("partitions", CompactArray(*_PARTITION)),
    ("operations", Int32),
    _TAGS,
)
_BROKER = (
    ("node_id", Int32),
    ("host", CompactString("utf-8")),
    ("port", Int32),
    ("rack", CompactString("utf-8")),
    _TAGS,
)
_RESPONSE = Schema(
    ("throttle_time_ms", Int32),
    ("brokers", CompactArray(*_BROKER)),
    ("cluster_id", CompactString("utf-8")),
    ("controller_id", Int32),
    ("topics", CompactArray(*_TOPIC)),
    _TAGS,
)
_REQUEST = Schema(
    ("topics", CompactArray(("topic_id", _Uuid), ("topic", CompactString("utf-8")), _TAGS)),
    ("allow_auto_topic_creation", Boolean),
    ("include_operations", Boolean),
    _TAGS,
)


@dataclass(frozen=True, slots=True)
class _TopicIdResponse:
    fields: Sequence[Any]

    API_KEY: ClassVar = _METADATA_KEY
    API_VERSION: ClassVar = _METADATA_VERSION

    @classmethod
    def decode(cls, data: BytesIO) -> Self:
        return cls(_RESPONSE.decode(data))

    def topic_id(self) -> UUID:
        code, _, found, *_ = self.fields[4][0]
        if code:
            raise for_code(code)()
        return UUID(str(found))


class _TopicIdRequest:
    """Metadata of one topic in the version that tells its id: aiokafka's own stop at an older one."""

    API_KEY = _METADATA_KEY
    API_VERSION = _METADATA_VERSION
    RESPONSE_TYPE = _TopicIdResponse

    def __init__(self, topic: str) -> None:
        self._topic = topic

    def prepare(self, versions: Mapping[int, tuple[int, int]]) -> Self:
        if versions[self.API_KEY][1] < self.API_VERSION:
            raise IncompatibleBrokerVersion("topic ids need Kafka 3.0 or later")
        return self

    def build_request_header(self, correlation_id: int, client_id: str) -> RequestHeader_v2:
        return RequestHeader_v2(self, correlation_id=correlation_id, client_id=client_id)

    def parse_response_header(self, data: BytesIO) -> ResponseHeader_v1:
        return ResponseHeader_v1.decode(data)

    def encode(self) -> bytes:
        return bytes(_REQUEST.encode(([(UUID(int=0), self._topic, {})], False, False, {})))
