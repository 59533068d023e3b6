"""Rows of paths, read one by one: every way to write a row is understood, and one that is not is named by its line."""

import csv
from collections.abc import Iterable, Mapping
from math import isfinite

import numpy as np

from services.attribution.api.attribute.columns import PATH, BadFile, Columns
from services.attribution.api.attribute.encoding import Encoder
from services.attribution.domain.paths.encoded import Floats

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
        self._clear()

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
        self._lengths.append(len(channels))
        for role, amount in amounts.items():
            self._amounts[role].append(amount)
        if len(self._lengths) >= _ROWS_AT_ONCE:
            self.flush()

    def flush(self) -> None:
        amounts = {role: np.array(read, np.float64) for role, read in self._amounts.items()}
        won, lost = outcomes(amounts)
        values = amounts["value"] if "value" in amounts else np.zeros(len(won))
        touches, lengths = np.array(self._touches, np.uint16), np.array(self._lengths, np.intp)
        self._encoder.add(touches, lengths, won, values, lost)
        self._clear()

    def _clear(self) -> None:
        self._touches: list[int] = []
        self._lengths: list[int] = []
        self._amounts: dict[str, list[float]] = {role: [] for role in self._columns.at if role != PATH}


def outcomes(amounts: Mapping[str, Floats]) -> tuple[Floats, Floats]:
    """How many journeys of each row were won, and how many lost.

    Without a column for the lost ones, a row that won nothing is one lost journey, or as many as it says it is.
    """
    won, lost = amounts["conversions"], amounts.get("null")
    journeys = amounts.get("journeys")
    if lost is None:
        lost = np.where(won > 0, 0.0, 1.0 if journeys is None else journeys)
    return won if journeys is None else np.where(won > 0, journeys, 0.0), lost
