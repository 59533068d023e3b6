"""Sends the story through the doors and keeps the sender's own books.

A line goes into the ledger only for what a door has acknowledged. What a door could not take, or did not
answer, is sent again under the same message id until it has, for up to a minute.
"""

import base64
import json
import random
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from threading import Event, Lock

import httpx

from tests.demo.calls import USER_AGENT, Call, Json, Key, text_of
from tests.demo.deployment import Deployment

_AT_ONCE = 6
_BATCH = 80
PATIENCE_SECONDS = 60.0
"""A broker that is started again takes its time; one that is away for longer does not come back by waiting."""
_LONGEST_PAUSE_SECONDS = 5.0
_TRY_LATER = frozenset({408, 429, 500, 502, 503, 504})


class Refused(Exception):
    """A door refused what it had to take; the text holds its answer."""


class Ledger:
    """An append-only file of what was acknowledged, one JSON object a line."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = Lock()

    def append(self, lines: Sequence[Json]) -> None:
        """Write lines down, all of them before anybody else's."""
        with self._lock, self._path.open("a", encoding="utf-8") as file:
            file.writelines(json.dumps(line) + "\n" for line in lines)

    def lines(self) -> list[Json]:
        """Everything written so far."""
        if not self._path.exists():
            return []
        with self._path.open(encoding="utf-8") as file:
            return [json.loads(line) for line in file]


class Player:
    """Sends calls and deals. `sent` is told how many more calls or deals were acknowledged, `waiting` what the doors
    said where they take nothing for now: once, however many calls that holds up."""

    def __init__(
        self,
        deployment: Deployment,
        ledger: Ledger,
        interrupted: Event,
        sent: Callable[[int], None],
        waiting: Callable[[str], None] = lambda _: None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._url = deployment.urls["ingest"]
        self._basic: dict[Key, str] = {
            "write": _basic(deployment.keys.write_key),
            "server": _basic(deployment.keys.server_key),
        }
        self._ledger = ledger
        self._interrupted = interrupted
        self._sent = sent
        self._waiting = waiting
        self._held_up = Event()
        self._client = httpx.Client(timeout=30.0, trust_env=False, transport=transport)

    def close(self) -> None:
        self._client.close()

    def play(self, calls: Sequence[Call], rng: random.Random) -> None:
        """Send calls in about this order: parcels go out side by side, and each is shuffled."""
        pool = ThreadPoolExecutor(_AT_ONCE)
        try:
            for sending in [pool.submit(self._send, parcel, rng.random()) for parcel in parcels(calls)]:
                sending.result()
        finally:
            pool.shutdown(cancel_futures=True)

    def post_deals(self, posts: Sequence[tuple[Json, ...]]) -> None:
        """Post deals one post after the other, alone or as a list."""
        for post in posts:
            body = json.dumps(post[0] if len(post) == 1 else post).encode()
            answer = self._post("/v1/deals", body, "server")
            if answer.get("accepted") != len(post):
                raise Refused(f"a deal was not taken: {answer}")
            self._ledger.append([{"deal": deal["id"], "version": deal["version"]} for deal in post])
            self._sent(len(post))

    def _send(self, parcel: Sequence[Call], shuffle: float) -> None:
        calls = list(parcel)
        random.Random(shuffle).shuffle(calls)
        key = calls[0].key
        if calls[0].alone:
            # Only what leaves at once says when it left: this is what a clock is corrected by.
            path, body = (
                f"/v1/{calls[0].body['type']}",
                calls[0].body | {"sentAt": text_of(time.time_ns() // 1_000_000)},
            )
        else:
            path, body = "/v1/batch", {"batch": [call.body for call in calls]}
        answer = self._post(path, json.dumps(body).encode(), key)
        self._ledger.append(_acknowledged(calls, answer))
        self._sent(len(calls))

    def _post(self, path: str, body: bytes, key: Key) -> Json:
        headers = {
            "Authorization": self._basic[key],
            "Content-Type": "application/json",
            "User-Agent": USER_AGENT if key == "write" else "throughline-demo/1",
        }
        said = ""
        deadline = time.monotonic() + PATIENCE_SECONDS
        for attempt in count():
            pause = min(0.2 * 2**attempt, _LONGEST_PAUSE_SECONDS)
            try:
                answer = self._client.post(self._url + path, content=body, headers=headers)
            except httpx.TransportError as error:
                said = repr(error)
            else:
                # A batch of nothing but bad calls is a 400 with the same list.
                if answer.is_success or (answer.status_code == 400 and "rejected" in answer.json()):
                    self._held_up.clear()
                    result: Json = answer.json()
                    return result
                said = f"{answer.status_code} {answer.text[:300]}"
                if answer.status_code not in _TRY_LATER:
                    break
                pause = min(_seconds(answer.headers.get("Retry-After", ""), pause), _LONGEST_PAUSE_SECONDS)
            self._tell(said)
            if time.monotonic() + pause > deadline or self._interrupted.wait(pause):
                break
        raise Refused(f"{path}: {said}")

    def _tell(self, said: str) -> None:
        if not self._held_up.is_set():
            self._held_up.set()
            self._waiting(said)


def parcels(calls: Sequence[Call]) -> Iterator[list[Call]]:
    """Calls as they travel: alone, or in batches of one key in which no message id comes twice."""
    open_batches: dict[Key, list[Call]] = {"write": [], "server": []}
    for call in calls:
        if call.alone:
            yield [call]
            continue
        batch = open_batches[call.key]
        if len(batch) == _BATCH or any(call.message_id == other.message_id for other in batch):
            yield batch
            batch = open_batches[call.key] = []
        batch.append(call)
    yield from (batch for batch in open_batches.values() if batch)


def _acknowledged(calls: Sequence[Call], answer: Json) -> list[Json]:
    """The ledger's lines for one answer; raises Refused where a good call was refused or a bad one taken."""
    refused = {item["index"]: item["code"] for item in answer.get("rejected", ())}
    wrong = [
        f"{call.message_id} ({call.fault or 'good'}): {refused.get(index, 'taken')}"
        for index, call in enumerate(calls)
        if bool(call.fault) != (index in refused)
    ]
    if wrong or answer.get("success") is not (len(refused) < len(calls)):
        raise Refused(f"the door answered otherwise than it must: {wrong[:3] or answer}")
    return [
        {"message_id": call.message_id, "state": "rejected" if index in refused else "accepted"}
        for index, call in enumerate(calls)
    ]


def _basic(key: str) -> str:
    return "Basic " + base64.b64encode(f"{key}:".encode()).decode()


def _seconds(retry_after: str, otherwise: float) -> float:
    try:
        return float(retry_after)
    except ValueError:
        return otherwise
