"""What attribution needs of its store, in its own words. A ledger lives as long as one batch, a reading for ever."""

from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, Protocol

from services.attribution.domain.credit import Credit
from services.attribution.domain.deal import ContactScope
from services.attribution.domain.journey import Milestone
from services.attribution.domain.paths.closed import Closed
from services.attribution.domain.period import Period
from services.attribution.domain.report import Sum
from services.attribution.domain.touch import Touch, Why
from services.attribution.ports.leads import Changed
from services.attribution.ports.people import Leaver
from shared.contracts.deals import Deal as PostedDeal
from shared.contracts.handoffs import HandoffActed
from shared.contracts.leads import LeadQualified, LeadStageChanged
from shared.contracts.spend import CollectedSpend
from shared.contracts.touchpoints import PersonErased


@dataclass(frozen=True, slots=True)
class Published:
    """Under whom a touch was last published, and in which revision."""

    owner: str | None
    revision: int


@dataclass(frozen=True, slots=True)
class KeptTouch:
    """A touch, and under whom and in which revision it was published; its own person is left open."""

    touch: Touch
    published: Published


@dataclass(frozen=True, slots=True)
class Refusal:
    """Whether a person refuses that what they did earns credit, as the card of that version says."""

    person_id: str
    version: int
    refused: bool


@dataclass(frozen=True, slots=True)
class KeptCard:
    """Somebody by a version of their card: their accounts by every name that a deal may call one, and their persona."""

    person_id: str
    version: int
    accounts: frozenset[str]
    persona: str | None = None


@dataclass(frozen=True, slots=True)
class Moved:
    """Who belongs to other accounts than before, and the deals for which they no longer count."""

    people: frozenset[str] = frozenset()
    deals: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the credit of some deals depends on, beside the deals themselves."""

    roots: Mapping[str, str]
    """Who each person on any of these deals is now."""
    touches: Mapping[str, Sequence[Touch]]
    """By root, those of all its aliases."""
    others: Sequence[PostedDeal]
    """The won deals of the same people and accounts."""
    colleagues: Mapping[str, frozenset[str]]
    """By account, everybody who belongs to it now; of those accounts alone whose people count."""
    leads: Mapping[str, int] = field(default_factory=dict)
    """By root, when each of them became a lead, of those who did."""


NOTHING_AROUND = Surroundings({}, {}, (), {})


@dataclass(frozen=True, slots=True)
class Counted:
    """An interaction of a journey."""

    interaction_id: str
    occurred_at: int
    person_id: str | None
    kind: str
    kinds: tuple[str, ...]
    channel: str
    campaign: str | None
    department: str
    touchpoints: tuple[str, ...]
    source: str | None = None
    utm_source: str | None = None


@dataclass(frozen=True, slots=True)
class NotCounted:
    """A touchpoint or an interaction that is not in a journey, and why."""

    id: str
    what: Literal["touchpoint", "interaction"]
    occurred_at: int
    person_id: str | None
    kind: str
    channel: str
    why: Why


@dataclass(frozen=True, slots=True)
class KeptJourney:
    """A journey as it was derived, by the charter of that version."""

    deal_id: str
    charter: str
    counted: tuple[Counted, ...]
    not_counted: tuple[NotCounted, ...]
    missing: tuple[Milestone, ...] = ()
    """The milestones that no interaction led to, or of which nothing is known."""


class WonDeal(NamedTuple):
    """A won deal as it is summed: its amount, and the same in the charter's currency where there is a rate."""

    deal_id: str
    closed_at: int
    currency: str
    amount_minor: int
    reported_in: str
    reported_minor: int | None


@dataclass(frozen=True, slots=True)
class OpenDeal:
    """A deal that is neither won nor lost, where it stands, and what it would earn whom by model."""

    deal_id: str
    created_at: int
    stage: str | None
    account_id: str | None
    currency: str
    amount_minor: int
    credits: Mapping[str, Sequence[Credit]]


@dataclass(frozen=True, slots=True)
class Derived:
    """What was derived of a deal: its journey, and where it is won its credits by model."""

    journey: KeptJourney
    credits: Mapping[str, Sequence[Credit]] = field(default_factory=dict)
    won: WonDeal | None = None
    open: OpenDeal | None = None


class Ledger(Protocol):
    """The facts, and what was derived of them."""

    def touch(self, touch_id: str) -> Published | None:
        """What was kept before of a touch of the batch."""
        ...

    def deal(self, deal_id: str) -> PostedDeal | None:
        """A deal of the batch as it was kept before."""
        ...

    async def keep_touches(self, touches: Mapping[str, KeptTouch]) -> None:
        """Keep touches by the id they were published under, each in its new revision. Raises NotLoaded where another
        worker keeps one at this moment that nobody had kept."""
        ...

    async def keep_refusals(self, given: Sequence[Refusal]) -> Collection[str]:
        """Keep what cards say, the highest version of each; answers the people of whom another answer holds now."""
        ...

    async def keep_deals(self, deals: Collection[PostedDeal], scope: ContactScope) -> None:
        """Keep deals as they are now; `scope` says whose people count for each."""
        ...

    async def keep_cards(self, cards: Collection[KeptCard]) -> Moved:
        """Keep to which accounts people belong, by the highest version of each card."""
        ...

    async def keep_versions(self, versions: Collection[PostedDeal]) -> None:
        """Keep versions of deals for their history, whether they hold or not."""
        ...

    async def keep_stages(self, stages: Collection[LeadStageChanged]) -> Collection[str]:
        """Keep histories; answers whose moment of becoming a lead is another than before."""
        ...

    async def keep_promotions(self, promotions: Collection[LeadQualified]) -> Collection[str]:
        """Keep promotions, the highest revision of each; answers whose they were before."""
        ...

    async def keep_acts(self, acts: Collection[HandoffActed]) -> None:
        """Keep acts of sales; one that is there stays."""
        ...

    async def keep_spend(self, spend: Collection[CollectedSpend]) -> None:
        """Keep what was spent, each in its highest version."""
        ...

    async def mark_leads(self, changed: Changed) -> None:
        """Remember of which leads something changed."""
        ...

    async def dirty(
        self, people: Collection[str], deals: Collection[str], accounts: Collection[str]
    ) -> Sequence[PostedDeal]:
        """These deals, those for which any of these people may count, and those of these accounts: locked."""
        ...

    async def surroundings(self, deals: Sequence[PostedDeal]) -> Surroundings:
        """All that the credit of deals depends on."""
        ...

    async def leavers(self, deals: Collection[str]) -> Mapping[str, Sequence[Leaver]]:
        """Of these deals, who left them although nobody posted them anew. Raises NotLoaded where an erasure at this
        moment had somebody be on one of them."""
        ...

    async def keep_leavers(self, leavers: Collection[Leaver], deals: Collection[str]) -> None:
        """Keep who left a deal although nobody posted it anew; of these deals in place of whoever had left before."""
        ...

    async def erase(
        self, erasures: Sequence[PersonErased], forget: Callable[[Touch], Touch]
    ) -> Mapping[str, Mapping[str, int]]:
        """Have all that is kept of people be of what stands in for them; answers by erasure how many rows of each
        store, without those that were carried out before."""
        ...

    async def keep_journeys(self, derived: Sequence[Derived]) -> None:
        """Keep the journeys that deals have now, in place of those they had, and what is open of them."""
        ...


@dataclass(frozen=True, slots=True)
class HistoricDeal:
    """A deal, its people as they are known now, and every version of it."""

    deal: PostedDeal
    versions: Sequence[PostedDeal]


@dataclass(frozen=True, slots=True)
class CreditedDeal:
    """A deal and what its interactions earned by one model, in the order of its journey."""

    deal: PostedDeal
    charter: str
    credits: Sequence[Credit]
    missing: tuple[Milestone, ...] = ()
    """The milestones that its journey lacks."""


View = Literal["as_known", "as_reported"]
"""What is known now; or closed months as they were closed, the others as they are known now."""


@dataclass(frozen=True, slots=True)
class ReportAsked:
    """Which won deals are reported, and what their credit is grouped by; times are milliseconds UTC."""

    models: tuple[str, ...]
    keys: tuple[str, ...]
    currency: str
    since: int | None = None
    """Closed at this time or later."""
    until: int | None = None
    """Closed before this time."""
    view: View = "as_known"

    @property
    def period(self) -> Period:
        """Both."""
        return Period(self.since, self.until)


@dataclass(frozen=True, slots=True)
class Won:
    """What was won in one currency."""

    currency: str
    deals: int
    amount_minor: int


Sums = Mapping[str, Mapping[tuple[str, ...], Sum]]
"""By model and key."""


@dataclass(frozen=True, slots=True)
class Reported:
    """What was won, in the currency asked for, and by model and key its sums."""

    won: Won
    sums: Sums
    unconverted: Sequence[Won]
    """What there is no rate for, by currency."""
    adjusted: Mapping[str, Sums] = field(default_factory=dict)
    """By closed month, what became known about it in the time asked for; as reported only."""
    account_names: Mapping[str, str] = field(default_factory=dict)
    """What the accounts are called that the sums are grouped by."""


class Reading(Protocol):
    """What the API asks; each answer is of one moment."""

    async def deals(self, limit: int, after: str | None) -> Sequence[PostedDeal]:
        """Deals by id, those after an id; their people as they are known now."""
        ...

    async def deal(self, deal_id: str) -> HistoricDeal | None:
        """A deal with its versions, the first one first."""
        ...

    async def credits(self, deal_id: str, model: str) -> CreditedDeal | None:
        """A deal with its credits; none where it is not won."""
        ...

    async def journey(self, deal_id: str) -> KeptJourney | None:
        """The journey of a deal."""
        ...


class Reports(Protocol):
    """What the API asks of many deals at once."""

    async def report(self, asked: ReportAsked) -> Reported:
        """What was won, and who earned it."""
        ...

    async def closed(self, asked: ReportAsked) -> Sequence[Closed]:
        """The deals that a report is about, and those that were lost in the same time."""
        ...


@dataclass(frozen=True, slots=True)
class ExportAsked:
    """What is exported: deals closed in a time, all where none is given, those that are open too; of a model or all."""

    since: int | None = None
    until: int | None = None
    model: str | None = None


class Exports(Protocol):
    """Everything, in pages by deal; values are in the order of the columns that the API names."""

    def credits(self, asked: ExportAsked) -> AsyncIterator[Sequence[tuple[Any, ...]]]:
        """What interactions earned of won deals."""
        ...

    def journeys(self, asked: ExportAsked) -> AsyncIterator[Sequence[tuple[Any, ...]]]:
        """The interactions that count for deals."""
        ...

    def deals(self, asked: ExportAsked) -> AsyncIterator[Sequence[tuple[Any, ...]]]:
        """Deals as posted, their people as they are known now."""
        ...
