"""The real parts keep what tests rely on: what was acknowledged outlives `kill -9`, and a database is nobody else's."""

import asyncio
from collections.abc import Callable

import asyncpg
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.structs import TopicPartition

from tests.parts.engine import NotHere
from tests.parts.kafka import KafkaBroker
from tests.parts.ladder import Rung, climb
from tests.parts.postgres import PostgresServer, plain


async def first_value(bootstrap: str, topic: str) -> bytes | None:
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, auto_offset_reset="earliest", enable_auto_commit=False)
    await consumer.start()
    try:
        consumer.assign([TopicPartition(topic, 0)])
        async with asyncio.timeout(20):
            record = await consumer.getone()
    finally:
        await consumer.stop()
    value: bytes | None = record.value
    return value


async def publish(bootstrap: str, topic: str, value: bytes) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all")
    await producer.start()
    try:
        await producer.send_and_wait(topic, value, partition=0)
    finally:
        await producer.stop()


async def test_a_topic_can_be_written_as_soon_as_it_is_created(kafka_broker: KafkaBroker) -> None:
    await kafka_broker.create_topics({"real-parts.written-at-once": 12})
    await publish(kafka_broker.bootstrap, "real-parts.written-at-once", b"now")
    assert await first_value(kafka_broker.bootstrap, "real-parts.written-at-once") == b"now"


async def test_a_broker_that_is_killed_comes_back_with_its_records(own_kafka: Callable[[], KafkaBroker]) -> None:
    broker = own_kafka()
    await broker.create_topics({"kept": 1})
    await publish(broker.bootstrap, "kept", b"still here")
    broker.kill()
    assert not broker.version()
    broker.start()
    assert await first_value(broker.bootstrap, "kept") == b"still here"


async def test_a_fresh_database_holds_nothing_of_another(postgres_server: PostgresServer) -> None:
    one, other = await postgres_server.fresh_database(), await postgres_server.fresh_database()
    await run_sql(one, "CREATE TABLE mine (id int)")
    assert await run_sql(other, "SELECT to_regclass('mine')") is None
    for url in (one, other):
        await postgres_server.drop_database(url)


async def test_a_server_that_is_killed_comes_back_with_its_rows(own_postgres: Callable[[], PostgresServer]) -> None:
    server = own_postgres()
    await run_sql(server.url, "CREATE TABLE kept (id int)")
    await run_sql(server.url, "INSERT INTO kept VALUES (7)")
    server.kill()
    assert not server.version()
    server.start()
    assert await run_sql(server.url, "SELECT id FROM kept") == 7


async def test_a_server_that_hangs_answers_nothing_until_it_goes_on(own_postgres: Callable[[], PostgresServer]) -> None:
    server = own_postgres()
    server.freeze()
    assert not server.version()
    server.resume()
    assert server.version()


async def test_a_server_flushes_every_commit_to_its_disk(postgres_url: str) -> None:
    assert await run_sql(postgres_url, "SHOW fsync") == "on"


def refuse() -> KafkaBroker:
    raise NotHere("out of order")


def test_the_first_way_to_a_part_that_works_is_taken() -> None:
    broker = KafkaBroker("127.0.0.1:1")
    ways = [Rung("lift", refuse), Rung("stairs", lambda: broker), Rung("ladder", refuse)]
    assert climb(ways) == (broker, "stairs")


def test_where_no_way_to_a_part_works_each_is_named_with_its_reason() -> None:
    with pytest.raises(NotHere, match="lift: out of order; stairs: out of order"):
        climb([Rung("lift", refuse), Rung("stairs", refuse)])


async def run_sql(url: str, statement: str) -> object:
    connection = await asyncpg.connect(plain(url))
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()
