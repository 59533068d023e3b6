"""The quality of sources: what became of the leads that each of them found.

A lead is counted once, where the interaction that is asked about happened. A won deal is counted once, with the one of
its people who became a lead first: whoever builds a lead gives it only to them.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction
from operator import attrgetter
from statistics import median
from types import MappingProxyType

from services.attribution.domain.interactions import Interaction, InteractionRules, interactions
from services.attribution.domain.report import NONE
from services.attribution.domain.touch import Touch
from shared.kernel.instant import DAY

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


@dataclass(frozen=True, slots=True)
class Purchase:
    """A won deal, in minor units and milliseconds UTC."""

    amount_minor: int
    currency: str
    closed_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Lead:
    """Somebody who became a lead, and all that is known of what they did before and what they became."""

    lead_at: int
    qualified_at: int | None = None
    touches: tuple[Touch, ...] = ()
    acts: tuple[Act, ...] = ()
    purchases: tuple[Purchase, ...] = ()
    """Those in which no other of the deal's people became a lead before them."""

    @property
    def heard_from(self) -> str | None:
        """How they first said that they had found us, however it was written; None where they never did."""
        counted = sorted((touch for touch in self.touches if touch.counts), key=_order)
        said = (" ".join((touch.heard_from or "").split()) for touch in counted)
        return next((text[:_MOST_SAID].lower() for text in said if text), None)


def discovery(lead: Lead, found: Iterable[Interaction], by: By) -> Interaction | None:
    """The interaction that says where a lead came from, among theirs in order; None where there is none."""
    every = list(found)
    until = {By.FIRST: None, By.LEAD_CREATION: lead.lead_at, By.LAST: lead.qualified_at}[by]
    before = [each for each in every if until is None or each.occurred_at <= until]
    if not before:
        return None
    return before[0] if by is By.FIRST else before[-1]


Key = Callable[[Lead, Interaction | None], str | None]


def _told_by(name: str) -> Key:
    def key(_lead: Lead, found: Interaction | None) -> str | None:
        value: str | None = getattr(found, name, None)
        return value

    return key


def _said(lead: Lead, _found: Interaction | None) -> str | None:
    return lead.heard_from


KEYS: Mapping[str, Key] = MappingProxyType(
    {
        **{name: _told_by(name) for name in ("source", "channel", "campaign", "department", "kind", "utm_source")},
        "heard_from": _said,
    }
)
"""What leads can be grouped by: what was measured, and beside it what they said."""


@dataclass(slots=True)
class Quality:
    """What became of some leads. Shares are of the step before, None where nobody took that."""

    leads: int = 0
    mqls: int = 0
    accepted: int = 0
    rejected: int = 0
    contacted: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    """Why hand-offs were turned down, each hand-off once."""
    customers: int = 0
    """Leads with a won deal."""
    deals: int = 0
    amount_minor: int = 0
    """What was won in the currency that is reported."""
    _days: list[Fraction] = field(default_factory=list)

    def add(self, lead: Lead, currency: str) -> None:
        """Count somebody."""
        acts = {act.act for act in lead.acts}
        turned_down = {act.handoff_id: act.reason for act in lead.acts if act.act == "rejected"}
        self.leads += 1
        # Who was handed over had qualified then, whatever later facts say of it now.
        self.mqls += lead.qualified_at is not None or bool(acts)
        self.accepted += not acts.isdisjoint(_ACCEPTED)
        self.rejected += bool(turned_down)
        self.contacted += not acts.isdisjoint(_CONTACTED)
        self.reasons.update(reason or NONE for reason in turned_down.values())
        self.customers += bool(lead.purchases)
        self.deals += len(lead.purchases)
        self.amount_minor += sum(each.amount_minor for each in lead.purchases if each.currency == currency)
        self._days.extend(Fraction(each.closed_at - lead.lead_at, DAY) for each in lead.purchases)

    @property
    def median_days(self) -> float | None:
        """From becoming a lead to the close of a won deal."""
        return float(median(self._days)) if self._days else None

    @property
    def conversion(self) -> Mapping[str, float | None]:
        """Shares, 0 to 1: of leads that qualified, of those that sales accepted, of leads that bought."""
        return {
            "lead_to_mql": _share(self.mqls, self.leads),
            "mql_to_accepted": _share(self.accepted, self.mqls),
            "lead_to_won": _share(self.customers, self.leads),
        }


class Sources:
    """Leads added up by where they came from."""

    def __init__(self, keys: tuple[str, ...], by: By, currency: str, rules: InteractionRules) -> None:
        self.rows: dict[tuple[str, ...], Quality] = {}
        self.all = Quality()
        self.deals_elsewhere: Counter[str] = Counter()
        self.amounts_elsewhere: Counter[str] = Counter()
        """By currency, what was won in another one."""
        self._keys = tuple(KEYS[name] for name in keys)
        self._by = by
        self._currency = currency
        self._rules = rules

    def add(self, leads: Iterable[Lead]) -> None:
        """Count some leads."""
        for lead in leads:
            found = discovery(lead, interactions(lead.touches, self._rules), self._by)
            row = tuple(key(lead, found) or NONE for key in self._keys)
            for quality in (self.all, self.rows.setdefault(row, Quality())):
                quality.add(lead, self._currency)
            for purchase in lead.purchases:
                if purchase.currency != self._currency:
                    self.deals_elsewhere[purchase.currency] += 1
                    self.amounts_elsewhere[purchase.currency] += purchase.amount_minor

    def ranked(self) -> list[tuple[tuple[str, ...], Quality]]:
        """The rows, those with the most leads first."""
        return sorted(self.rows.items(), key=lambda row: (-row[1].leads, -row[1].amount_minor, row[0]))


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
