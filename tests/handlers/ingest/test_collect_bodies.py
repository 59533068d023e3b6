"""How a body arrives: at once, in pieces that are waited for, too late or never."""

import asyncio

import pytest

from services.ingest.api.refusals import Refusal
from services.ingest.api.requests import Gone, Message, Receive, Request, body
from services.ingest.domain.limits import Limits

WHOLE = b'{"event": "E"}'


def post() -> Request:
    return Request("POST", "/v1/track", b"", {}, lambda: b"r")


def piece(text: bytes, *, more: bool) -> Message:
    return {"type": "http.request", "body": text, "more_body": more}


async def turn() -> None:
    """Let everything else that is ready run once."""
    loop = asyncio.get_running_loop()
    woken = loop.create_future()
    loop.call_soon(woken.set_result, None)
    await woken


def waiting(*messages: Message) -> Receive:
    """Each message comes only after the event loop had its turn; after the last there is silence."""
    left = list(messages)

    async def receive() -> Message:
        await turn()
        return left.pop(0) if left else await asyncio.get_running_loop().create_future()

    return receive


@pytest.mark.parametrize("cut", range(len(WHOLE)))
async def test_a_body_in_pieces_that_are_waited_for_is_whole(cut: int) -> None:
    receive = waiting(piece(WHOLE[:cut], more=True), piece(WHOLE[cut:], more=False))
    assert await body(post(), receive, Limits()) == WHOLE


@pytest.mark.parametrize("come", [(), (piece(b"{", more=True),)])
async def test_a_body_that_does_not_end_is_waited_for_no_longer_than_its_limit(come: tuple[Message, ...]) -> None:
    with pytest.raises(Refusal) as refusal:
        await body(post(), waiting(*come), Limits(body_seconds=0.01))
    assert (refusal.value.status, refusal.value.code) == (408, "slow_body")


async def test_a_sender_who_hangs_up_is_gone() -> None:
    with pytest.raises(Gone):
        await body(post(), waiting({"type": "http.disconnect"}), Limits())


async def test_what_a_receive_raises_after_a_wait_is_heard() -> None:
    async def receive() -> Message:
        await turn()
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        await body(post(), receive, Limits())


async def test_a_cancelled_request_stops_waiting_for_its_body() -> None:
    reading = asyncio.create_task(body(post(), waiting(), Limits()))
    await turn()
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
