"""`throughline people`, spoken to a service that listens: what is printed, and what is said where it cannot be done."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs
from typer.testing import CliRunner, Result

from services.people_command import app
from shared.web.server import listen, port_of, serve
from tests.handlers.ingest.at_ingest import IngestService, call, event_id, identify, opened


@pytest.fixture
async def ingest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[IngestService]:
    """A service that listens, and the environment of somebody who operates it."""
    # The service lives in this process, and its log would be in what the command prints.
    with capture_logs():
        async with serving(tmp_path, monkeypatch) as service:
            yield service


@asynccontextmanager
async def serving(folder: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[IngestService]:
    async with opened(folder) as service:
        listener, stopping = listen("127.0.0.1", 0), asyncio.Event()
        monkeypatch.setenv("THROUGHLINE_INGEST_PORT", str(port_of(listener)))
        monkeypatch.setenv("THROUGHLINE_ADMIN_TOKEN", "tl")
        monkeypatch.setenv("COLUMNS", "200")
        served = asyncio.create_task(serve(service.api, listener, stopping))
        traits = {"email": "ana@ex.org", "phone": "+4930901820"}
        named = {"type": "identify", "user_id": "u1", "anonymous_id": "b1", "traits": traits}
        await service.given(call("m1", 1, trusted=True, **named), identify("m2", 2, "bo@ex.org", user_id="u2"))
        yield service
        stopping.set()
        await served


async def run(*arguments: str) -> Result:
    return await asyncio.to_thread(CliRunner().invoke, app, arguments)


async def told(*arguments: str) -> Any:
    ran = await run(*arguments, "--json")
    assert ran.exit_code == 0, ran.stderr
    return json.loads(ran.stdout)


async def test_somebody_is_shown_by_anything_they_are_called(ingest: IngestService) -> None:
    (ana,) = await ingest.found(user_id="u1")
    for who in (ana["id"], "ana@ex.org", "u1", "b1", "+49 30 901820"):
        assert await told("show", who) == ana
    shown = (await run("show", "u1")).stdout
    assert all(text in shown for text in (ana["id"], "ana@ex.org", "+4930901820", "identify"))


async def test_why_lists_the_claims_with_their_events(ingest: IngestService) -> None:
    assert [claim["event_id"] for claim in (await told("why", "u1"))["claims"]] == [event_id("m1")]
    assert event_id("m1") in (await run("why", "u1")).stdout


async def test_people_are_merged_and_split_and_rehearsed(ingest: IngestService) -> None:
    assert (await told("merge", "u1", "bo@ex.org", "--dry-run"))["dry_run"] is True
    assert "would be an alias of" in (await run("merge", "u1", "u2", "--dry-run")).stdout
    (act_id,) = (await told("merge", "u1", "bo@ex.org"))["act_ids"]
    assert (await told("show", "u2"))["user_ids"] == ["u1", "u2"]
    assert "is a person again" in (await run("split", "ana@ex.org", act_id)).stdout
    assert (await told("show", "u2"))["user_ids"] == ["u2"]


async def test_what_cannot_be_done_is_said_in_one_line(ingest: IngestService) -> None:
    for arguments, said in (
        (("show", "eve@ex.org"), "nobody is known as eve@ex.org"),
        (("split", "u1", event_id("m2")), "Conflict: that event says nothing of this person"),
        (("merge", "u1", "ana@ex.org"), "Conflict: they are one person already"),
    ):
        ran = await run(*arguments)
        assert (ran.exit_code, ran.stderr.strip()) == (1, said)


async def test_one_of_several_has_to_be_named_by_id(ingest: IngestService) -> None:
    await ingest.given(identify("m3", 3, "bo@ex.org", user_id="u2", anonymous_id="b1"))
    assert len(await told("show", "b1")) == 2
    assert "several people are known as b1" in (await run("why", "b1")).stderr


async def test_everybody_who_is_called_that_is_shown_however_many_they_are(ingest: IngestService) -> None:
    names = [f"p{number}@ex.org" for number in range(101)]
    await ingest.given(
        *(identify(name, 3 + place / 1_000, name, anonymous_id="kiosk") for place, name in enumerate(names))
    )
    assert [person["emails"] for person in await told("show", "kiosk")] == [[name] for name in reversed(names)]
    everybody = await ingest.pages("/v1/people", anonymous_id="kiosk")
    said = (await run("why", "kiosk")).stderr
    assert all(person["id"] in said for person in everybody)


async def test_a_service_that_is_not_there_is_said_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("THROUGHLINE_ADMIN_TOKEN", "tl")
    monkeypatch.setenv("THROUGHLINE_INGEST_PORT", "1")
    assert "ingest does not answer at" in (await run("show", "u1")).stderr
    monkeypatch.delenv("THROUGHLINE_ADMIN_TOKEN")
    monkeypatch.setenv("THROUGHLINE_DATA", str(tmp_path))
    assert "no credentials" in (await run("show", "u1")).stderr
