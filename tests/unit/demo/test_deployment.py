"""Reading a deployment: every page is read, and settled means that nothing moves any more."""

from collections.abc import Callable
from pathlib import Path
from threading import Event

import httpx
import pytest

from tests.demo.calls import Json
from tests.demo.deployment import PORTS, Deployment, Keys, NotReady, NotSettled, Reader, compose

_DEPLOYMENT = Deployment(dict.fromkeys(PORTS, "http://service.example"), Keys("wk", "sk", "tl"))


def _lag(end: int = 5, *, caught_up: bool = True, waiting: int = 0) -> Json:
    topics = [{"topic": "touchpoints", "partition": 0, "position": end, "end": end}]
    return {"caught_up": caught_up, "topics": topics, "deliveries": {"due": 0, "waiting": waiting}}


def _reader(answer: Callable[[httpx.Request], Json]) -> Reader:
    return Reader(_DEPLOYMENT, httpx.MockTransport(lambda request: httpx.Response(200, json=answer(request))))


def test_a_list_is_read_to_its_last_page() -> None:
    def answer(request: httpx.Request) -> Json:
        after = int(request.url.params.get("after", "0"))
        return {"items": [{"n": after}], "next": str(after + 1) if after < 2 else None}

    with _reader(answer) as reader:
        assert [item["n"] for item in reader.pages("ingest", "/v1/events")] == [0, 1, 2]


def test_settled_takes_two_rounds_in_which_nothing_moved() -> None:
    rounds = [_lag(5), _lag(6), _lag(6), _lag(7)]
    asked: list[int] = []

    def answer(_: httpx.Request) -> Json:
        asked.append(len(asked) // len(PORTS))
        return rounds[asked[-1]]

    with _reader(answer) as reader:
        reader.wait_until_settled(within=10, interrupted=Event())
    assert asked[-1] == 2


@pytest.mark.parametrize("lag", [_lag(caught_up=False), _lag(waiting=1)])
def test_work_that_does_not_end_is_told(lag: Json) -> None:
    with _reader(lambda _: lag) as reader, pytest.raises(NotSettled, match="handoff"):
        reader.wait_until_settled(within=0, interrupted=Event())


def test_compose_without_keys_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("THROUGHLINE_SERVER_KEY", raising=False)
    with pytest.raises(NotReady, match="THROUGHLINE_SERVER_KEY"):
        compose(tmp_path / ".env")


def test_compose_reads_ports_and_keys_from_its_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("WRITE_KEY", "SERVER_KEY", "ADMIN_TOKEN", "INGEST_PORT"):
        monkeypatch.delenv(f"THROUGHLINE_{name}", raising=False)
    file = tmp_path / ".env"
    file.write_text(
        "# keys\nTHROUGHLINE_WRITE_KEY=w:k=\nTHROUGHLINE_SERVER_KEY='s'\n"
        "THROUGHLINE_ADMIN_TOKEN=t\nTHROUGHLINE_INGEST_PORT=9001\n"
    )
    deployment = compose(file)
    assert deployment.keys == Keys("w:k=", "s", "t")
    assert deployment.urls["ingest"] == "http://127.0.0.1:9001"
