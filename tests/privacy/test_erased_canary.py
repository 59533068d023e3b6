"""Marked personal data is in no file of a store or of the embedded log once whoever it is of was erased.

Here is ingest with the log; all services as one process are in test_erased_everywhere.py.
"""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from shared.kernel.instant import DAY, Instant
from shared.log.sqlite import SqliteLog
from tests.handlers.ingest.at_ingest import NOW, IngestService, call, deal, identify, opened, reject
from tests.privacy.marks import CANARY, EMAIL, PHONE, marked

KEPT = "bo@acme.example"


class Clock:
    """What time it is."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> Instant:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def ingest(tmp_path: Path, clock: Clock) -> AsyncIterator[IngestService]:
    """Ingest on files, to which somebody did everything that leaves a trace, and somebody else a little."""
    async with opened(tmp_path, alone=True, log=SqliteLog(tmp_path / "log.db"), now=clock) as service:
        await service.given(
            identify(f"m1-{CANARY}", 1, EMAIL, user_id=f"user-{CANARY}", anonymous_id=f"browser-{CANARY}"),
            call(
                f"m2-{CANARY}", 2, user_id=f"user-{CANARY}", type="track", name="Demo Requested", trusted=True,
                properties={"message": f"call {CANARY}", "phone": PHONE}, traits={"name": f"Ana {CANARY}"},
            ),
            *(call(f"m3-{number}-{CANARY}", 3, anonymous_id=f"browser-{CANARY}") for number in range(300)),
            reject(f"m4-{CANARY}", 4, traits={"email": EMAIL.upper(), "phone": "+49 30 12345678"}),
            deal("d1", 5, EMAIL),
            *(identify(f"other-{number}", 1 + number / 100, f"{number}{KEPT}") for number in range(300)),
        )  # fmt: skip
        yield service


async def test_nothing_of_the_erased_is_in_any_file_when_the_receipt_says_finished(
    ingest: IngestService, tmp_path: Path
) -> None:
    assert {"ingest.db", "log.db"} <= {name.removesuffix("-wal") for name in marked(tmp_path)}
    (person,) = await ingest.found(email=EMAIL)
    receipt = await ingest.finished((await ingest.erase(person["id"])).json()["id"])
    assert marked(tmp_path) == []
    assert CANARY not in str(receipt)
    assert len(await ingest.found(email=f"299{KEPT}")) == 1


async def test_what_comes_later_of_the_erased_leaves_no_trace_in_the_store_and_a_day_later_none_on_the_log(
    ingest: IngestService, tmp_path: Path, clock: Clock
) -> None:
    (person,) = await ingest.found(email=EMAIL)
    await ingest.finished((await ingest.erase(person["id"])).json()["id"])
    await ingest.given(identify(f"m5-{CANARY}", 6, EMAIL, user_id=f"new-{CANARY}"), deal("d2", 6, EMAIL))
    await ingest.given(reject(f"m6-{CANARY}", 7, email=EMAIL))
    assert [name for name in marked(tmp_path) if name.startswith("ingest.db")] == []
    clock.now = Instant(NOW + DAY)
    async with asyncio.timeout(60), ingest.working():
        while marked(tmp_path):
            await ingest.get("/v1/lag")


async def test_an_erasure_that_was_cut_off_is_finished_by_the_next_process(
    ingest: IngestService, tmp_path: Path
) -> None:
    (person,) = await ingest.found(email=EMAIL)
    erasure = (await ingest.erase(person["id"])).json()["id"]
    await ingest.close()
    async with opened(tmp_path, alone=True, log=SqliteLog(tmp_path / "log.db")) as next_one:
        assert (await next_one.finished(erasure))["state"] == "finished"
        assert marked(tmp_path) == []
