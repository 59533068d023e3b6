"""Tables that are exported: columns, rows in pages, and how a page becomes bytes, whatever the format.

An encoder is for one file; what it keeps between pages does not grow with the rows.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

Kind = Literal["text", "integer", "real", "time"]
"""What a column holds: texts, 64-bit integers, floats, or instants (milliseconds UTC)."""
Value = str | int | float | None
Rows = Sequence[Sequence[Value]]
Pages = AsyncIterator[Rows]
"""Rows, some at a time; each page is a read of its own."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column; any of its cells may be empty."""

    name: str
    kind: Kind = "text"


class Encoder(Protocol):
    """Writes one file."""

    def head(self) -> bytes:
        """What comes before the first page."""
        ...

    def page(self, rows: Rows) -> bytes:
        """A page of at least one row, its values in the order of the columns."""
        ...

    def tail(self) -> bytes:
        """What comes after the last page."""
        ...
