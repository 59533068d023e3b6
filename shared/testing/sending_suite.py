"""What every log keeps towards who sends without waiting: told once, when it is durable, and by nobody else's trouble
kept from it. It is run on memory, SQLite and a real Kafka, beside log_suite.py and with the same fixture.
"""

# ruff: noqa: S101 - assert is what a suite is made of

import asyncio
from collections.abc import Sequence

import pytest

from shared.kernel.errors import Reject, TryLater
from shared.log.ports import Log, Outgoing
from shared.testing.log_suite import SECONDS, Opened, fresh, from_start, numbered, poll_until, values_by_key


class Told:
    """Sends, and keeps what was heard of each send."""

    def __init__(self, log: Log) -> None:
        self.heard: dict[str, list[TryLater | None]] = {}
        self._log = log
        self._woken = asyncio.Event()

    def send(self, name: str, records: Sequence[Outgoing]) -> None:
        """Send records; what is heard of them is kept under a name."""
        kept = self.heard.setdefault(name, [])

        def hear(failure: TryLater | None) -> None:
            kept.append(failure)
            self._woken.set()

        self._log.send(records, hear)

    async def all(self) -> None:
        """Wait until each was told."""
        async with asyncio.timeout(SECONDS):
            while not all(self.heard.values()):
                self._woken.clear()
                await self._woken.wait()


class SendingSuite:
    """The suite; pytest runs it through a subclass a driver."""

    async def test_who_sends_is_told_once_when_it_can_be_read(self, opened: Opened) -> None:
        topic = fresh("topic")
        log = await opened({topic: 3})
        told = Told(log)
        for number in range(50):
            told.send(str(number), numbered(topic, f"k{number % 7}", [number, -number]))
        told.send("nothing", [])
        await told.all()
        assert sum(each.end for each in (await log.bounds([topic])).values()) == 100
        await log.publish(numbered(topic, "k", [100]))
        assert set(map(tuple, told.heard.values())) == {(None,)}

    async def test_what_is_sent_and_what_is_published_stay_in_the_senders_order(self, opened: Opened) -> None:
        topic = fresh("topic")
        log = await opened({topic: 2})
        told = Told(log)
        told.send("first", numbered(topic, "k", [1, 2]))
        await told.all()
        await log.publish(numbered(topic, "k", [3]))
        told.send("second", numbered(topic, "k", [4]))
        member = await log.subscribe(fresh("group"), [topic], from_start)
        read = await poll_until([member], lambda found: len(found) >= 4)
        assert values_by_key(read) == {"k": [1, 2, 3, 4]}
        await told.all()

    async def test_what_is_known_at_once_is_raised_and_nobody_is_told(self, opened: Opened) -> None:
        topic = fresh("topic")
        log = await opened({topic: 1})
        told = Told(log)
        too_large = Outgoing(topic, b"k", bytes(log.features.max_record_bytes + 1))
        with pytest.raises(Reject, match="bytes"):
            told.send("too large", [*numbered(topic, "k", [1]), too_large])
        with pytest.raises(ValueError, match="not a topic"):
            told.send("nowhere", numbered("no-such-topic", "k", [1]))
        await log.close()
        with pytest.raises(TryLater):
            told.send("closed", numbered(topic, "k", [1]))
        assert not any(told.heard.values())

    async def test_who_hears_and_raises_keeps_nobody_from_being_told(self, opened: Opened) -> None:
        topic = fresh("topic")
        log = await opened({topic: 1})
        told, faults, fault = Told(log), list[object](), KeyError("of whoever hears")
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, said: faults.append(said.get("exception")))

        def raise_it(_: TryLater | None) -> None:
            raise fault

        told.send("before", numbered(topic, "k", [1]))
        log.send(numbered(topic, "k", [2]), raise_it)
        told.send("after", numbered(topic, "k", [3]))
        await told.all()
        await log.publish(numbered(topic, "k", [4]))
        loop.set_exception_handler(None)
        assert (told.heard, faults) == ({"before": [None], "after": [None]}, [fault])
