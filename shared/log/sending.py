"""Publishing without a task for each who waits: who sends is told how it ended.

Promises: whoever is told keeps nobody else from being told. Leaves out what is sent and how; that is a driver's matter.
"""

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Sequence
from typing import Any

from shared.kernel.errors import TryLater
from shared.log.ports import Heard, Outgoing

_sending: set[asyncio.Task[None]] = set()


async def sent(send: Callable[[Sequence[Outgoing], Heard], None], records: Sequence[Outgoing]) -> None:
    """Send records and wait for what is heard of them: `Sender.publish`, where `Sender.send` is what a log has."""
    outcome: asyncio.Future[TryLater | None] = asyncio.get_running_loop().create_future()

    def heard(failure: TryLater | None) -> None:
        if not outcome.done():  # whoever waited may have been cancelled
            outcome.set_result(failure)

    send(records, heard)
    if (failure := await outcome) is not None:
        raise failure


def tell_all(hearers: Iterable[Heard], failure: TryLater | None) -> None:
    """Tell these how their sends ended. Where one raises, that goes its way, and the others are told soon after."""
    waiting = iter(hearers)
    try:
        for heard in waiting:
            heard(failure)
    except Exception:
        asyncio.get_running_loop().call_soon(tell_all, waiting, failure)
        raise


def tell_of(publishing: Coroutine[Any, Any, None], heard: Heard) -> None:
    """`Sender.send`, where `Sender.publish` is what a log has: tells when that has come to its end.

    What it raises besides TryLater is a fault, and is told as one by the event loop."""

    async def publish() -> None:
        failure = None
        try:
            await publishing
        except TryLater as later:
            failure = later
        asyncio.get_running_loop().call_soon(heard, failure)

    task = asyncio.create_task(publish())
    _sending.add(task)
    task.add_done_callback(_sending.discard)
