"""What the answer to one attempt means for a delivery, and how an endpoint's health follows from it.

Promises: the schedule is data and never shrinks; a receiver can slow us down, but to no more than twice
what was scheduled. Leaves out the sending, the clock and the dice: an attempt's jitter is given.
"""

import re
from dataclasses import dataclass, replace
from email.utils import parsedate_to_datetime
from itertools import pairwise
from typing import Literal

from shared.kernel import instant
from shared.kernel.instant import HOUR, SECOND, Instant

Schedule = tuple[int, ...]
"""Milliseconds to wait before each attempt, counted from the one before; as many attempts as entries."""

DEFAULT_SCHEDULE: Schedule = tuple(
    seconds * SECOND for seconds in (0, 5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
)
"""The example of the Standard Webhooks specification: ten attempts in three days and a few hours."""

JITTER = 0.2
"""An attempt comes up to a fifth earlier or later, so that what failed together does not come back together."""
MAX_BODY_BYTES = 20_000
"""What is read, at most, of a receiver's answer."""

_OVERLOAD_PAUSE = 60 * SECOND
_OVERLOADED = frozenset({429, 502, 504})
_GONE = 410
_FAILING_AFTER = 4
_DISABLE_AFTER = 120 * HOUR
_FORGIVEN_AFTER = 2 * _DISABLE_AFTER
_NUMBER = re.compile(r"[0-9]{1,12}(\.[0-9]{1,12})?")

Failure = Literal["timeout", "dns", "connect", "tls", "broken", "blocked"]
"""Why there was no answer. `blocked`: the address is not one we dial."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one attempt met: a status, or why there was none. The body is cut at `MAX_BODY_BYTES`."""

    status: int | None
    failure: Failure | None = None
    retry_after: str | None = None
    milliseconds: int = 0
    body: bytes = b""

    @property
    def succeeded(self) -> bool:
        """Whether the receiver says that it has it."""
        return self.status is not None and 200 <= self.status <= 299


@dataclass(frozen=True, slots=True)
class Delivered:
    """The receiver has it."""


@dataclass(frozen=True, slots=True)
class RetryAt:
    """Not yet; try again then."""

    at: Instant


@dataclass(frozen=True, slots=True)
class GiveUp:
    """No further attempt by itself: the schedule is through, or the address is not one we dial."""

    reason: Literal["exhausted", "blocked"]


@dataclass(frozen=True, slots=True)
class Disable:
    """The receiver wants nothing any more: this delivery has failed and its endpoint is switched off."""

    reason: Literal["gone"]


Decision = Delivered | RetryAt | GiveUp | Disable


def parse_schedule(text: str) -> Schedule:
    """The schedule of a text like `0,5,300` (seconds); raises ValueError where it is none, or shrinks."""
    parts = [part.strip() for part in text.split(",")]
    if not all(_NUMBER.fullmatch(part) for part in parts):
        raise ValueError("a schedule is seconds, separated by commas")
    schedule = tuple(round(float(part) * SECOND) for part in parts)
    if any(later < earlier for earlier, later in pairwise(schedule)):
        raise ValueError("a schedule never shrinks")
    return schedule


def next_attempt(
    attempt: int, outcome: Outcome, now: Instant, jitter: float, schedule: Schedule = DEFAULT_SCHEDULE
) -> Decision:
    """What follows the `attempt`-th attempt (from 1), which ended at `now`. `jitter` is between -1 and 1."""
    if outcome.succeeded:
        return Delivered()
    if outcome.status == _GONE:
        return Disable("gone")
    if outcome.failure == "blocked":
        return GiveUp("blocked")
    if attempt >= len(schedule):
        return GiveUp("exhausted")
    delay = round(schedule[attempt] * (1 + JITTER * max(-1.0, min(1.0, jitter))))
    if outcome.status in _OVERLOADED or outcome.failure == "timeout":
        # A deployment whose whole schedule is shorter has asked for haste, and gets its longest step.
        delay = max(delay, min(_OVERLOAD_PAUSE, schedule[-1]))
    asked = _asked_pause(outcome.retry_after, now)
    return RetryAt(Instant(now + min(max(delay, asked), 2 * delay)))


def _asked_pause(retry_after: str | None, now: Instant) -> int:
    """Milliseconds a `Retry-After` asks for, as a number or an HTTP date; 0 where it says nothing we can read."""
    text = (retry_after or "").strip()
    if _NUMBER.fullmatch(text):
        return round(float(text) * SECOND)
    try:
        return max(0, instant.from_datetime(parsedate_to_datetime(text)) - now)
    except (ValueError, OverflowError):
        return 0


@dataclass(frozen=True, slots=True)
class Health:
    """How an endpoint has been answering since it last succeeded."""

    failures: int = 0
    failing_since: Instant | None = None
    last_failure_at: Instant | None = None

    @property
    def is_failing(self) -> bool:
        """Whether an operator should hear of it: one failed attempt, or three, are everyday life."""
        return self.failures >= _FAILING_AFTER

    def overdue(self, now: Instant) -> bool:
        """Whether it has failed without a break for so long (120 hours) that it is switched off."""
        return self.failing_since is not None and now - self.failing_since >= _DISABLE_AFTER

    def after(self, outcome: Outcome, now: Instant) -> "Health":
        """The health after one more attempt. Failures are forgiven where the last is over ten days old: an
        endpoint that is hardly used has not been failing all that time."""
        if outcome.succeeded:
            return Health()
        if self.last_failure_at is None or now - self.last_failure_at > _FORGIVEN_AFTER:
            return Health(1, now, now)
        return replace(self, failures=self.failures + 1, last_failure_at=now)
