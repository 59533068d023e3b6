"""Whatever text a read is asked with, by any parameter of any service: it is answered, or refused as the asker's."""

import asyncio
import re
from collections.abc import Iterator, Mapping
from contextlib import AsyncExitStack, contextmanager
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.deployment import SERVICES, ServiceName
from tests.handlers.together.market import Market, market
from tests.parts.postgres import PostgresServer

STANDING = {"form": "csv", "answer": "accept", "deal_id": "d-1"}
"""What stands in a path where another parameter is tried; else an id of nobody's does."""
DEAL = {
    "id": "d-1", "status": "won", "amount": "100.00", "currency": "EUR", "created_at": "2024-10-06T00:00:00Z",
    "closed_at": "2024-11-06T00:00:00Z", "contacts": [{"email": "ana@acme.example"}],
}  # fmt: skip
LAST = DEAL | {"id": "d-2", "created_at": "9999-12-31T00:00:00Z", "closed_at": "9999-12-31T23:59:59.999Z"}
SPEND = {"channel": "email", "day": "2024-10-01", "amount": "10.00", "currency": "EUR"}
EDGES = (
    "9999-12-31T23:59:59Z", "9999-12-31T23:59:59.999999Z", "9999-12-01T00:00:00Z", "9999-12-31T23:59:59-14:00",
    "9999-12-31T23:59:60Z", "0001-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "0001-01-01T00:00+14.000Z",
    "9999-12", "9999-11", "0001-01", "0000-01", "2026-13", "99999999999999999999", "-1", "", "\x00", "d-1,,é",
)  # fmt: skip
"""The first and the last there is, what is just past them, and what is none."""
OFFSETS = st.timedeltas(timedelta(hours=-23), timedelta(hours=23)).map(timezone)
MOMENTS = st.datetimes(timezones=OFFSETS).map(datetime.isoformat)
MONTHS = st.builds("{:04}-{:02}".format, st.integers(0, 9999), st.integers(0, 13))
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


class Parameter(NamedTuple):
    """A parameter of a read, in its path or in its query."""

    service: ServiceName
    path: str
    name: str


class Reads:
    """Every read of the services, which hold deals, of now and of the last day there is, and what was spent."""

    def __init__(self, runner: asyncio.Runner, here: Market) -> None:
        self._runner = runner
        self._here = here
        described = ((name, runner.run(here.get(name, "/openapi.json"))["paths"]) for name in SERVICES)
        self.parameters = sorted(one for name, paths in described for one in parameters(name, paths))

    def status(self, asked: Parameter, text: str) -> int:
        """What asking with a text is answered with."""
        given = {asked.name: quote(text, safe="")}
        path = re.sub(r"{(\w+)}", lambda name: given.get(name[1], STANDING.get(name[1], str(UUID(int=7)))), asked.path)
        query = {} if f"{{{asked.name}}}" in asked.path else {asked.name: text}
        return self._runner.run(self._here.ask(asked.service, path, **query)).status_code


def parameters(service: ServiceName, paths: Mapping[str, Mapping[str, Any]]) -> Iterator[Parameter]:
    """Those of a service's reads, as it describes them."""
    for path, methods in paths.items():
        for one in methods.get("get", {}).get("parameters", ()):
            yield Parameter(service, path, one["name"])


@contextmanager
def opened(folder: Path, server: PostgresServer | None = None) -> Iterator[Reads]:
    stack = AsyncExitStack()
    with asyncio.Runner() as runner:
        url = runner.run(server.fresh_database()) if server else None
        here = runner.run(stack.enter_async_context(market(folder, database=url)))
        runner.run(here.post("/v1/deals", [DEAL, LAST]))
        runner.run(here.post("/v1/spend", SPEND))
        yield Reads(runner, here)
        runner.run(stack.aclose())
        if server and url:
            runner.run(server.drop_database(url))


@pytest.fixture(scope="module")
def reads(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reads]:
    with opened(tmp_path_factory.mktemp("market")) as found:
        yield found


@pytest.fixture(scope="module")
def reads_on_postgresql(tmp_path_factory: pytest.TempPathFactory, postgres_server: PostgresServer) -> Iterator[Reads]:
    with opened(tmp_path_factory.mktemp("market"), postgres_server) as found:
        yield found


def broken(reads: Reads) -> list[tuple[Parameter, str]]:
    """What is answered with a 5xx, of all reads with all that is at an edge."""
    return [(asked, text) for asked in reads.parameters for text in EDGES if reads.status(asked, text) >= 500]


def test_nothing_at_the_edge_of_the_calendar_breaks_a_read(reads: Reads) -> None:
    assert broken(reads) == []


def test_nothing_at_the_edge_of_the_calendar_breaks_a_read_on_postgresql(reads_on_postgresql: Reads) -> None:
    assert broken(reads_on_postgresql) == []


@given(st.data())
def test_no_text_and_no_time_breaks_a_read(reads: Reads, data: st.DataObject) -> None:
    asked = data.draw(st.sampled_from(reads.parameters))
    assert reads.status(asked, data.draw(MOMENTS | MONTHS | TEXTS)) < 500
