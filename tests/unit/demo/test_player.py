"""The player: what a door could not take is sent again, and only what it acknowledged is written down."""

import json
import random
from collections.abc import Callable
from pathlib import Path
from threading import Event

import httpx
import pytest

from tests.demo.calls import Call
from tests.demo.deployment import PORTS, Deployment, Keys
from tests.demo.player import Ledger, Player, Refused

_TAKEN = {"success": True, "accepted": 2, "rejected": []}
_DEPLOYMENT = Deployment(dict.fromkeys(PORTS, "http://service.example"), Keys("wk", "sk", "tl"))
_CALLS = [Call(number, "write", {"type": "track", "messageId": f"m{number}"}) for number in range(2)]

Answer = Callable[[httpx.Request], httpx.Response]


def _play(book: Path, answer: Answer, calls: list[Call]) -> list[tuple[str, str]]:
    """Play calls against a door and tell what the ledger holds then."""
    ledger = Ledger(book)
    player = Player(_DEPLOYMENT, ledger, Event(), lambda _: None, transport=httpx.MockTransport(answer))
    try:
        player.play(calls, random.Random(1))
    finally:
        player.close()
    return sorted((line["message_id"], line["state"]) for line in ledger.lines())


def _busy_once(first: Callable[[], httpx.Response], bodies: list[bytes]) -> Answer:
    def answer(request: httpx.Request) -> httpx.Response:
        bodies.append(request.content)
        return first() if len(bodies) == 1 else httpx.Response(200, json=_TAKEN)

    return answer


def _no_answer() -> httpx.Response:
    raise httpx.ReadError("the line went dead")


@pytest.mark.parametrize("first", [lambda: httpx.Response(503, headers={"Retry-After": "0"}), _no_answer])
def test_what_was_not_acknowledged_is_sent_again_to_the_byte(
    tmp_path: Path, first: Callable[[], httpx.Response]
) -> None:
    bodies: list[bytes] = []
    assert _play(tmp_path / "sent", _busy_once(first, bodies), _CALLS) == [("m0", "accepted"), ("m1", "accepted")]
    assert bodies[0] == bodies[1]


def test_an_outage_is_told_once_and_waited_for(tmp_path: Path) -> None:
    told: list[str] = []
    answers = [httpx.Response(503, headers={"Retry-After": "0"}, text="no broker")] * 12
    door = httpx.MockTransport(lambda _: answers.pop() if answers else httpx.Response(200, json=_TAKEN))
    player = Player(_DEPLOYMENT, Ledger(tmp_path / "sent"), Event(), lambda _: None, told.append, door)
    player.play(_CALLS, random.Random(1))
    player.close()
    assert told == ["503 no broker"]


def test_one_who_is_interrupted_waits_for_nobody(tmp_path: Path) -> None:
    interrupted = Event()
    interrupted.set()
    door = httpx.MockTransport(lambda _: httpx.Response(503, text="no broker"))
    player = Player(_DEPLOYMENT, Ledger(tmp_path / "sent"), interrupted, lambda _: None, transport=door)
    with pytest.raises(Refused, match="no broker"):
        player.play(_CALLS, random.Random(1))
    player.close()


def test_a_bad_call_is_written_down_as_refused(tmp_path: Path) -> None:
    bad = Call(1, "write", {"messageId": "bad"}, fault="has no type")

    def answer(request: httpx.Request) -> httpx.Response:
        index = [call["messageId"] for call in json.loads(request.content)["batch"]].index("bad")
        return httpx.Response(200, json=_TAKEN | {"rejected": [{"index": index, "code": "no_type"}]})

    assert _play(tmp_path / "sent", answer, [_CALLS[0], bad]) == [("bad", "rejected"), ("m0", "accepted")]


def test_a_batch_of_nothing_but_bad_calls_may_be_a_400(tmp_path: Path) -> None:
    bad = Call(1, "write", {"messageId": "bad"}, fault="has no type")
    refusal = {"success": False, "rejected": [{"index": 0, "code": "no_type"}]}
    assert _play(tmp_path / "sent", lambda _: httpx.Response(400, json=refusal), [bad]) == [("bad", "rejected")]


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(401, text="no"),
        httpx.Response(200, json=_TAKEN | {"rejected": [{"index": 0, "code": "bad"}]}),
        httpx.Response(200, json={"success": False}),
    ],
)
def test_a_door_that_refuses_good_calls_ends_the_play(tmp_path: Path, answer: httpx.Response) -> None:
    with pytest.raises(Refused):
        _play(tmp_path / "sent", lambda _: answer, _CALLS)
    assert not (tmp_path / "sent").exists()


def test_a_deal_that_is_not_taken_ends_the_play(tmp_path: Path) -> None:
    refusal = httpx.MockTransport(lambda _: httpx.Response(200, json={"success": True, "accepted": 0}))
    player = Player(_DEPLOYMENT, Ledger(tmp_path / "sent"), Event(), lambda _: None, transport=refusal)
    with pytest.raises(Refused):
        player.post_deals([({"id": "d1", "version": 1},)])
    player.close()
