"""A deployment as seen from outside: where its services are, its keys, and how to read from it.

Reads retry nothing: a service that does not answer while the books are made up is a finding.
"""

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, fields
from pathlib import Path
from threading import Event
from types import MappingProxyType

import httpx

from tests.demo.calls import Json

PORTS: Mapping[str, int] = MappingProxyType({"ingest": 8001, "scoring": 8002, "handoff": 8003, "attribution": 8004})
_PAGE = 1_000
_ROUND_SECONDS = 0.25
_TIMEOUT = httpx.Timeout(30.0)


class NotReady(Exception):
    """There is no deployment to play against; the text says why."""


class NotSettled(Exception):
    """The services still had work when the time was up; the text says which."""


@dataclass(frozen=True, slots=True)
class Keys:
    """What opens the doors; the names are those of `credentials.json`."""

    write_key: str
    server_key: str
    admin_token: str


@dataclass(frozen=True, slots=True)
class Deployment:
    """Base URL of each service, and the keys."""

    urls: Mapping[str, str]
    keys: Keys


def compose(env_file: Path) -> Deployment:
    """What `docker compose up` has started here: ports and keys as the environment, or else the file, has them.

    Raises NotReady where a key is nowhere to be found.
    """
    lines = env_file.read_text(encoding="utf-8").splitlines() if env_file.exists() else []
    stated = [line.partition("=") for line in lines if "=" in line and not line.startswith("#")]
    settings = {name.strip(): value.strip().strip("'\"") for name, _, value in stated} | dict(os.environ)
    ports = {service: settings.get(f"THROUGHLINE_{service.upper()}_PORT", port) for service, port in PORTS.items()}
    names = {field.name: f"THROUGHLINE_{field.name.upper()}" for field in fields(Keys)}
    if missing := [setting for setting in names.values() if setting not in settings]:
        raise NotReady(f"neither the environment nor {env_file} has {', '.join(missing)}")
    return Deployment(
        urls={service: f"http://127.0.0.1:{port}" for service, port in ports.items()},
        keys=Keys(**{name: settings[setting] for name, setting in names.items()}),
    )


class Reader:
    """Reads what the services say, as an operator would. Close it, or use it as a context."""

    def __init__(self, deployment: Deployment, transport: httpx.BaseTransport | None = None) -> None:
        self._urls = deployment.urls
        self._client = httpx.Client(
            headers={"Authorization": f"Bearer {deployment.keys.admin_token}"},
            timeout=_TIMEOUT,
            trust_env=False,
            transport=transport,
        )

    def __enter__(self) -> "Reader":
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def get(self, service: str, path: str, **query: str) -> Json:
        """One answer; raises httpx.HTTPStatusError where it is no 2xx."""
        answer = self._client.get(self._urls[service] + path, params=query)
        answer.raise_for_status()
        body: Json = answer.json()
        return body

    def post(self, service: str, path: str, body: Json) -> Json:
        """What a command answers; raises httpx.HTTPStatusError where it is no 2xx."""
        answer = self._client.post(self._urls[service] + path, json=body)
        answer.raise_for_status()
        result: Json = answer.json()
        return result

    def delete(self, service: str, path: str) -> None:
        """Take something away again, as far as that can still be done."""
        with suppress(httpx.HTTPError):
            self._client.delete(self._urls[service] + path)

    def pages(self, service: str, path: str, **query: str) -> Iterator[Json]:
        """Every item of a list, page after page."""
        after: str | None = None
        while True:
            page = self.get(service, path, **query, limit=str(_PAGE), **({"after": after} if after else {}))
            yield from page["items"]
            after = page.get("next")
            if not after:
                return

    def wait_until_settled(self, within: float, interrupted: Event) -> None:
        """Return when two rounds over all services found no work and nothing moved between them.

        A delivery that waits for its retry time is work here, though the services count it as none: the
        receiver of this demo refuses some on purpose. Raises NotSettled after `within` seconds.
        """
        deadline = time.monotonic() + within
        before: Json | None = None
        while True:
            lags = {service: self.get(service, "/v1/lag") for service in self._urls}
            busy = [service for service, lag in lags.items() if _has_work(lag)]
            ends = {
                service: [(t["topic"], t["partition"], t["end"]) for t in lag["topics"]]
                for service, lag in lags.items()
            }
            if not busy and ends == before:
                return
            before = None if busy else ends
            if time.monotonic() > deadline or interrupted.wait(_ROUND_SECONDS):
                raise NotSettled(f"still at work after {within:.0f} s: {', '.join(busy) or 'topics kept growing'}")


def _has_work(lag: Json) -> bool:
    return not lag["caught_up"] or bool((lag.get("deliveries") or {}).get("waiting", 0))
