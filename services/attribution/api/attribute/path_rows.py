"""Rows of paths, read one by one: every way to write a row is understood, and one that is not is named by its line."""

import csv
from collections.abc import Iterable, Mapping
from math import isfinite

import numpy as np

from services.attribution.api.attribute.columns import PATH, BadFile, Columns
from services.attribution.api.attribute.encoding import Encoder

SEPARATOR = ">"
_TRUTH = {"true": 1.0, "yes": 1.0, "false": 0.0, "no": 0.0}
_ROWS_AT_ONCE = 20_000


def number(text: str, name: str, *, signed: bool = False) -> float:
    """A finite number of 0 or more (any where `signed`), or a truth; an empty text is 0. Raises ValueError."""
    bare = text.strip().lower()
    if not bare:
        return 0.0
    if bare in _TRUTH:
        return _TRUTH[bare]
    try:
        read = float(bare)
    except ValueError:
        read = float("nan")
    if not isfinite(read) or (read < 0 and not signed):
        raise ValueError(f"{name} is a number{'' if signed else ' of 0 or more'}, not {text[:40]!r}")
    return read


def read_rows(lines: Iterable[str], before: int, columns: Columns, encoder: Encoder) -> None:
    """Read lines into an encoder; `before` lines came ahead of them. Raises BadFile at the first that is no row."""
    reader = csv.reader(lines, delimiter=columns.delimiter)
    batch = _Batch(columns, encoder)
    try:
        for row in reader:
            if row:
                batch.add(row)
    except (ValueError, csv.Error) as wrong:
        raise BadFile(f"line {before + reader.line_num}: {wrong}") from None
    batch.flush()


class _Batch:
    """Rows on their way into arrays."""

    def __init__(self, columns: Columns, encoder: Encoder) -> None:
        self._columns = columns
        self._encoder = encoder
        self._touches: list[int] = []
        self._rows: list[tuple[int, float, float, float]] = []

    def add(self, row: list[str]) -> None:
        columns = self._columns
        if len(row) != len(columns.names):
            raise ValueError(f"{len(row)} columns, the first line has {len(columns.names)}")
        path = row[columns.at[PATH]]
        if not path.strip():
            raise ValueError("the path is empty")
        channels = path.split(SEPARATOR)
        amounts = {
            role: number(row[index], columns.names[index], signed=role == "value")
            for role, index in columns.at.items()
            if role != PATH
        }
        self._touches.extend([self._encoder.names[channel] for channel in channels])
        won, lost = outcome(amounts)
        self._rows.append((len(channels), won, amounts.get("value", 0.0), lost))
        if len(self._rows) >= _ROWS_AT_ONCE:
            self.flush()

    def flush(self) -> None:
        if self._rows:
            lengths, *numbers = zip(*self._rows, strict=True)
            won, values, lost = (np.array(each, np.float64) for each in numbers)
            self._encoder.add(np.array(self._touches, np.uint16), np.array(lengths, np.intp), won, values, lost)
            self._rows, self._touches = [], []


def outcome(amounts: Mapping[str, float]) -> tuple[float, float]:
    """How many journeys of a row were won, and how many lost.

    Without a column for the lost ones, a row that won nothing is one lost journey, or as many as it says it is.
    """
    won, lost = amounts["conversions"], amounts.get("null")
    if "journeys" in amounts:
        won, journeys = (amounts["journeys"] if won else 0.0), amounts["journeys"]
    else:
        journeys = 1.0
    if lost is None:
        lost = 0.0 if won else journeys
    return won, lost
