"""The sender's own book, outside the system: what was sent, and what became of it.

A message is `unknown` while nobody has answered for it; the client sends it again under the same id until the
door has taken it. Every attempt is kept with its answer and how long that took.
"""

import base64
import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.demo.calls import USER_AGENT, Call, Json, Key
from tests.demo.deployment import Deployment
from tests.faults.processes import Pause

_ANSWER_SECONDS = 30.0
_OUTAGE_SECONDS = 90.0
_AGAIN_SECONDS = 0.1
_TRY_LATER = frozenset({429, 500, 502, 503, 504})


class Ledger:
    """An append-only file: `state` of messages, in the order in which it became so."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def note(self, state: str, message_ids: Iterable[str]) -> None:
        """Write down what has become of messages."""
        with self._path.open("a", encoding="utf-8") as file:
            file.writelines(f"{state} {message_id}\n" for message_id in message_ids)

    def ids(self, state: str) -> set[str]:
        """The messages that ever were in a state: `sent`, `acked`, `unknown`, `rejected`."""
        lines = self._path.read_text(encoding="utf-8").splitlines() if self._path.exists() else []
        return {line.partition(" ")[2] for line in lines if line.startswith(f"{state} ")}


@dataclass(frozen=True, slots=True)
class Parcel:
    """One POST: its body, and the ids of what is in it."""

    path: str
    key: Key
    body: bytes
    ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Attempt:
    """How one POST went; `status` 0 where nobody answered."""

    status: int
    seconds: float
    retry_after: str = ""


def calls_in_parcels(calls: Sequence[Call], size: int = 1) -> Iterator[Parcel]:
    """Calls in order, up to `size` of one key in a POST."""
    waiting: list[Call] = []
    for call in calls:
        if waiting and (len(waiting) == size or waiting[0].key != call.key):
            yield _parcel(waiting)
            waiting = []
        waiting.append(call)
    if waiting:
        yield _parcel(waiting)


def deals_in_parcels(deals: Sequence[Json]) -> Iterator[Parcel]:
    """Versions of deals, one to a POST."""
    for deal in deals:
        yield Parcel("/v1/deals", "server", json.dumps(deal).encode(), (f"{deal['id']} version {deal['version']}",))


def _parcel(calls: Sequence[Call]) -> Parcel:
    bodies = [call.body for call in calls]
    ids = tuple(call.message_id for call in calls)
    if len(bodies) == 1:
        return Parcel(f"/v1/{bodies[0]['type']}", calls[0].key, json.dumps(bodies[0]).encode(), ids)
    return Parcel("/v1/batch", calls[0].key, json.dumps({"batch": bodies}).encode(), ids)


class Client:
    """Sends parcels and writes the ledger. Close it."""

    def __init__(self, deployment: Deployment, ledger: Ledger) -> None:
        keys = deployment.keys
        self._url = deployment.urls["ingest"]
        self._headers = {"write": _headers(keys.write_key, USER_AGENT), "server": _headers(keys.server_key, "backend")}
        self._ledger = ledger
        self._client = httpx.Client(timeout=_ANSWER_SECONDS, trust_env=False)
        self.attempts: list[Attempt] = []

    def close(self) -> None:
        """Let go of connections."""
        self._client.close()

    def attempt(self, parcel: Parcel) -> Attempt:
        """Send a parcel once."""
        self._ledger.note("sent", parcel.ids)
        began = time.monotonic()
        try:
            answer = self._client.post(self._url + parcel.path, content=parcel.body, headers=self._headers[parcel.key])
        except httpx.TransportError:
            attempt = Attempt(0, time.monotonic() - began)
        else:
            attempt = Attempt(answer.status_code, time.monotonic() - began, answer.headers.get("Retry-After", ""))
        self._ledger.note(_state(attempt.status), parcel.ids)
        self.attempts.append(attempt)
        return attempt

    def send(self, parcel: Parcel, meanwhile: Callable[[], None] = lambda: None) -> None:
        """Send a parcel until it is taken; between attempts, `meanwhile` may mend what is broken."""
        pause = Pause(_OUTAGE_SECONDS)
        while (attempt := self.attempt(parcel)).status != 200:
            assert attempt.status == 0 or attempt.status in _TRY_LATER, f"{parcel.path} was refused: {attempt}"
            meanwhile()
            pause.wait(_AGAIN_SECONDS, f"the door took {parcel.ids}")


def _state(status: int) -> str:
    """What an answer says: a 5xx is no promise that nothing was kept."""
    return "acked" if status == 200 else "unknown" if status == 0 or status in _TRY_LATER else "rejected"


def _headers(key: str, user_agent: str) -> Mapping[str, str]:
    basic = base64.b64encode(f"{key}:".encode()).decode()
    return {"Authorization": f"Basic {basic}", "Content-Type": "application/json", "User-Agent": user_agent}
