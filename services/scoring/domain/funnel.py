"""The funnel: how many people came to each stage of the line, how many went on, and how long they took.

A person counts once a stage, when they first came to it or beyond. A stage that was skipped was entered and left
at that same moment (ruling 28b); nobody waited in it, so it tells nothing of how long a stage takes.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median

from services.scoring.domain.state import LINE, RANK, StageEntry
from shared.kernel.instant import DAY


@dataclass(frozen=True, slots=True)
class StageCount:
    """One stage: who entered it in the period, and how many of those went further at any time since.

    `conversion` is none where nobody entered, `median_days` where nobody who had been in it went on.
    """

    stage: str
    entered: int
    converted: int
    conversion: float | None
    median_days: float | None


class Funnel:
    """Counts histories one by one; holds figures, never people. `since` is inclusive, `until` exclusive."""

    def __init__(self, since: int | None = None, until: int | None = None) -> None:
        self._since = since
        self._until = until
        self._entered = [0] * len(LINE)
        self._converted = [0] * len(LINE)
        self._waits: list[list[int]] = [[] for _ in LINE]

    def add(self, history: Iterable[StageEntry]) -> None:
        """Count one person."""
        own = _first_entries(history)
        came = _came(own)
        for place, (at, on) in enumerate(zip(came, [*came[1:], None], strict=True)):
            if at is None or not self._in_period(at):
                continue
            self._entered[place] += 1
            if on is not None:
                self._converted[place] += 1
                if own[place] == at:
                    self._waits[place].append(on - at)

    def _in_period(self, at: int) -> bool:
        return (self._since is None or at >= self._since) and (self._until is None or at < self._until)

    def stages(self) -> tuple[StageCount, ...]:
        """Every stage of the line, in order."""
        counted = zip(LINE, self._entered, self._converted, self._waits, strict=True)
        return tuple(
            StageCount(
                stage,
                entered,
                converted,
                converted / entered if entered else None,
                median(waits) / DAY if waits else None,
            )
            for stage, entered, converted, waits in counted
        )


def _first_entries(history: Iterable[StageEntry]) -> list[int | None]:
    """When each stage of the line was entered first."""
    first: list[int | None] = [None] * len(LINE)
    for entry in history:
        rank = RANK.get(entry.stage)
        if rank is not None:
            first[rank - 1] = _earlier(first[rank - 1], entry.entered_at)
    return first


def _came(first: list[int | None]) -> list[int | None]:
    """When each stage or one beyond it was entered first."""
    came = list(first)
    for place in reversed(range(len(came) - 1)):
        came[place] = _earlier(came[place], came[place + 1])
    return came


def _earlier(one: int | None, other: int | None) -> int | None:
    if one is None or other is None:
        return other if one is None else one
    return min(one, other)
