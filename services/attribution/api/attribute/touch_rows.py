"""Rows of touches become journeys: a person's touches in order, cut where one converts.

Touches at the same time stay in the order of the file. Of a person's touches after their last conversion is made a
lost journey.
"""

import csv
from array import array
from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from services.attribution.api.attribute.columns import PERSON, BadFile, Columns
from services.attribution.api.attribute.encoding import Names
from services.attribution.api.attribute.path_rows import number
from services.attribution.domain.journey import Milestone
from services.attribution.domain.paths.encoded import Indexes, Paths, Timed
from shared.kernel import instant

_MARKS: Mapping[str, Milestone] = {
    milestone.value: milestone for milestone in (Milestone.LEAD_CREATION, Milestone.DEAL_CREATION)
}


class Touches:
    """What the rows of a file say, row by row."""

    def __init__(self, columns: Columns) -> None:
        self._columns = columns
        self._names = Names()
        self._people: dict[str, int] = {}
        self._of = array("q")
        self._channels = array("H")
        self._times = array("q")
        self._won = array("d")
        self._values = array("d")
        self._marked: dict[Milestone, array[int]] = {milestone: array("q") for milestone in _MARKS.values()}

    def read(self, lines: Iterable[str], before: int) -> None:
        """Read lines; `before` lines came ahead of them. Raises BadFile at the first that is no row."""
        reader = csv.reader(lines, delimiter=self._columns.delimiter)
        try:
            for row in reader:
                if row:
                    self._add(row)
        except (ValueError, OverflowError, csv.Error) as wrong:
            raise BadFile(f"line {before + reader.line_num}: {wrong}") from None

    def _add(self, row: list[str]) -> None:
        columns = self._columns
        if len(row) != len(columns.names):
            raise ValueError(f"{len(row)} columns, the first line has {len(columns.names)}")
        at = columns.at
        person = row[at[PERSON]].strip()
        if not person:
            raise ValueError("a touch of nobody")
        for milestone in _milestones(row[at["milestone"]] if "milestone" in at else ""):
            self._marked[milestone].append(len(self._of))
        self._channels.append(self._names[row[at["channel"]]])
        self._times.append(_time(row[at["occurred_at"]]))
        self._won.append(number(row[at["conversion"]], columns.named("conversion")))
        self._values.append(number(row[at["value"]], columns.named("value"), signed=True) if "value" in at else 0.0)
        self._of.append(self._people.setdefault(person, len(self._people)))

    def journeys(self) -> Timed:
        """All that was read, as journeys in order of person and time."""
        people, times, won = np.array(self._of), np.array(self._times), np.array(self._won)
        order = np.lexsort((times, people))
        people, won = people[order], won[order]
        ends = np.flatnonzero(np.append(people[1:] != people[:-1], True) | (won > 0)) if len(order) else order
        paths = Paths(
            names=self._names.in_order,
            touches=np.array(self._channels)[order],
            offsets=np.concatenate([[0], ends + 1]),
            conversions=won[ends],
            values=np.where(won > 0, np.array(self._values)[order], 0.0)[ends],
            lost=(won[ends] == 0).astype(np.float64),
        )
        return Timed(paths, times[order], self._marks(paths, order))

    def _marks(self, paths: Paths, order: Indexes) -> Mapping[Milestone, Indexes]:
        """By milestone and path, its first touch that is marked; the close is the last touch of what was won."""
        if "milestone" not in self._columns.at:
            return {}
        placed = np.empty(len(order), np.intp)
        placed[order] = np.arange(len(order))
        won = np.where(paths.conversions > 0, paths.offsets[1:] - 1, -1)
        marks = {
            milestone: _first_of_each(paths, np.sort(placed[np.array(rows, np.intp)]))
            for milestone, rows in self._marked.items()
        }
        return marks | {Milestone.CLOSED_WON: won}


def _first_of_each(paths: Paths, touches: NDArray[np.intp]) -> Indexes:
    journeys, first = np.unique(np.searchsorted(paths.offsets, touches, side="right") - 1, return_index=True)
    found = np.full(len(paths), -1)
    found[journeys] = touches[first]
    return found


def _milestones(text: str) -> list[Milestone]:
    """What a cell names: nothing, a milestone, or several with a bar between."""
    names = [name.strip().lower() for name in text.split("|") if name.strip()]
    unknown = [name for name in names if name not in _MARKS]
    if unknown:
        raise ValueError(f"a milestone is {' or '.join(_MARKS)}, not {unknown[0][:40]!r}")
    return [_MARKS[name] for name in names]


def _time(text: str) -> int:
    try:
        return instant.parse(text.strip())
    except ValueError:
        raise ValueError(f"a time is as 2026-11-23T17:46:00Z or 2026-11-23, not {text[:40]!r}") from None
