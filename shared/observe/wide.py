"""One wide log line per unit of work: a request, a batch, a tick.

What is learned on the way is added to the line; it is written once, at the end, whatever the end was.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from structlog.typing import FilteringBoundLogger

_OK: Final = "ok"


class WideLine:
    """The fields of a unit of work, as far as they are known."""

    def __init__(self, fields: dict[str, object]) -> None:
        self._fields = fields

    @property
    def fields(self) -> dict[str, object]:
        """A copy of what was added so far."""
        return dict(self._fields)

    def add(self, **fields: object) -> None:
        """Add fields; of two under one name the later one holds."""
        self._fields.update(fields)

    def count(self, name: str, by: int = 1) -> None:
        """Count up a field, from zero."""
        known = self._fields.get(name, 0)
        self._fields[name] = by + (known if isinstance(known, int) else 0)


@contextmanager
def unit(log: FilteringBoundLogger, event: str, **fields: object) -> Iterator[WideLine]:
    """A unit of work: one line with its fields, `ms` and `outcome` (`ok` or the type of the error, which goes on)."""
    line = WideLine(dict(fields))
    started = time.perf_counter()
    outcome = _OK
    try:
        yield line
    except BaseException as error:
        outcome = type(error).__name__
        raise
    finally:
        write = log.info if outcome == _OK else log.warning
        taken = round((time.perf_counter() - started) * 1_000, 3)
        write(event, **(line.fields | {"ms": taken, "outcome": outcome}))
