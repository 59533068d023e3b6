"""What scoring says of a person: the stage with its whole history, and that they are to be handed over.

Stages are the charter's: visitor, subscriber, lead, mql, sal, sql, opportunity, customer, repeat_customer,
advocate on the line; recycled and disqualified off it.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from shared.contracts.touchpoints import PersonIdentified
from shared.kernel.ids import derived


class StageEntry(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One step of the lifecycle: the fact that caused it and the rule that took it."""

    stage: str
    entered_at: int
    cause_event_id: str
    rule: str
    cycle: int = 1


def without_causes(history: Iterable[StageEntry]) -> tuple[StageEntry, ...]:
    """A history that says when each stage was entered, and not because of what."""
    return tuple(replace(entry, cause_event_id="") for entry in history)


def coverage(members: Mapping[str, str]) -> dict[str, str]:
    """For each person what tells the set of all their ids from any other set; `members` says who each id is."""
    ids: defaultdict[str, list[str]] = defaultdict(list)
    for one in sorted(members):
        ids[members[one]].append(one)
    return {root: derived("person", *theirs) for root, theirs in ids.items()}


class LeadStageChanged(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`lead.stage_changed`: the whole history; the highest version of a person wins.

    `promotions`: each that was sent because of a touch of theirs, and whether it stands: they qualified in its cycle,
    or later. `cycles`: the number of that cycle by now. `covers`: all ids that are this person here (`coverage`);
    whoever takes others for them waits for the next history, which is said wherever the ids change. Histories of before
    these were said have none of them."""

    person_id: str
    version: int
    stage: str
    phase: str
    cycle: int
    history: tuple[StageEntry, ...]
    charter: str
    promotions: dict[str, bool] = field(default_factory=dict)
    cycles: dict[str, int] = field(default_factory=dict)
    covers: str = ""


class Reason(Struct, frozen=True, kw_only=True):
    """Why someone is worth a call: a sentence, and the points it brought."""

    text: str
    points: float


class JourneyLine(Struct, frozen=True, kw_only=True):
    """One line of the journey as a rep reads it."""

    occurred_at: int
    kind: str
    channel: str
    text: str


class LeadQualified(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`lead.qualified`: an MQL to be handed over, with all that hand-off needs to ask nobody (state.md 10).

    `person_id` is the owner of the touch that caused it, and `revision` that of the touch: where it turns out to be
    somebody else's, the promotion is theirs and is said again. The highest revision of a promotion wins."""

    promotion_id: str
    person_id: str
    cycle: int
    at: int
    cause_event_id: str
    card: PersonIdentified
    stage: str
    fit_grade: str
    fit_points: float
    engagement_points: float
    reasons: tuple[Reason, ...]
    journey: tuple[JourneyLine, ...]
    charter: str
    account: dict[str, Any] | None = None
    first_touch: dict[str, Any] = field(default_factory=dict)
    revision: int = 1
