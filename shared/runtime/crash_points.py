"""Places where a process can be told to die or to stand still, to prove that it may.

`THROUGHLINE_CRASH_AT=after_commit:3` ends the process, as kill -9 would, the third time it comes there;
`THROUGHLINE_FREEZE_AT` stops it there, as kill -STOP would, until somebody wakes it.
"""

import os
import signal
from collections.abc import Sequence

from shared.kernel.errors import TryLater
from shared.log.ports import Heard, Outgoing, Sender
from shared.log.sending import sent

_CRASH, _FREEZE = "THROUGHLINE_CRASH_AT", "THROUGHLINE_FREEZE_AT"
_DEAD = 137
_reached: dict[str, int] = {}


def reach(name: str) -> None:
    """Die or stand still here if this is the place and the time; else nothing."""
    crash, freeze = os.environ.get(_CRASH), os.environ.get(_FREEZE)
    if not (crash or freeze):
        return
    _reached[name] = _reached.get(name, 0) + 1
    if crash and _is_time(crash, name):
        os._exit(_DEAD)
    if freeze and _is_time(freeze, name):
        del os.environ[_FREEZE]  # It stands still once: whoever woke it wants to see what it does then.
        os.kill(os.getpid(), signal.SIGSTOP)


def _is_time(wanted: str, name: str) -> bool:
    place, _, times = wanted.partition(":")
    return place == name and _reached[name] >= int(times or 1)


class CrashingSender:
    """A sender with a place to die before it sends and one after, before anybody is told."""

    def __init__(self, inner: Sender) -> None:
        self._inner = inner

    async def publish(self, records: Sequence[Outgoing]) -> None:
        """Publish, and die where that is asked for."""
        await sent(self.send, records)

    def send(self, records: Sequence[Outgoing], heard: Heard) -> None:
        """Send, and die where that is asked for."""

        def written(failure: TryLater | None) -> None:
            if failure is None:
                reach("after_publish")
            heard(failure)

        reach("before_publish")
        self._inner.send(records, written)


def crashing(inner: Sender) -> Sender:
    """The sender itself where no crash is asked for: the doors pay nothing for the proof."""
    return CrashingSender(inner) if os.environ.get(_CRASH) else inner
