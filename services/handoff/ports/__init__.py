"""What hand-off needs of its store and of the outside, in its own words. A ledger lives as long as one batch."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, Protocol

from services.handoff.domain.delivery import Health, Outcome
from services.handoff.domain.lead import Ending, Handoff
from services.handoff.domain.messages import Brief
from services.handoff.domain.routing import Owner, Step
from shared.contracts.deals import DealStatus
from shared.contracts.leads import LeadQualified
from shared.contracts.touchpoints import PersonErased
from shared.kernel.instant import Instant

DeliveryState = Literal["pending", "delivered", "failed"]
EndpointState = Literal["active", "disabled", "deleted"]
EVERYTHING: Final = "*"
"""Among an endpoint's events: it wants all there are."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A hand-off with what is kept beside it: what the owner was told, how the owner was found."""

    handoff: Handoff
    brief: Brief
    card_version: int
    trail: tuple[Step, ...]
    taken_back: bool = False
    """The CRM was told that a late fact had taken the promotion back."""
    breached: bool = False
    """It was said that `accept_by` has passed."""
    promoted_at: Instant | None = None
    """When its promotion was, by what the person did; None where it was made before that was kept."""
    waiting: tuple[LeadQualified, ...] = ()
    """Promotions that came while the person was in sales' hands, for when it has ended."""
    refused_by: tuple[str, ...] = ()
    """Whose cards refused it while it was theirs: it stays ended for as long as one of them is the person."""

    @property
    def accept_due(self) -> Instant | None:
        """When somebody has to look whether it was answered; None where that is settled."""
        settled = self.breached or not self.handoff.is_open or self.handoff.answered_at is not None
        return None if settled else self.handoff.accept_by


@dataclass(frozen=True, slots=True)
class Handed:
    """A promotion that was handed over: by which hand-off, its own or an open one, and in which revision."""

    handoff_id: str
    revision: int


@dataclass(frozen=True, slots=True)
class SalesAct:
    """Something sales did with a person, as a touchpoint says it. `actor`: an owner's id or e-mail, as sent."""

    id: str
    person_id: str
    revision: int
    occurred_at: Instant
    kind: str
    actor: str | None
    counts: bool

    def forgotten(self, stand_in: str) -> "SalesAct":
        """What stays of it where the person was erased: that there was one."""
        return SalesAct(self.id, stand_in, self.revision, Instant(0), "erased", None, counts=False)


@dataclass(frozen=True, slots=True)
class KeptDeal:
    """A deal's highest version. `owner`: an owner's id or e-mail, as sent; `at`: when it became what it is."""

    id: str
    version: int
    revision: int
    status: DealStatus
    owner: str | None
    at: Instant
    people: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Seat:
    """An owner, and how many leads the rota gave them since the team last changed."""

    owner: Owner
    assigned: int


@dataclass(frozen=True, slots=True)
class Message:
    """A body on its way to every endpoint that wants its type, once a (cause, version)."""

    type: str
    cause: str
    version: int
    body: bytes
    handoff_id: str | None = None
    person_id: str | None = None


@dataclass(frozen=True, slots=True)
class Attempt:
    """One claimed attempt of a delivery. `number` counts from 1 and fences: a later claim has another."""

    delivery_id: str
    webhook_id: str
    type: str
    body: bytes
    number: int
    endpoint_id: str
    url: str
    keys: tuple[bytes, ...]
    handoff_id: str | None
    person_id: str | None


@dataclass(frozen=True, slots=True)
class Answered:
    """What one attempt met, and the dice for its retry (-1 to 1)."""

    attempt: Attempt
    outcome: Outcome
    jitter: float


@dataclass(frozen=True, slots=True)
class Finished:
    """What a delivery is after an attempt; `next_at` while it is pending."""

    state: DeliveryState
    next_at: Instant | None
    last_status: int | None
    last_failure: str | None


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where webhooks go. `reason` says why it is disabled."""

    id: str
    url: str
    events: tuple[str, ...]
    name: str | None
    state: EndpointState
    reason: str | None
    created_at: Instant
    health: Health = field(default_factory=Health)

    def wants(self, message_type: str) -> bool:
        """Whether it has asked for messages of a type."""
        return EVERYTHING in self.events or message_type in self.events


@dataclass(frozen=True, slots=True)
class Delivery:
    """A delivery as it is shown."""

    id: str
    webhook_id: str
    endpoint_id: str
    type: str
    state: DeliveryState
    attempts: int
    next_at: Instant | None
    last_status: int | None
    last_failure: str | None
    created_at: Instant


@dataclass(frozen=True, slots=True)
class Refusal:
    """Whether a person refuses to be handed to sales, as the card of that version says."""

    person_id: str
    version: int
    refused: bool


@dataclass(frozen=True, slots=True)
class Standing:
    """What scoring said last of somebody: their stage, and of each promotion of theirs whether it stands and the cycle
    that it falls into. `covers`: whom it takes for them (`coverage` in shared/contracts/leads.py)."""

    person_id: str
    version: int
    stage: str
    covers: str
    promotions: Mapping[str, bool]
    cycles: Mapping[str, int]


class People(Protocol):
    """The people of a batch, locked."""

    touched: set[str]

    def touch(self, person_id: str) -> None:
        """Something of this id changed."""
        ...

    def root(self, person_id: str) -> str:
        """The person an id of the batch stood for before it."""
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
    """The hand-offs of the people of a batch, and all that is written with them."""

    def handoffs(self) -> Mapping[str, Kept]:
        """Every hand-off of the people who are locked, by id."""
        ...

    @property
    def owners_locked(self) -> bool:
        """Whether one may be chosen."""
        ...

    def handed(self, promotion_id: str) -> Handed | None:
        """How a promotion of the batch was handed over before."""
        ...

    def held_back(self, promotion_id: str) -> LeadQualified | None:
        """A promotion of the batch as it was withheld before."""
        ...

    async def withheld(self, person_ids: Collection[str]) -> Sequence[LeadQualified]:
        """What is withheld of these people."""
        ...

    async def withhold(self, leads: Sequence[LeadQualified], no_longer: Collection[str]) -> None:
        """Withhold promotions, as they are now, and these no longer."""
        ...

    async def whose(self, handoff_id: str) -> str | None:
        """As whom somebody was handed over, whoever is locked."""
        ...

    def sales_act(self, act_id: str) -> SalesAct | None:
        """A sales act of the batch as it was kept before."""
        ...

    def deal(self, deal_id: str) -> KeptDeal | None:
        """A deal of the batch as it was kept before."""
        ...

    async def seats(self) -> Mapping[str, Seat]:
        """All owners; they are locked where the batch assigns."""
        ...

    async def in_hand(self) -> Mapping[str, int]:
        """How many leads each owner has in hand."""
        ...

    async def sales_acts(self, person_ids: Collection[str], since: Instant) -> Sequence[SalesAct]:
        """What sales did with these people since then."""
        ...

    async def keep_handoffs(self, handoffs: Sequence[Kept]) -> None:
        """Keep hand-offs as they are now."""
        ...

    async def keep_promotions(self, promotions: Mapping[str, Handed]) -> None:
        """Promotions are handed over, by their ids."""
        ...

    async def keep_sales_acts(self, acts: Sequence[SalesAct]) -> None:
        """Keep sales acts, each in its newest revision; raises NotLoaded where one came elsewhere meanwhile."""
        ...

    async def keep_deals(self, deals: Sequence[KeptDeal]) -> None:
        """Keep deals as they are now."""
        ...

    async def endings(self, person_ids: Collection[str]) -> Sequence[Ending]:
        """The closed deals of these people."""
        ...

    async def deal_owners(self, person_ids: Collection[str]) -> Mapping[str, str]:
        """Who has an open deal with these people: person id -> owner as sent, of the latest deal."""
        ...

    async def keep_refusals(self, given: Sequence[Refusal]) -> None:
        """Keep what cards say, the highest version of each."""
        ...

    async def refusing(self, person_ids: Collection[str]) -> Mapping[str, int]:
        """Those of these people who refuse, with the version of the card that says so."""
        ...

    async def keep_standings(self, said: Sequence[Standing]) -> None:
        """Keep what scoring says of people, the highest version of each."""
        ...

    async def standings(self, person_ids: Collection[str]) -> Sequence[Standing]:
        """What scoring said last of these people."""
        ...

    async def keep_rota(self, assigned: Mapping[str, int]) -> None:
        """Keep how many leads the rota gave each owner."""
        ...

    async def keep_messages(self, messages: Sequence[Message]) -> None:
        """Leave messages to be delivered; one that was left before stays as it is."""
        ...

    async def retell(self, briefs: Mapping[str, Brief]) -> None:
        """Have all that was left to be delivered, or was delivered, say no more than the brief of its hand-off."""
        ...

    async def health(self, endpoint_id: str, *, locking: bool) -> Health:
        """How an endpoint has been answering; locked where asked, or where it has not been well."""
        ...

    async def keep_health(self, endpoint_id: str, health: Health, disabled: str | None) -> None:
        """Keep how an endpoint answers; `disabled` is the reason where it is switched off."""
        ...

    async def finish(self, attempt: Attempt, finished: Finished) -> bool:
        """Keep what an attempt came to; False where it was claimed anew, or settled, since."""
        ...

    async def erase(self, erasures: Sequence[PersonErased]) -> Mapping[str, dict[str, int]]:
        """Remove what is kept of people beside hand-offs; answers by erasure how many rows of each store went, without
        those that were carried out before. Raises NotLoaded where a hand-off of somebody else tells of them."""
        ...


class Desk(Protocol):
    """Where deliveries are claimed."""

    async def due(self, now: Instant) -> Sequence[str]:
        """The endpoints that have deliveries due."""
        ...

    async def claim(self, room: Mapping[str, int], now: Instant) -> Sequence[Attempt]:
        """Claim so many due deliveries an endpoint, for one lease; committed when it returns."""
        ...
