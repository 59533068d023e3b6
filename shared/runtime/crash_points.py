"""Places where a process can be told to die, to prove that it may.

`THROUGHLINE_CRASH_AT=after_commit:3` ends the process, as kill -9 would, the third time it comes there.
"""

import os
from collections.abc import Sequence

from shared.log.ports import Outgoing, Publisher

_SETTING = "THROUGHLINE_CRASH_AT"
_DEAD = 137
_reached: dict[str, int] = {}


def reach(name: str) -> None:
    """Die here if this is the place and the time; else nothing."""
    wanted = os.environ.get(_SETTING)
    if not wanted:
        return
    place, _, times = wanted.partition(":")
    if place != name:
        return
    _reached[name] = _reached.get(name, 0) + 1
    if _reached[name] >= int(times or 1):
        os._exit(_DEAD)


class CrashingPublisher:
    """A publisher with a place to die before it publishes and one after, before anybody is answered."""

    def __init__(self, inner: Publisher) -> None:
        self._inner = inner

    async def publish(self, records: Sequence[Outgoing]) -> None:
        """Publish, and die where that is asked for."""
        reach("before_publish")
        await self._inner.publish(records)
        reach("after_publish")


def crashing(inner: Publisher) -> Publisher:
    """The publisher itself where no crash is asked for: the doors pay nothing for the proof."""
    return CrashingPublisher(inner) if os.environ.get(_SETTING) else inner
