"""What readiness asks the log for: whether it takes what visitors do."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from shared.contracts.records import Partition
from shared.contracts.topics import TOUCHPOINTS_COLLECTED
from shared.log.memory import MemoryLog
from shared.log.ports import Bounds
from tests.handlers.ingest.at_ingest import NOW, opened


class AskedLog(MemoryLog):
    """A log that remembers which topics it was asked for."""

    def __init__(self) -> None:
        super().__init__(now=lambda: NOW)
        self.asked: list[str] = []

    async def bounds(self, topics: Iterable[str]) -> Mapping[Partition, Bounds]:
        """What each partition holds now."""
        names = list(topics)
        self.asked += names
        return await super().bounds(names)


async def test_a_door_is_ready_where_the_topic_of_visitors_answers(tmp_path: Path) -> None:
    log = AskedLog()
    async with opened(tmp_path, log=log) as ingest:
        log.asked.clear()
        assert (await ingest.get("/readyz"))["checks"] == {"log": "ok"}
    assert log.asked == [TOUCHPOINTS_COLLECTED.name]
