"""Deliveries leave: claimed under a lease, sent with no transaction open, recorded in a second one (faults.md F4).

At least once, with a `webhook-id` that never changes. An endpoint has only so many attempts under way at a time,
so one that is slow delays nobody but itself. Leaves out what an answer means (settling.py).
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence

from services.handoff.domain.delivery import Outcome
from services.handoff.ports import Answered, Attempt, Desk
from shared.kernel.errors import TryLater
from shared.kernel.instant import SECOND, Instant
from shared.kernel.signing import sign

Send = Callable[[str, Mapping[str, str], bytes], Awaitable[Outcome]]
Record = Callable[[Sequence[Answered]], Awaitable[None]]
"""Keeps what attempts met, all or none; raises TryLater."""

AT_ONCE = 64
AT_ONCE_AN_ENDPOINT = 16
USER_AGENT = "Throughline-Webhooks/1"


class Deliver:
    """Sends what is due. `dice`: a number from -1 to 1 for each attempt; `freed` is told when there is room again."""

    def __init__(
        self,
        desk: Desk,
        send: Send,
        record: Record,
        *,
        now: Callable[[], Instant],
        dice: Callable[[], float],
        freed: Callable[[], None] = lambda: None,
    ) -> None:
        self._desk = desk
        self._send = send
        self._record = record
        self._now = now
        self._dice = dice
        self._freed = freed
        self._under_way: dict[asyncio.Task[None], str] = {}
        self._answered: list[Answered] = []
        self._recording = asyncio.Lock()
        self._broken: BaseException | None = None
        self._more = False
        """Whether something may still be due that had no room."""

    async def due(self, now: Instant) -> int:
        """Start what is due and has room; answers how many attempts that were. Raises TryLater."""
        if self._broken is not None:
            raise self._broken
        endpoints = await self._desk.due(now)
        room = self._room(endpoints)
        self._more = len(room) < len(endpoints)
        if not room:
            return 0
        attempts = await self._desk.claim(room, now)
        self._more = self._more or len(attempts) == sum(room.values())
        for attempt in attempts:
            task = asyncio.create_task(self._deliver(attempt), name="deliver")
            self._under_way[task] = attempt.endpoint_id
            task.add_done_callback(self._done)
        return len(attempts)

    async def finish(self) -> None:
        """Wait for what is under way; every attempt has an end of its own."""
        if self._under_way:
            await asyncio.wait(self._under_way)

    def _room(self, endpoint_ids: Sequence[str]) -> dict[str, int]:
        """How many more attempts each endpoint may have: its share of what all may have together, and half of what is
        free at most, so that whoever hangs leaves some for who has nothing under way."""
        busy = Counter(self._under_way.values())
        share = min(AT_ONCE_AN_ENDPOINT, max(1, AT_ONCE // (1 + len({*endpoint_ids, *busy}))))
        free = AT_ONCE - len(self._under_way)
        room: dict[str, int] = {}
        for endpoint_id in sorted(endpoint_ids, key=lambda one: busy[one]):
            more = min(share - busy[endpoint_id], (free + 1) // 2)
            if more > 0:
                room[endpoint_id] = more
                free -= more
        return room

    async def _deliver(self, attempt: Attempt) -> None:
        seconds = self._now() // SECOND
        headers = {
            "Content-Type": "application/json",
            "User-Agent": USER_AGENT,
            "webhook-id": attempt.webhook_id,
            "webhook-timestamp": str(seconds),
            "webhook-signature": sign(attempt.keys, attempt.webhook_id, seconds, attempt.body),
        }
        outcome = await self._send(attempt.url, headers, attempt.body)
        self._answered.append(Answered(attempt, outcome, self._dice()))
        # One commit for all that were answered while the last one was on its way.
        async with self._recording:
            answered, self._answered = self._answered, []
            try:
                if answered:
                    await self._record(answered)
            except TryLater:
                return  # The lease ends by itself, and then it is sent again under the same id.

    def _done(self, task: asyncio.Task[None]) -> None:
        del self._under_way[task]
        # What no attempt may raise is raised where somebody looks: at the next turn.
        error = None if task.cancelled() else task.exception()
        self._broken = self._broken or error
        if self._more or self._broken is not None:
            self._freed()
