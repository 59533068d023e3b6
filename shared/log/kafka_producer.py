"""aiokafka's producer with the settings this log needs, and an end to it whatever the broker does.

Promises: `open_producer` gives one that can send or raises TryLater; `end_producer` returns in time and
leaves nothing that could still send. Leaves out: retrying either.
"""

import asyncio
from collections.abc import Iterable
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import (
    InvalidProducerEpoch,
    KafkaError,
    OutOfOrderSequenceNumber,
    ProducerFenced,
    UnknownProducerId,
)

from shared.kernel.errors import TryLater

FATAL = (OutOfOrderSequenceNumber, ProducerFenced, InvalidProducerEpoch, UnknownProducerId)
"""The broker and this process no longer agree on what was sent: only a new process starts clean."""

_BATCH_BYTES = 1024 * 1024
_REQUEST_MS = 5_000
_START_SECONDS = 10.0
_STOP_SECONDS = 3.0
_CUT_SECONDS = 3.0


async def open_producer(bootstrap: str, compression: str | None, topics: Iterable[str]) -> AIOKafkaProducer:
    """A started producer that knows these topics; raises TryLater where the cluster does not answer."""
    producer = AIOKafkaProducer(
        bootstrap_servers=bootstrap,
        acks="all",
        enable_idempotence=True,
        linger_ms=0,
        max_batch_size=_BATCH_BYTES,
        max_request_size=_BATCH_BYTES,
        compression_type=compression,
        request_timeout_ms=_REQUEST_MS,
    )
    try:
        async with asyncio.timeout(_START_SECONDS):
            await producer.start()
            for topic in topics:
                await producer.partitions_for(topic)
    except (KafkaError, OSError) as error:
        await _cut(producer)
        raise TryLater(f"no producer at {bootstrap}: {error!r}") from error
    except asyncio.CancelledError:
        await _cut(producer)
        raise
    return producer


async def end_producer(producer: AIOKafkaProducer, *, at_once: bool) -> None:
    """Stop it; `at_once`, or where it does not stop in time, without what it has not sent."""
    if not at_once:
        try:
            async with asyncio.timeout(_STOP_SECONDS):
                await producer.stop()
        except (KafkaError, TimeoutError):
            pass
        else:
            return
    await _cut(producer)


async def _cut(producer: AIOKafkaProducer) -> None:
    """End it without the broker's help: its own stop waits for ever for what an idempotent producer may not drop.

    There is no public way to the two things it hangs on, its sending task and the batches that task retries."""
    sending = producer._sender.sender_task  # noqa: SLF001 - as said above
    try:
        async with asyncio.timeout(_CUT_SECONDS):
            # One cancel ends the loop, each further one a request the loop then waits for.
            while sending is not None and not sending.done():
                sending.cancel()
                await asyncio.wait((sending,), timeout=0.05)
            _drop_batches(producer._message_accumulator)  # noqa: SLF001
            await producer.stop()
            await producer.client.close()
    except (KafkaError, TimeoutError):
        return


def _drop_batches(accumulator: Any) -> None:
    waiters = [batch._drain_waiter for batches in accumulator._batches.values() for batch in batches]  # noqa: SLF001
    accumulator.fail_all(KafkaError("given up"))
    for waiter in waiters:
        if waiter.done() and not waiter.cancelled():
            waiter.exception()  # looked at, or asyncio logs it as one nobody ever saw
