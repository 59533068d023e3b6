"""Whose a lead is in sales: hand-off says it with every act, and each hand-off counts its own.

Promises: acts give the same in any order. Leaves out who is chosen, and why; hand-off knows both.
"""

from collections.abc import Iterable
from typing import NamedTuple

from services.scoring.domain.facts import Outcome

_MERGED = "merged"
"""Why a hand-off ended whose person has another one: it goes on where the merge is taken back."""


class Handoff(NamedTuple):
    """A hand-off as the highest version of it says that has come; begun where its earliest act was."""

    id: str
    begun_at: int
    version: int
    owner: str | None
    reason: str | None
    """Why it ended; it is open while there is none."""


def heard(handoffs: tuple[Handoff, ...], outcome: Outcome) -> tuple[Handoff, ...]:
    """A person's hand-offs after one more act, by id."""
    if outcome.handoff_id is None:
        return handoffs
    said = Handoff(outcome.handoff_id, outcome.at, outcome.version, outcome.owner, outcome.reason)
    same = [said, *(one for one in handoffs if one.id == said.id)]
    latest = max(same, key=lambda one: one.version)._replace(begun_at=min(one.begun_at for one in same))
    return tuple(sorted((latest, *(one for one in handoffs if one.id != said.id)), key=lambda one: one.id))


def owner(handoffs: Iterable[Handoff]) -> str | None:
    """Who has the lead, by the open hand-off: the older one, where people merged whose younger is about to end. Where
    none is open who had it last, by those that did not end with a merge if there is one; none where there was none."""
    oldest_first = sorted(handoffs, key=lambda one: (one.begun_at, one.id))
    still_open = [one for one in oldest_first if one.reason is None]
    if still_open:
        return still_open[0].owner
    ended = [one for one in oldest_first if one.reason != _MERGED] or oldest_first
    return ended[-1].owner if ended else None
