"""Engagement: points that halve, kept as one decayed sum a rule, and the same points told event by event.

A sum is brought forward only when its rule earns, so reading costs O(rules) at any later time and no nightly
job exists. `at` before the last match reads the sum as it then stood: points never grow by looking back.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import copysign, fsum
from typing import Literal, NamedTuple

from services.scoring.domain.facts import Touch
from services.scoring.domain.rules import Rule, Rules
from shared.kernel.instant import DAY

CappedBy = Literal["once", "day", "cap"]


class RuleSum(NamedTuple):
    """What one rule holds: `points` as of `at`, and what it gave on the day of `at`."""

    rule: str
    points: float
    at: int
    today: float


Sums = tuple[RuleSum, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """One event's part in the points. The floor is an entry with no event, so that entries always sum."""

    rule: str
    event_id: str | None
    occurred_at: int | None
    points_given: float
    points_now: float
    capped_by: CappedBy | None = None


FLOOR = "floor"
"""The rule of the entry that lifts a negative sum to zero."""


def earned(sums: Sums, touch: Touch, rules: Rules) -> Sums:
    """The sums after a touch that comes after everything in them; the same object where nothing was earned."""
    for rule in rules.rules_for(touch.kind):
        if rule.match.holds(touch):
            sums = _with(sums, rule, touch.occurred_at)
    return sums


def engagement(sums: Sums, at: int, rules: Rules) -> float:
    """The points at a time, 0 or more; the caps of a checked charter keep them at 100 or less."""
    return max(0.0, fsum(_held(held, rules.named(held.rule), at) for held in sums))


def at_most(sums: Sums) -> float:
    """No less than the points can be now or later: what the sums that add something stood at."""
    return fsum(held.points for held in sums if held.points > 0)


def explain(touches: Iterable[Touch], rules: Rules, at: int) -> tuple[Entry, ...]:
    """Each point that `engagement` counts at `at`, by rule and event; touches are given in order.

    The entries' `points_now` sum to the engagement of the same touches.
    """
    sums: dict[str, RuleSum] = {}
    given: list[tuple[Rule, Touch, float, CappedBy | None]] = []
    for touch in touches:
        if not (touch.counts and touch.is_act):
            continue
        for rule in rules.rules_for(touch.kind):
            if rule.match.holds(touch):
                held = sums.get(rule.name)
                points, capped_by = _allowed(held, rule, touch.occurred_at)
                given.append((rule, touch, points, capped_by))
                if points:
                    sums[rule.name] = _added(held, rule, touch.occurred_at, points)
    entries = [
        Entry(rule.name, touch.id, touch.occurred_at, points, _now(points, touch, rule, sums, at), capped_by)
        for rule, touch, points, capped_by in given
    ]
    total = fsum(entry.points_now for entry in entries)
    if total < 0:
        entries.append(Entry(FLOOR, None, None, -total, -total))
    return tuple(entries)


def _now(points: float, touch: Touch, rule: Rule, sums: Mapping[str, RuleSum], at: int) -> float:
    if not points:
        return 0.0
    return points * _left(max(at, sums[rule.name].at) - touch.occurred_at, rule)


def _with(sums: Sums, rule: Rule, at: int) -> Sums:
    for place, held in enumerate(sums):
        if held.rule == rule.name:
            given, _ = _allowed(held, rule, at)
            return (*sums[:place], _added(held, rule, at, given), *sums[place + 1 :]) if given else sums
    given, _ = _allowed(None, rule, at)
    return (*sums, _added(None, rule, at, given)) if given else sums


def _allowed(held: RuleSum | None, rule: Rule, at: int) -> tuple[float, CappedBy | None]:
    """What a match may add, and by what it was cut."""
    if held is not None and rule.once:
        return 0.0, "once"
    room, capped_by = abs(rule.points), None
    if rule.cap_per_day is not None:
        left = rule.cap_per_day - abs(_today(held, at))
        room, capped_by = _cut(room, left, capped_by, "day")
    left = rule.cap - (abs(_held(held, rule, at)) if held is not None else 0.0)
    room, capped_by = _cut(room, left, capped_by, "cap")
    return copysign(room, rule.points) if room else 0.0, capped_by


def _cut(room: float, left: float, before: CappedBy | None, by: CappedBy) -> tuple[float, CappedBy | None]:
    return (max(0.0, left), by) if left < room else (room, before)


def _added(held: RuleSum | None, rule: Rule, at: int, given: float) -> RuleSum:
    if held is None:
        return RuleSum(rule.name, given, at, given)
    return RuleSum(rule.name, _held(held, rule, at) + given, at, _today(held, at) + given)


def _today(held: RuleSum | None, at: int) -> float:
    return held.today if held is not None and held.at // DAY == at // DAY else 0.0


def _held(held: RuleSum, rule: Rule, at: int) -> float:
    return held.points * _left(at - held.at, rule)


def _left(elapsed: int, rule: Rule) -> float:
    return float(2.0 ** (-elapsed / rule.half_life)) if elapsed > 0 else 1.0
