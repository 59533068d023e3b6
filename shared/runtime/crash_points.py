"""Places where a process can be told to die, to prove that it may.

`THROUGHLINE_CRASH_AT=after_commit:3` ends the process, as kill -9 would, the third time it comes there.
"""

import os

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
