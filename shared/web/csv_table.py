"""CSV as RFC 4180 has it: UTF-8, CRLF, a header, quotes where they are needed.

A text that a spreadsheet would take for a formula gets an apostrophe in front. Numbers are written as they are,
negative ones too; times are RFC 3339; an empty cell is no value or an empty text.
"""

import csv
from collections.abc import Sequence
from io import StringIO
from typing import Final

from shared.kernel.instant import Instant, to_text
from shared.web.tables import Column, Rows, Value

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
_GUARD: Final = "'"


class CsvTable:
    """Encodes one CSV file."""

    def __init__(self, columns: Sequence[Column]) -> None:
        self._columns = tuple(columns)

    def head(self) -> bytes:
        """The names of the columns."""
        return _written([[column.name for column in self._columns]])

    def page(self, rows: Rows) -> bytes:
        """A line a row."""
        kinds = [column.kind for column in self._columns]
        return _written([[_cell(value, kind) for value, kind in zip(row, kinds, strict=True)] for row in rows])

    def tail(self) -> bytes:
        """Nothing."""
        return b""


def _cell(value: Value, kind: str) -> Value:
    if kind == "time" and isinstance(value, int):
        return to_text(Instant(value))
    if isinstance(value, str) and value.startswith(_FORMULA):
        return _GUARD + value
    return value


def _written(rows: Rows) -> bytes:
    text = StringIO()
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode("utf-8", "replace")
