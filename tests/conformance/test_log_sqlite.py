"""The SQLite log under the suite, and what only it promises: one process, durability, retention."""

import asyncio
import sqlite3
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Awaitable, Mapping
from contextlib import closing
from pathlib import Path
from typing import TypeVar

import pytest

from shared.kernel.errors import PositionLost, TryLater
from shared.log import sqlite
from shared.log.ports import Bounds, Log, Outgoing, Partition
from shared.log.sqlite import SqliteLog
from shared.testing.log_suite import LogSuite, Opened, from_start, numbered, poll_until, shared_by, values_by_key
from shared.testing.sending_suite import SendingSuite

T = TypeVar("T")

_SESSION_SECONDS = 0.3

_OPEN_IT = """
import asyncio, pathlib, sys
from shared.log.sqlite import SqliteLog
asyncio.run(SqliteLog(pathlib.Path(sys.argv[1])).start({"topic": 1}))
"""

_PUBLISH_UNTIL_KILLED = """
import asyncio, itertools, pathlib, sys
from shared.log.ports import Outgoing
from shared.log.sqlite import SqliteLog

async def main():
    log = SqliteLog(pathlib.Path(sys.argv[1]))
    await log.start({"topic": 1})
    for number in itertools.count():
        await log.publish([Outgoing("topic", b"k", str(number).encode())])
        print(number, flush=True)

asyncio.run(main())
"""


class TestSqliteLog(LogSuite, SendingSuite):
    @pytest.fixture
    async def opened(self, tmp_path: Path) -> AsyncIterator[Opened]:
        logs: list[SqliteLog] = []

        async def open_log(topics: Mapping[str, int]) -> Log:
            logs.append(SqliteLog(tmp_path / "log.db", session_seconds=_SESSION_SECONDS))
            await logs[-1].start(topics)
            return logs[-1]

        yield open_log
        for log in logs:
            await log.close()

    async def test_what_a_member_that_stopped_polling_held_goes_to_the_others(self, opened: Opened) -> None:
        log = await opened({"topic": 4})
        gone, staying = [await log.subscribe("group", ["topic"], from_start) for _ in range(2)]
        await poll_until([gone, staying], shared_by([gone, staying], 4))
        await poll_until([staying], shared_by([staying], 4))


@pytest.fixture
async def log(tmp_path: Path) -> AsyncIterator[SqliteLog]:
    times = iter(range(1_000, 100_000, 1_000))
    log = SqliteLog(tmp_path / "log.db", now=lambda: next(times))
    await log.start({"topic": 1})
    yield log
    await log.close()


@pytest.mark.usefixtures("log")
async def test_a_second_process_is_refused_with_a_clear_message(tmp_path: Path) -> None:
    second = await asyncio.to_thread(_run, _OPEN_IT, tmp_path / "log.db")
    assert second.returncode == 1
    assert "is open in another process" in second.stderr


async def test_what_was_acknowledged_before_a_kill_is_there_after_it(tmp_path: Path) -> None:
    path = tmp_path / "killed.db"
    publisher = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _PUBLISH_UNTIL_KILLED, str(path), stdout=asyncio.subprocess.PIPE
    )
    assert publisher.stdout is not None
    acknowledged = [int(await publisher.stdout.readline()) for _ in range(200)]
    publisher.kill()
    acknowledged += [int(line) for line in (await publisher.communicate())[0].splitlines() if line]
    log = SqliteLog(path)
    await log.start({"topic": 1})
    member = await log.subscribe("group", ["topic"], from_start)
    read = await poll_until([member], lambda found: len(found) >= len(acknowledged))
    await log.close()
    assert values_by_key(read)["k"][: len(acknowledged)] == acknowledged


async def test_trimming_deletes_what_is_older_and_keeps_offsets_even_over_a_restart(log: SqliteLog) -> None:
    for number in range(10):
        await log.publish(numbered("topic", "k", [number]))
    read = {Partition("topic", 0): 10}
    assert await log.trim(read, before=5_000) == 4
    assert await log.trim(read, before=5_000) == 0
    assert await log.bounds(["topic"]) == {Partition("topic", 0): Bounds(4, 10)}
    assert await log.trim(read, before=1_000_000) == 6
    await log.close()
    await log.start({"topic": 1})
    assert await log.bounds(["topic"]) == {Partition("topic", 0): Bounds(10, 10)}


async def test_a_file_that_cannot_be_read_for_a_trim_is_for_later_and_takes_records_afterwards(
    log: SqliteLog, tmp_path: Path
) -> None:
    for number in range(10):
        await log.publish(numbered("topic", "k", [number]))
    with closing(sqlite3.connect(tmp_path / "log.db")) as aside:
        for harm, mend in (
            ("alter table records rename to gone", "alter table gone rename to records"),
            ("delete from records where id & 15 = 5", "select 1"),
        ):
            aside.execute(harm)
            aside.commit()
            with pytest.raises(TryLater):
                await _soon(log.trim({Partition("topic", 0): 10}, before=5_000))
            aside.execute(mend)
            await _soon(log.publish(numbered("topic", "k", [10])))
    assert await log.bounds(["topic"]) == {Partition("topic", 0): Bounds(0, 12)}


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
async def test_whoever_waits_for_a_writer_that_ended_is_told_and_so_is_whoever_comes_later(tmp_path: Path) -> None:
    asked = threading.Event()

    def broken() -> int:
        asked.wait()
        raise RuntimeError

    log = SqliteLog(tmp_path / "log.db", now=broken)
    await log.start({"topic": 1})
    waiting = [asyncio.create_task(log.publish(numbered("topic", "k", [number]))) for number in range(3)]
    await asyncio.wait(waiting, timeout=0.05)
    asked.set()
    assert {type(end) for end in await _soon(asyncio.gather(*waiting, return_exceptions=True))} == {TryLater}
    for later in (log.publish(numbered("topic", "k", [3])), log.trim({Partition("topic", 0): 1}, 0), log.bounds([])):
        with pytest.raises(TryLater):
            await _soon(later)
    await _soon(log.close())


async def test_of_what_is_discarded_no_byte_is_left_in_any_file(log: SqliteLog, tmp_path: Path) -> None:
    await log.publish([Outgoing("topic", b"k", f"canary7f3a-{number}".encode() * 50) for number in range(400)])
    await log.publish([Outgoing("topic", b"k", b"kept")])
    assert _holding(tmp_path, b"canary7f3a")
    await log.discard({Partition("topic", 0): 400})
    assert _holding(tmp_path, b"canary7f3a") == []
    assert _holding(tmp_path, b"kept")


async def test_what_is_written_all_the_time_does_not_pile_up_in_the_wal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "_LONGEST_WAL_PAGES", 256)
    log = SqliteLog(tmp_path / "log.db")
    await log.start({"topic": 1})
    for number in range(1_000):
        await log.publish([Outgoing("topic", b"k", str(number).encode())])
    assert (tmp_path / "log.db-wal").stat().st_size < 3 * 1024 * 1024
    await log.close()


async def test_a_position_that_was_trimmed_away_is_lost(log: SqliteLog) -> None:
    await log.publish(numbered("topic", "k", [1]))
    await log.publish(numbered("topic", "k", [2]))
    await log.trim({Partition("topic", 0): 1}, before=2_000)
    member = await log.subscribe("group", ["topic"], from_start)
    with pytest.raises(PositionLost):
        await member.poll(10, 0)


async def test_record_times_never_run_backwards(tmp_path: Path) -> None:
    times = iter([5_000, 4_000, 6_000])
    log = SqliteLog(tmp_path / "log.db", now=lambda: next(times))
    await log.start({"topic": 1})
    for number in range(3):
        await log.publish(numbered("topic", "k", [number]))
    member = await log.subscribe("group", ["topic"], from_start)
    assert [record.at for record in await member.poll(10, 0)] == [5_000, 5_000, 6_000]
    await log.close()


async def test_a_poll_that_waits_is_woken_by_a_publish(log: SqliteLog) -> None:
    member = await log.subscribe("group", ["topic"], from_start)
    waiting = asyncio.create_task(member.poll(1, 20_000))
    await asyncio.wait([waiting], timeout=0.05)
    await log.publish(numbered("topic", "k", [7]))
    async with asyncio.timeout(5):
        assert values_by_key(await waiting) == {"k": [7]}


async def _soon(step: Awaitable[T]) -> T:
    """What a step answers, which it does."""
    async with asyncio.timeout(5):
        return await step


def _holding(folder: Path, mark: bytes) -> list[str]:
    """The files that hold some bytes."""
    return [path.name for path in folder.iterdir() if mark in path.read_bytes()]


def _run(program: str, path: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=False)  # noqa: S603 - our own program
