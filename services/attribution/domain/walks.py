"""Paths of closed deals: which are walked most, how long they are and take, from where to where, who assisted.

A path is a journey's interactions in order, each by one of its attributes. All of this counts deals; nothing in here
gives credit.
"""

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import groupby, pairwise
from statistics import median
from typing import Literal

from shared.kernel.instant import DAY

Outcome = Literal["won", "lost"]

START = "(start)"
"""Where every path begins; it ends in `(won)` or `(lost)`."""
LAG_DAYS = (0, 1, 7, 14, 30, 60, 90, 180, 365)
"""Where the buckets of lags begin; the last one has no end."""


@dataclass(frozen=True, slots=True)
class Walk:
    """The path of a deal that closed."""

    steps: tuple[str, ...]
    outcome: Outcome
    amount_minor: int
    lasted: int | None
    """Milliseconds from the first interaction to the close; None where there was none."""

    @property
    def days(self) -> float | None:
        """The same in days."""
        return None if self.lasted is None else self.lasted / DAY

    @property
    def without_repeats(self) -> tuple[str, ...]:
        """Its steps, those in a row that are alike taken once."""
        return tuple(step for step, _ in groupby(self.steps))


@dataclass(slots=True)
class Walked:
    """Deals that have something in common."""

    deals: int = 0
    amount_minor: int = 0
    _lengths: list[int] = field(default_factory=list)
    _days: list[float] = field(default_factory=list)

    def add(self, walk: Walk) -> None:
        """Count a deal."""
        self.deals += 1
        self.amount_minor += walk.amount_minor
        self._lengths.append(len(walk.steps))
        if walk.days is not None:
            self._days.append(walk.days)

    @property
    def median_length(self) -> float | None:
        """Interactions; None where no deal was counted."""
        return float(median(self._lengths)) if self._lengths else None

    @property
    def median_days(self) -> float | None:
        """From the first interaction to the close; None where no deal had one."""
        return median(self._days) if self._days else None


def together(walks: Iterable[Walk]) -> Walked:
    """All of them."""
    found = Walked()
    for walk in walks:
        found.add(walk)
    return found


def top_paths(walks: Iterable[Walk], *, repeats: bool) -> list[tuple[tuple[str, ...], Walked]]:
    """Every path, those of the most deals first, then of the most money."""
    found: defaultdict[tuple[str, ...], Walked] = defaultdict(Walked)
    for walk in walks:
        found[walk.steps if repeats else walk.without_repeats].add(walk)
    return sorted(found.items(), key=lambda path: (-path[1].deals, -path[1].amount_minor, path[0]))


def by_length(walks: Iterable[Walk]) -> list[tuple[int, Walked]]:
    """By how many interactions there were, the shortest first."""
    found: defaultdict[int, Walked] = defaultdict(Walked)
    for walk in walks:
        found[len(walk.steps)].add(walk)
    return sorted(found.items())


def by_lag(walks: Iterable[Walk]) -> list[tuple[int, Walked]]:
    """By the days from the first interaction to the close: where each bucket begins, and who is in it.

    Every bucket is there, also with nobody; deals without an interaction are in none.
    """
    found = {days: Walked() for days in LAG_DAYS}
    for walk in walks:
        if walk.days is not None:
            found[LAG_DAYS[max(0, bisect_right(LAG_DAYS, walk.days) - 1)]].add(walk)
    return list(found.items())


def transitions(walks: Iterable[Walk], *, repeats: bool) -> list[tuple[str, str, int]]:
    """From where to where how often: as many leave a place as come to it, but for the start and the two ends."""
    found: Counter[tuple[str, str]] = Counter()
    for walk in walks:
        steps = walk.steps if repeats else walk.without_repeats
        found.update(pairwise((START, *steps, f"({walk.outcome})")))
    return sorted(((*pair, count) for pair, count in found.items()), key=lambda row: (-row[2], row[0], row[1]))


@dataclass(slots=True)
class Assisted:
    """How often something was on the path of a won deal: before the last place, and in it."""

    deals: int = 0
    amount_minor: int = 0
    last_deals: int = 0
    last_amount_minor: int = 0

    @property
    def ratio(self) -> float | None:
        """Assists for each deal it was last in; near 0 closes, above 1 opens and helps. None where it never was."""
        return self.deals / self.last_deals if self.last_deals else None


def assists(walks: Sequence[Walk]) -> list[tuple[str, Assisted]]:
    """What helped to win, each deal counted once for each; those that assisted most first."""
    found: defaultdict[str, Assisted] = defaultdict(Assisted)
    for walk in walks:
        if walk.outcome == "won" and walk.steps:
            *before, last = walk.steps
            for step in set(before):
                found[step].deals += 1
                found[step].amount_minor += walk.amount_minor
            found[last].last_deals += 1
            found[last].last_amount_minor += walk.amount_minor
    return sorted(found.items(), key=lambda row: (-row[1].deals, -row[1].last_deals, row[0]))
