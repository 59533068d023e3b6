"""Who gets a turn when deliveries leave: one endpoint that hangs, or several, delay nobody else."""

import asyncio
from collections.abc import Mapping, Sequence

import pytest

from services.handoff.domain.delivery import Outcome
from services.handoff.handlers.deliver import AT_ONCE, AT_ONCE_AN_ENDPOINT, Deliver
from services.handoff.ports import Answered, Attempt
from shared.kernel.instant import Instant

NOW = Instant(1)


class Waiting:
    """Deliveries that wait, by endpoint; each is claimed once."""

    def __init__(self, **waiting: int) -> None:
        self.waiting = waiting

    async def due(self, _now: Instant) -> Sequence[str]:
        return sorted(one for one, number in self.waiting.items() if number)

    async def claim(self, room: Mapping[str, int], _now: Instant) -> Sequence[Attempt]:
        claimed = []
        for endpoint_id, most in room.items():
            number = min(most, self.waiting[endpoint_id])
            self.waiting[endpoint_id] -= number
            claimed += [
                Attempt(
                    f"{endpoint_id}-{place}", "w", "t", b"{}", 1, endpoint_id, endpoint_id, (b"k" * 24,), None, None
                )
                for place in range(number)
            ]
        return claimed


class Receivers:
    """All but one never answer; counts who was sent something."""

    def __init__(self) -> None:
        self.sent: list[str] = []
        self.answered = asyncio.Event()

    async def send(self, url: str, _headers: Mapping[str, str], _body: bytes) -> Outcome:
        self.sent.append(url)
        if url != "well":
            await asyncio.Event().wait()
        self.answered.set()
        return Outcome(200, None)


async def kept(_answered: Sequence[Answered]) -> None:
    """Whatever came of it."""


@pytest.mark.parametrize("hanging", [1, 3, 4, 10, 30])
async def test_whoever_hangs_leaves_a_turn_for_an_endpoint_that_answers(hanging: int) -> None:
    desk, receivers = Waiting(**{f"hangs{number}": 200 for number in range(hanging)}), Receivers()
    deliver = Deliver(desk, receivers.send, kept, now=lambda: NOW, dice=lambda: 0.0)
    for _ in range(AT_ONCE):
        await deliver.due(NOW)
    desk.waiting["well"] = 1
    async with asyncio.timeout(5):
        await deliver.due(NOW)
        await receivers.answered.wait()
    for task in asyncio.all_tasks() - {asyncio.current_task()}:
        task.cancel()
    assert len(receivers.sent) <= AT_ONCE
    assert max(map(receivers.sent.count, receivers.sent)) <= AT_ONCE_AN_ENDPOINT
