"""`throughline people erase`, spoken to a service at work: it asks first, waits, and prints the receipt."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import typer
from structlog.testing import capture_logs
from typer.testing import CliRunner, Result

from services.people_erase import erase
from shared.web.server import listen, port_of, serve
from tests.handlers.ingest.at_ingest import IngestService, identify, opened

EMAIL = "ana@ex.org"


@pytest.fixture
async def ingest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[IngestService]:
    """A service that listens and works, and the environment of somebody who operates it."""
    with capture_logs():
        async with opened(tmp_path, alone=True) as service:
            listener, stopping = listen("127.0.0.1", 0), asyncio.Event()
            monkeypatch.setenv("THROUGHLINE_INGEST_PORT", str(port_of(listener)))
            monkeypatch.setenv("THROUGHLINE_ADMIN_TOKEN", "tl")
            monkeypatch.setenv("THROUGHLINE_SERVICES", "ingest")
            monkeypatch.setenv("COLUMNS", "200")
            served = asyncio.create_task(serve(service.api, listener, stopping))
            await service.given(identify("m1", 1, EMAIL, user_id="ana"))
            async with service.working():
                yield service
            stopping.set()
            await served


async def run(*arguments: str, answer: str = "") -> Result:
    app = typer.Typer()
    app.command()(erase)
    return await asyncio.to_thread(CliRunner().invoke, app, arguments, input=answer)


async def test_whoever_says_yes_gets_the_receipt_of_a_finished_erasure(ingest: IngestService) -> None:
    ran = await run(EMAIL, answer="y\n")
    assert ran.exit_code == 0, ran.stderr
    assert "finished" in ran.stdout
    assert "touchpoints" in ran.stdout
    assert EMAIL not in ran.output.replace(f"Erase {EMAIL}", "")
    assert await ingest.found(email=EMAIL) == []


async def test_the_receipt_is_json_where_it_is_asked_for(ingest: IngestService) -> None:
    receipt = json.loads((await run(EMAIL, "--yes", "--json")).stdout)
    assert receipt["state"] == "finished"
    assert "nobody is known" in (await run(EMAIL, "--yes")).stderr


async def test_nobody_is_erased_without_a_yes(ingest: IngestService) -> None:
    assert (await run(EMAIL, answer="n\n")).exit_code == 1
    assert len(await ingest.found(email=EMAIL)) == 1


async def test_whoever_does_not_wait_is_told_what_it_waits_for(
    ingest: IngestService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("THROUGHLINE_SERVICES", "ingest,scoring")
    ran = await run(EMAIL, "--yes", "--seconds", "0")
    assert ran.exit_code == 1
    assert "is still running, and waits for scoring" in ran.stderr
