"""A deal's journey: the interactions that count for it, in order, and why each of the others does not.

Nothing that happened after the close counts, not even in a visit that began before it.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from operator import attrgetter

from services.attribution.domain.deal import ContactScope, Deal, people_in_scope, previous_close
from services.attribution.domain.interactions import Interaction, InteractionRules, why_not
from services.attribution.domain.touch import Touch, Why
from shared.kernel.instant import DAY

_order = attrgetter("order")
_occurred_at = attrgetter("occurred_at")
_item_order = attrgetter("item.order")


@dataclass(frozen=True, slots=True, kw_only=True)
class JourneyRules:
    """What belongs to a journey; the defaults are the default charter's."""

    window: int = 365 * DAY
    """Milliseconds before the close, both ends included."""
    contact_scope: ContactScope = "hybrid"
    after_previous_purchase: bool = True
    """A repeat purchase's journey starts after the purchase before it."""
    interactions: InteractionRules = field(default_factory=InteractionRules)


class Milestone(StrEnum):
    """Moments of a deal that models give credit for; who was first needs no moment."""

    LEAD_CREATION = "lead_creation"
    """The first of the deal's people became a lead."""
    DEAL_CREATION = "deal_creation"
    CLOSED_WON = "closed_won"


@dataclass(frozen=True, slots=True)
class Exclusion:
    """A touch or an interaction that does not count, and why."""

    item: Touch | Interaction
    why: Why


@dataclass(frozen=True, slots=True)
class Journey:
    """What counts for a deal, in event time, then id. `ends_at` is the close; None while the deal is open."""

    deal_id: str
    interactions: tuple[Interaction, ...]
    ends_at: int | None = None
    exclusions: tuple[Exclusion, ...] = ()
    moments: Mapping[Milestone, int] = field(default_factory=dict)
    """When each milestone was reached, of those that are known."""

    def position(self, milestone: Milestone) -> int | None:
        """Which interaction led to a milestone: the one at it, or last before it; None where there is none."""
        moment = self.moments.get(milestone)
        if moment is None:
            return None
        before = bisect_right(self.interactions, moment, key=_occurred_at)
        return before - 1 if before else None


def journey(
    deal: Deal,
    interactions: Iterable[Interaction],
    rules: JourneyRules,
    deals: Iterable[Deal] = (),
    lead_at: int | None = None,
) -> Journey:
    """The journey of a deal among interactions; `deals` are the buyer's others, which may set where it starts.

    An open deal's window is counted back from when it was created, and has no end. `lead_at`: when the first of
    the deal's people became a lead, where that is known.
    """
    people = people_in_scope(deal, rules.contact_scope)
    opens_at = (deal.created_at if deal.closed_at is None else deal.closed_at) - rules.window
    previous = previous_close(deal, deals) if rules.after_previous_purchase else None
    counted: list[Interaction] = []
    exclusions: list[Exclusion] = []
    for interaction in interactions:
        known = interaction if deal.closed_at is None else interaction.until(deal.closed_at, rules.interactions)
        if interaction.person_id not in people:
            exclusions.append(Exclusion(interaction, Why.NO_ROLE))
        elif known is None:
            exclusions.append(Exclusion(interaction, Why.AFTER_CLOSE))
        elif previous is not None and interaction.occurred_at <= previous:
            exclusions.append(Exclusion(interaction, Why.PREVIOUS_PURCHASE))
        elif interaction.occurred_at < opens_at:
            exclusions.append(Exclusion(interaction, Why.BEFORE_WINDOW))
        else:
            counted.append(known)
            late = interaction.touches[len(known.touches) :]
            exclusions.extend(Exclusion(touch, Why.AFTER_CLOSE) for touch in late)
    return Journey(
        deal.id,
        tuple(sorted(counted, key=_order)),
        deal.closed_at,
        tuple(sorted(exclusions, key=_item_order)),
        _moments(deal, lead_at),
    )


def _moments(deal: Deal, lead_at: int | None) -> Mapping[Milestone, int]:
    # Who becomes a lead only after the close does so for another deal, if for any.
    too_late = lead_at is not None and deal.closed_at is not None and lead_at > deal.closed_at
    known = {
        Milestone.LEAD_CREATION: None if too_late else lead_at,
        Milestone.DEAL_CREATION: deal.created_at,
        Milestone.CLOSED_WON: deal.closed_at if deal.status == "won" else None,
    }
    return {milestone: moment for milestone, moment in known.items() if moment is not None}


def uncounted(touches: Iterable[Touch], rules: InteractionRules) -> tuple[Exclusion, ...]:
    """The touches that are part of no interaction, in event time, then id: the other half of every why."""
    found = ((touch, why_not(touch, rules)) for touch in sorted(touches, key=_order))
    return tuple(Exclusion(touch, why) for touch, why in found if why is not None)
