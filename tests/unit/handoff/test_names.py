"""A name server that is silent holds up nobody who asks for another name."""

import asyncio
import socket
import threading
from collections.abc import Iterator, Sequence

import pytest

from services.handoff.clients.names import Names, of_the_system


class NameServers:
    """One of them is silent until it is told to speak; `asked` counts, and `called` is set by the first who asks."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.called = threading.Event()
        self.speaks = threading.Event()

    def ask(self, host: str, _port: int) -> Sequence[str]:
        self.asked.append(host)
        self.called.set()
        if host == "silent.example":
            self.speaks.wait(10)
        if host == "nobody.example":
            raise socket.gaierror("there is no such name")
        return ["192.0.2.1"]


@pytest.fixture
def servers() -> Iterator[NameServers]:
    found = NameServers()
    yield found
    found.speaks.set()


async def test_who_asks_for_a_silent_name_delays_nobody_else(servers: NameServers) -> None:
    names = Names(servers.ask)
    waiting = [asyncio.create_task(names.resolve("silent.example", 443)) for _ in range(100)]
    async with asyncio.timeout(5):
        assert await names.resolve("well.example", 443) == ["192.0.2.1"]
    assert not any(task.done() for task in waiting)
    servers.speaks.set()
    async with asyncio.timeout(5):
        assert await asyncio.gather(*waiting) == [["192.0.2.1"]] * 100
    assert sorted(servers.asked) == ["silent.example", "well.example"]


async def test_who_stops_waiting_leaves_the_answer_to_the_others(servers: NameServers) -> None:
    names = Names(servers.ask)
    first, second = (asyncio.create_task(names.resolve("silent.example", 443)) for _ in range(2))
    assert await asyncio.to_thread(servers.called.wait, 5)
    first.cancel()
    servers.speaks.set()
    async with asyncio.timeout(5):
        assert await second == ["192.0.2.1"]
        assert await names.resolve("silent.example", 443) == ["192.0.2.1"]
    assert servers.asked == ["silent.example"] * 2


async def test_a_name_that_leads_nowhere_is_asked_for_again(servers: NameServers) -> None:
    names = Names(servers.ask)
    for _ in range(2):
        with pytest.raises(OSError, match="no such name"):
            await names.resolve("nobody.example", 443)
    assert servers.asked == ["nobody.example"] * 2


async def test_what_no_resolver_can_spell_is_no_name() -> None:
    with pytest.raises(OSError, match="no name"):
        await Names().resolve("a" * 64 + ".example", 443)


def test_the_system_knows_this_machine() -> None:
    assert "127.0.0.1" in of_the_system("127.0.0.1", 443)
