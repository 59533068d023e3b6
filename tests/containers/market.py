"""The demo's market, played against a stack whose parts die meanwhile, with the demo's own books.

Sales answers only once everything is up again: what is proved is what the doors and the webhooks promise.
"""

import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from itertools import pairwise
from pathlib import Path
from threading import Event

from tests.containers.stack import ROOT, Stack
from tests.demo.books import Check, OwnBooks, balance
from tests.demo.calls import Call
from tests.demo.crm import Clerk, Crm, Mailbox, Place
from tests.demo.deployment import Reader
from tests.demo.evidence import NOTHING, gather
from tests.demo.player import Ledger, Player, Refused
from tests.demo.story import Story, tell

_PEOPLE = 60
_ENDED_MS = 60_000
_SETTLE_SECONDS = 180
_OUTAGE_SECONDS = 120


class Market:
    """A story in slices, a CRM that takes its webhooks, and the books of both. Use it as a context."""

    def __init__(self, stack: Stack, files: Path, *, slices: int) -> None:
        self._stack = stack
        self._deployment = stack.deployment()
        now = time.time_ns() // 1_000_000
        self._story: Story = tell(seed=1, people=_PEOPLE, ends_at=now - _ENDED_MS, tag=f"{now:x}")
        self._slices = _sliced(self._story.calls, slices)
        self._rng = random.Random(1)
        self._calm = Event()
        self._sent, self._received, self._answered = (Ledger(files / name) for name in ("sent", "received", "answered"))
        self._player = Player(self._deployment, self._sent, self._calm, lambda _: None)
        self._clerk = Clerk(self._deployment, self._story.expected.asked, self._answered)
        self._exit = ExitStack()

    def __enter__(self) -> "Market":
        self._exit.callback(self._player.close)
        self._exit.callback(self._clerk.stop)
        self._reader = self._exit.enter_context(Reader(self._deployment))
        mailbox = Mailbox(self._received, self._clerk.put)
        crm = Crm(mailbox, Place(bind=self._stack.gateway(), name="host.docker.internal"))
        crm.start()
        self._exit.callback(crm.stop)
        endpoint = self._reader.post("handoff", "/v1/endpoints", {"url": crm.url, "events": ["*"], "name": "CRM"})
        mailbox.trust(endpoint["secret"])
        return self

    def __exit__(self, *_: object) -> None:
        self._exit.close()

    def send(self) -> None:
        """Send the next slice of the story; returns when the doors have taken every call of it."""
        calls = next(self._slices)
        deadline = time.monotonic() + _OUTAGE_SECONDS
        while calls:
            try:
                self._player.play(calls, self._rng)
                return
            except Refused as refusal:
                # A client that gives up after some tries is started again by whoever runs it.
                if ": 503" not in str(refusal) or time.monotonic() > deadline:
                    raise
                taken = {line["message_id"] for line in self._sent.lines()}
                calls = [call for call in calls if call.message_id not in taken]

    @contextmanager
    def sending(self) -> Iterator[None]:
        """Send the next slice while the block runs; what a door cannot take is sent again until it can."""
        with ThreadPoolExecutor(1) as pool:
            sending = pool.submit(self.send)
            yield
            sending.result()

    def close_deals(self) -> None:
        """Let sales answer its leads, then post the deals and what comes late, and wait until all is settled."""
        self._recovered()
        self._clerk.start()
        self._settled()
        self._player.post_deals(self._story.deal_posts)
        self._player.play(self._story.late_calls, self._rng)
        self._settled()

    def balance(self) -> list[Check]:
        """What was sent and received against what the services hold."""
        own = OwnBooks(
            self._sent.lines(), self._received.lines(), self._answered.lines(), self._story.expected
        )  # fmt: skip
        return balance(own, gather(self._reader, self._story, NOTHING))

    def _recovered(self) -> None:
        """Return when all services are caught up; until then each may answer that it cannot."""
        command = [sys.executable, "-m", "services", "wait", "--seconds", str(_SETTLE_SECONDS)]
        environment = {name: value for name, value in os.environ.items() if not name.startswith("THROUGHLINE_")}
        own = self._stack.settings | {"THROUGHLINE_WEBHOOK_NETWORKS": ""}
        subprocess.run(command, cwd=ROOT, env=environment | own, check=True, capture_output=True)  # noqa: S603 - ours

    def _settled(self) -> None:
        """Return when the services have no work and sales has answered every lead, at one and the same time."""
        while True:
            before = self._clerk.answered()
            self._reader.wait_until_settled(_SETTLE_SECONDS, self._calm)
            if before is not None and self._clerk.answered() == before:
                return


def _sliced(calls: Sequence[Call], count: int) -> Iterator[Sequence[Call]]:
    borders = [len(calls) * number // count for number in range(count + 1)]
    return (calls[begin:end] for begin, end in pairwise(borders))
