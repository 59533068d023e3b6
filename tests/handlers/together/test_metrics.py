"""Every metric that is declared is counted: a name that never moves is a dashboard that lies."""

import asyncio
from pathlib import Path
from typing import Any, Final

from prometheus_client.parser import text_string_to_metric_families

from services.deployment import ServiceName
from shared.contracts.records import Outgoing
from shared.contracts.topics import TOUCHPOINTS_COLLECTED
from shared.kernel.errors import TryLater
from shared.kernel.instant import Instant, to_text
from shared.log.memory import MemoryLog
from shared.observe.metrics import Metrics
from tests.handlers.handoff.crm import Crm, crm
from tests.handlers.together.market import NOW, SECONDS, Market, market

SERVICES: Final[tuple[ServiceName, ...]] = ("ingest", "scoring", "handoff", "attribution")
DEMO: Final[dict[str, Any]] = {
    "type": "track", "event": "Demo Requested", "messageId": "m-1", "timestamp": to_text(Instant(NOW - 1_000)),
    "userId": "ana", "properties": {"email": "ana@acme.com"},
}  # fmt: skip
NAMELESS: Final = {"type": "track", "event": "Demo Requested"}
POISON: Final = Outgoing(TOUCHPOINTS_COLLECTED.name, b"key", b"no event", ())
AT_REST: Final = {"throughline_lag_records", "throughline_outbox_depth", "throughline_work_depth"}
"""Zero where everything is done; that they follow the lag is shown where metrics are tested alone."""
ELSEWHERE: Final = {"throughline_suppressed"}
"""Counted where somebody is erased, and tested there."""


class _AwayOnce(MemoryLog):
    """A log that cannot be reached the first time it is asked what it is."""

    _away = True

    async def identity(self, topic: str) -> str:
        if self._away:
            self._away = False
            raise TryLater("the log is away")
        return await super().identity(topic)


def _names(told: str, *, moved: bool) -> set[str]:
    """Our metrics in a text; where asked, those alone that are not as they were at the start."""
    return {
        family.name
        for family in text_string_to_metric_families(told)
        if family.name.startswith("throughline_")
        and not family.name.endswith("_created")
        and (not moved or any(one.value for one in family.samples))
    }


async def _live(at_work: Market, log: MemoryLog, receiver: Crm) -> None:
    """A lead for two CRMs, one of them unwell; twice the same event, one that is refused, one that is none."""
    for path in ("/well", "/unwell"):
        endpoint = await at_work.tell("handoff", "/v1/endpoints", {"url": receiver.url(path), "events": ["*"]})
        receiver.secrets[path] = endpoint["secret"]
    receiver.answers.append(500)
    await log.publish([POISON])
    await at_work.post("/v1/track", DEMO)
    await at_work.post("/v1/batch", {"batch": [DEMO, NAMELESS]})


async def _still(at_work: Market, names: set[str]) -> set[str]:
    """Which of these metrics no service has moved yet."""
    texts = [await at_work.metrics(service) for service in SERVICES]
    return names.difference(*(_names(text, moved=True) for text in texts))


async def test_every_metric_moves_in_one_journey(tmp_path: Path) -> None:
    log = _AwayOnce(now=lambda: NOW)
    still = _names(Metrics().text().decode(), moved=False) - AT_REST - ELSEWHERE
    async with crm() as receiver, market(tmp_path, log) as at_work:
        await _live(at_work, log, receiver)
        ends_at = asyncio.get_running_loop().time() + SECONDS
        while still and asyncio.get_running_loop().time() < ends_at:
            still = await _still(at_work, still)
    assert still == set()
