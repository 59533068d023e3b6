"""A lead: what is known of somebody who became one, and what that comes to. Reports add it up (domain/sources.py).

A won deal is counted once, with the one of its people who became a lead first: whoever builds a lead gives it only to
them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from operator import attrgetter

from services.attribution.domain.interactions import Interaction, InteractionRules, interactions
from services.attribution.domain.report import NONE
from services.attribution.domain.touch import Touch

MEASURED = ("channel", "source", "campaign", "department", "kind", "utm_source")
"""What an interaction that a lead came by can be told by."""
KEYS = (*MEASURED, "heard_from")
"""What leads can be grouped by: what was measured, and beside it what they said."""

_MOST_SAID = 80
"""Characters of what somebody says about how they found us; who says more writes a letter."""
_order = attrgetter("order")
_CONTACTED = frozenset({"contacted", "meeting_booked"})
_ACCEPTED = frozenset({"accepted", "sales_qualified"})
"""To qualify a lead is to accept it, too."""


class By(StrEnum):
    """Which of a lead's interactions says where they came from."""

    FIRST = "first"
    LEAD_CREATION = "lead_creation"
    """The one at the moment they became a lead, or last before it."""
    LAST = "last"
    """The last before they qualified; of all, while they have not."""


@dataclass(frozen=True, slots=True)
class Act:
    """What sales did with a hand-off, and why."""

    handoff_id: str
    act: str
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Lead:
    """Somebody who became a lead, and all that is known of what they did and of what sales did with them."""

    lead_at: int
    mql_at: int | None = None
    touches: tuple[Touch, ...] = ()
    acts: tuple[Act, ...] = ()

    @property
    def heard_from(self) -> str | None:
        """How they first said that they had found us, however it was written; None where they never did."""
        counted = sorted((touch for touch in self.touches if touch.counts), key=_order)
        said = (" ".join((touch.heard_from or "").split()) for touch in counted)
        return next((text[:_MOST_SAID].lower() for text in said if text), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Became:
    """What a lead became, and the interaction that each of the three ways of asking finds for them."""

    mql: bool
    accepted: bool
    rejected: bool
    contacted: bool
    reasons: tuple[str, ...]
    """Why hand-offs were turned down, each hand-off once, in order."""
    heard_from: str | None
    found: Mapping[By, Interaction | None]


def became(lead: Lead, rules: InteractionRules) -> Became:
    """What a lead became, from everything known of them."""
    acts = {act.act for act in lead.acts}
    turned_down = {act.handoff_id: act.reason for act in lead.acts if act.act == "rejected"}
    every = interactions(lead.touches, rules)
    return Became(
        # Who was handed over had qualified then, whatever later facts say of it now.
        mql=lead.mql_at is not None or bool(acts),
        accepted=not acts.isdisjoint(_ACCEPTED),
        rejected=bool(turned_down),
        contacted=not acts.isdisjoint(_CONTACTED),
        reasons=tuple(sorted(reason or NONE for reason in turned_down.values())),
        heard_from=lead.heard_from,
        found={by: discovery(lead, every, by) for by in By},
    )


def discovery(lead: Lead, found: Iterable[Interaction], by: By) -> Interaction | None:
    """The interaction that says where a lead came from, among theirs in order; None where there is none."""
    every = list(found)
    until = {By.FIRST: None, By.LEAD_CREATION: lead.lead_at, By.LAST: lead.mql_at}[by]
    before = [each for each in every if until is None or each.occurred_at <= until]
    if not before:
        return None
    return before[0] if by is By.FIRST else before[-1]
