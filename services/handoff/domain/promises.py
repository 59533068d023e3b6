"""How promises were kept over a period: what was met, what was not, and how fast sales was.

Minutes are working minutes of the owner. Leaves out what marketing promised: the charter does not say yet.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median, quantiles

from services.handoff.domain.lead import Handoff
from services.handoff.domain.sla import Calendar, ClockState, business_between, clock_state
from shared.kernel.instant import MINUTE, Instant


@dataclass(frozen=True, slots=True)
class Standing:
    """How one promise stands. `share`: of those that came to an end, how many were met; None where none did."""

    promise: str
    met: int
    breached: int
    running: int
    waived: int
    share: float | None
    median_minutes: float | None
    p90_minutes: float | None


Answered = Callable[[Handoff], Instant | None]

_PROMISES: Mapping[str, tuple[Answered, Callable[[Handoff], Instant]]] = {
    "accept": (lambda handoff: handoff.answered_at, lambda handoff: handoff.accept_by),
    "contact": (lambda handoff: handoff.contacted_at, lambda handoff: handoff.contact_by),
}


def standings(handoffs: Sequence[Handoff], calendars: Callable[[str], Calendar], now: Instant) -> list[Standing]:
    """How each promise stands; `calendars` gives that of an owner's id."""
    return [_standing(promise, *_PROMISES[promise], handoffs, calendars, now) for promise in _PROMISES]


def _standing(
    promise: str,
    answered: Answered,
    due: Callable[[Handoff], Instant],
    handoffs: Sequence[Handoff],
    calendars: Callable[[str], Calendar],
    now: Instant,
) -> Standing:
    states: list[ClockState] = [clock_state(due(one), answered(one), one.ended_at, now) for one in handoffs]
    met, breached = states.count("met"), states.count("breached")
    minutes = sorted(
        business_between(one.assigned_at, at, calendars(one.owner_id)) / MINUTE
        for one in handoffs
        if (at := answered(one)) is not None
    )
    return Standing(
        promise=promise,
        met=met,
        breached=breached,
        running=states.count("running"),
        waived=states.count("waived"),
        share=met / (met + breached) if met + breached else None,
        median_minutes=median(minutes) if minutes else None,
        p90_minutes=_ninth_decile(minutes),
    )


def _ninth_decile(values: Iterable[float]) -> float | None:
    ordered = list(values)
    if len(ordered) < 2:
        return ordered[0] if ordered else None
    return quantiles(ordered, n=10, method="inclusive")[-1]
