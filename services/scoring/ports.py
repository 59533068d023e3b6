"""What scoring needs of its store, in its own words. But for `Reading`, one object lives as long as one batch."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from services.scoring.domain.facts import NOBODY, Card, DealFact, Outcome, Touch
from services.scoring.domain.state import State
from shared.contracts.touchpoints import AccountRef, PersonErased


@dataclass(frozen=True, slots=True)
class KeptTouch:
    """A touch with what is known of its publication: the owner it was published under, and its revision."""

    touch: Touch
    owner: str | None
    revision: int


@dataclass(frozen=True, slots=True)
class KeptOutcome:
    """An outcome belongs to a promotion, and so to whoever owns the touch that caused it."""

    outcome: Outcome
    promotion_id: str


@dataclass(frozen=True, slots=True)
class KeptDeal:
    """A deal's highest version, and the people on it as published."""

    deal: DealFact
    version: int
    revision: int
    people: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class KeptCard:
    """A card in its highest version; `body` is the card as published, to be passed on. `accounts`: what their account
    may be asked for by, on the way in only."""

    person_id: str
    version: int
    card: Card
    body: bytes
    accounts: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Lead:
    """What was derived of a person, and what was last published of it."""

    person_id: str
    version: int
    told: str
    state: State
    charter: str
    alias: bool = False
    owed: bool = False
    """It is as it was before facts that are still to be folded: there are too many to hold up others for them."""


@dataclass(frozen=True, slots=True)
class Facts:
    """All facts of one person."""

    touches: list[Touch] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)
    deals: list[DealFact] = field(default_factory=list)
    moved: list[KeptTouch] = field(default_factory=list)
    """The touches because of which a promotion was sent while they were somebody else's."""


@dataclass(frozen=True, slots=True)
class Removal:
    """What erasures took: how many rows of each store, by erasure, without those that were carried out before."""

    rows: Mapping[str, Mapping[str, int]]
    unsent: Mapping[str, str | None]
    """The touches of others because of which nothing is sent any more, with the owner of each."""


class People(Protocol):
    """The people of a batch, locked."""

    touched: set[str]

    def touch(self, person_id: str) -> None:
        """Something of this id changed."""
        ...

    def root(self, person_id: str) -> str:
        """Who stands for an id, as known before this batch."""
        ...

    def alias(self, person_id: str, into: str | None, version: int) -> None:
        """An id became an alias of another, or of nobody."""
        ...

    def erase(self, stand_ins: Mapping[str, str], person_id: str) -> None:
        """Each id of somebody became the alias of what stands in for it, for ever."""
        ...

    def gone(self) -> Mapping[str, str]:
        """The ids of the batch that were erased, with what stands in for each."""
        ...

    async def settle(self) -> Mapping[str, str]:
        """Keep the aliases; the members of everyone who is touched: id -> root."""
        ...


class Ledger(Protocol):
    """The facts, the cards and what was derived."""

    def touch(self, touch_id: str) -> KeptTouch | None:
        """A touch of the batch as it was kept before."""
        ...

    def promoted(self, promotion_id: str) -> str | None:
        """The owner of the touch that caused a promotion of the batch."""
        ...

    def deal(self, deal_id: str) -> KeptDeal | None:
        """A deal of the batch as it was kept before."""
        ...

    async def keep_touches(self, touches: Sequence[KeptTouch]) -> None:
        """Keep touches, each in its new revision; that one caused a promotion stays known. Raises NotLoaded where
        another worker keeps one at this moment that nobody had kept."""
        ...

    async def keep_outcomes(self, outcomes: Sequence[KeptOutcome]) -> None:
        """Keep outcomes; one that is there stays."""
        ...

    async def keep_cards(self, cards: Sequence[KeptCard]) -> None:
        """Keep cards, the highest version of each."""
        ...

    async def keep_deals(self, deals: Sequence[KeptDeal]) -> None:
        """Keep deals as they are now."""
        ...

    async def cards(self, person_ids: Collection[str]) -> Mapping[str, KeptCard]:
        """The cards of these people."""
        ...

    async def facts(self, members: Mapping[str, str]) -> Mapping[str, Facts]:
        """All facts by person: `members` says whose each id is."""
        ...

    async def leads(self, person_ids: Collection[str]) -> Mapping[str, Lead]:
        """What was derived of these people before."""
        ...

    async def keep_leads(self, leads: Sequence[Lead]) -> None:
        """Keep what is derived of people now."""
        ...

    async def causes(self, touch_ids: Collection[str]) -> Mapping[str, KeptTouch]:
        """These touches, as they were last published."""
        ...

    async def sent(self, promotions: Mapping[str, KeptTouch]) -> None:
        """Promotions are sent, each of the owner of its cause: promotion id -> cause."""
        ...

    async def erase(self, erasures: Sequence[PersonErased]) -> Removal:
        """Remove what is kept of people, and what waits to be sent of them; raises NotLoaded where that was because
        of a touch that is somebody else's by now, who is not locked."""
        ...


@dataclass(frozen=True, slots=True)
class KnownLead:
    """A lead as it is read, with the card (nobody's until one came) and the accounts that it names."""

    lead: Lead
    card: Card = NOBODY
    accounts: tuple[AccountRef, ...] = ()


@dataclass(frozen=True, slots=True)
class LeadFilter:
    """Which leads are wanted; what is none leaves all. `account`: an id, a name or a domain, in lower case."""

    stage: str | None = None
    grade: str | None = None
    account: str | None = None


class Reading(Protocol):
    """What the API reads."""

    async def leads(self, wanted: LeadFilter, after: str | None, limit: int) -> Sequence[KnownLead]:
        """Leads in the order of their ids, after one of them; whoever became an alias is none."""
        ...

    async def lead(self, person_id: str) -> KnownLead | None:
        """The lead of a person, by any id of theirs; raises Erased."""
        ...

    async def touches(self, person_id: str) -> Sequence[Touch]:
        """All touches of a person, in order."""
        ...

    def states(self) -> AsyncIterator[Sequence[State]]:
        """The states of everybody, some at a time."""
        ...
