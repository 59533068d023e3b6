"""What ingest needs of its store, in its own words. But for `Reading`, one object lives as long as one batch."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, Protocol

from services.ingest.domain.accounts import Account, Directory, Holding, Membership
from services.ingest.domain.acts import OperatorAct
from services.ingest.domain.card import Trait
from services.ingest.domain.consent import Statements
from services.ingest.domain.identity import BrowserClaim, Claim, Identifier, Review
from services.ingest.domain.owners import Owner, Place
from services.ingest.domain.people import Moment, Person, Settled
from services.ingest.domain.reviews import ReviewState, StoredReview
from services.ingest.ports.erasures import Erasures
from shared.contracts.envelope import Event


@dataclass(frozen=True, slots=True)
class Card:
    """What was last published of a person: the JSON of it, and its version."""

    version: int
    body: str


@dataclass(frozen=True, slots=True)
class Community:
    """Identifiers that claims connect, and all that is known of them: loaded under the lock of its component."""

    component: str
    absorbed: tuple[str, ...]
    """Other components that the new claims join to it."""
    news: Sequence[Claim]
    """What is new of it."""
    claims: Sequence[Claim]
    people: Mapping[str, Person]
    owners: Mapping[Identifier, str]
    """Whose each identifier was so far."""
    contested: frozenset[Identifier]
    """Anonymous ids whose events went to several people so far."""
    traits: Sequence[Trait]
    cards: Mapping[str, Card]
    reviews: Sequence[Review]
    """Claims that were not followed so far and wanted a look."""
    consents: Mapping[Identifier, Statements]
    """What was said under each identifier, of those under which anything was."""
    memberships: Sequence[Membership]


class Step(NamedTuple):
    """What another service said of a person, by the id they had then: all stages of a lead, or one act on a `handoff`.
    Of one id the highest version holds. `body` is JSON, as published."""

    id: str
    person: str
    kind: Literal["stages", "handoff"]
    version: int
    body: str
    handoff: str | None = None


@dataclass(frozen=True, slots=True)
class StoredTouchpoint:
    """A touchpoint of the record. `person` and `revision` are as last published."""

    id: str
    message_id: str | None
    source: str
    received_at: int
    occurred_at: int
    holder: Identifier | None
    person: str | None
    revision: int
    body: bytes
    browsers: tuple[Identifier, ...] = ()
    """The anonymous ids it came under, where it names somebody: on the way into the record only."""
    statement: str | None = None
    """What it claims, by id: as `browsers`, on the way in only."""


@dataclass(frozen=True, slots=True)
class StoredDeal:
    """A deal of the record: its highest version. `people` is the JSON of who was last published on it."""

    id: str
    version: int
    event_id: str
    revision: int
    body: bytes
    people: bytes
    contacts: tuple[Identifier, ...] = field(default=())


class Graph(Protocol):
    """The identifiers of a batch and the components they lie in, locked."""

    def owner(self, identifier: Identifier) -> str | None:
        """Whose an identifier of the batch is, before the batch."""
        ...

    def contested(self, identifier: Identifier) -> bool:
        """Whether an anonymous id was claimed by people who may not be joined."""
        ...

    def loaded(self, identifier: Identifier) -> bool:
        """Whether an identifier is one of the batch."""
        ...

    def waiting(self, identifier: Identifier) -> bool:
        """Whether calls about a group came under an identifier while it was nobody's."""
        ...

    async def unknown(self, claims: Iterable[Claim]) -> Sequence[Claim]:
        """The claims that say something new: never made before, or made earlier than was known."""
        ...

    async def communities(self, identifiers: Collection[Identifier], claims: Sequence[Claim]) -> Sequence[Community]:
        """The communities of these identifiers, joined where the claims join them; those are their news."""
        ...

    def save(self, community: Community, settled: Settled, cards: Mapping[str, Card]) -> None:
        """Leave a community as it was settled; `cards` are those that changed."""
        ...

    async def keep_acts(self, acts: Sequence[OperatorAct]) -> None:
        """Keep what operators decided."""
        ...

    async def keep_traits(self, traits: Sequence[Trait]) -> None:
        """Keep traits; per identifier and name the latest (event time, then id) stays."""
        ...

    def drop_traits(self, traits: Iterable[Trait]) -> None:
        """Leave these traits to be deleted by `flush`."""
        ...

    def consent(self, identifier: Identifier) -> Statements:
        """What was said last under an identifier of the batch."""
        ...

    async def keep_consents(self, consents: Mapping[Identifier, Statements]) -> None:
        """Keep what was said last under identifiers of the batch."""
        ...

    async def keep_memberships(
        self, memberships: Iterable[Membership], waiting: Collection[Identifier]
    ) -> set[Identifier]:
        """Keep who was named with which account, the earliest of each; answers those of whom that is news. And that
        calls about a group are `waiting` under an identifier."""
        ...

    async def flush(self) -> None:
        """Write everything that was saved, in bulk."""
        ...


class Accounts(Protocol):
    """The accounts, and the domains that they hold."""

    async def known(self, account_ids: Collection[str], domains: Collection[str]) -> Directory:
        """These accounts, and who holds exactly these domains, at this moment."""
        ...

    async def people_of(self, account_ids: Collection[str], registered: Collection[str]) -> set[Identifier]:
        """The identifiers by which somebody belongs to these accounts, or has an address under these domains."""
        ...

    async def hold(self, registered: Collection[str], account_ids: Collection[str], *, changing: bool) -> Directory:
        """These accounts, who holds what under these registered domains, and the accounts that do: as they are until
        the transaction ends; only one that is `changing` them may write."""
        ...

    async def keep(self, accounts: Collection[Account], holdings: Collection[Holding]) -> None:
        """Leave accounts and domains as they are now."""
        ...


class Touchpoints(Protocol):
    """The record of all touchpoints."""

    async def known(self, ids: Collection[str]) -> set[str]:
        """Which of these are on record."""
        ...

    async def held_by(self, holders: Collection[Identifier]) -> Sequence[StoredTouchpoint]:
        """All whose strongest identifier is one of these."""
        ...

    async def browser_claims(
        self, browsers: Collection[Identifier], withdrawn: Collection[str]
    ) -> Mapping[Identifier, list[BrowserClaim]]:
        """The events under these anonymous ids that name somebody, but for those whose statement is withdrawn."""
        ...

    async def add(self, touchpoints: Sequence[StoredTouchpoint]) -> None:
        """Put new ones on record; raises TryLater where another worker just did."""
        ...

    async def revise(self, touchpoints: Sequence[StoredTouchpoint]) -> None:
        """Keep the owner and the revision under which they are published again."""
        ...


class Deals(Protocol):
    """The deals, each in its highest version."""

    async def lock(self, deal_ids: Collection[str], contacts: Collection[Identifier]) -> Mapping[str, StoredDeal]:
        """The deals of these ids and those on which these identifiers are contacts, locked."""
        ...

    async def keep(self, deals: Sequence[StoredDeal]) -> None:
        """Leave deals as they are now."""
        ...


class Timeline(Protocol):
    """What other services said of people."""

    async def keep(self, steps: Sequence[Step]) -> None:
        """Keep steps, each id once; the highest version of each stays."""
        ...


class Rejected(Protocol):
    """What could not be taken, with reasons."""

    async def add(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Keep rejects; one that is there stays as it is."""
        ...


@dataclass(frozen=True, slots=True)
class Record:
    """All that the resolver keeps, in one transaction."""

    graph: Graph
    accounts: Accounts
    touchpoints: Touchpoints
    deals: Deals
    rejected: Rejected
    timeline: Timeline
    erasures: Erasures


@dataclass(frozen=True, slots=True)
class KnownPerson:
    """Somebody as they are read: the JSON of the card, who was merged into them, and their first act."""

    id: str
    card: str
    aliases: tuple[str, ...]
    first_touch: StoredTouchpoint | None


@dataclass(frozen=True, slots=True)
class Identity:
    """What makes somebody one person. `seed` is the identifier that made them."""

    person_id: str
    seed: Identifier
    aliases: Mapping[str, Identifier]
    """Who was merged into them, by the identifier each was made by."""
    identifiers: frozenset[Identifier]
    contested: frozenset[Identifier]
    """Anonymous ids that others claimed too: some of what came under them may be theirs."""
    components: tuple[str, ...]
    """Where their claims lie, with those of everybody they might be taken for."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a journey holds besides touchpoints: what operators did, what other services said, deals as posted."""

    acts: Sequence[OperatorAct]
    stages: bytes | None
    """JSON of `lead.stage_changed`."""
    handoffs: Sequence[bytes]
    """JSON of each act."""
    deals: Sequence[bytes]


@dataclass(frozen=True, slots=True)
class Order:
    """Who asks for a decision, and whether only to see what would come of it."""

    who: str
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class Decided:
    """What came of decisions: whoever holds what they name, and what is published."""

    acts: tuple[OperatorAct, ...]
    people: tuple[KnownPerson, ...]
    published: tuple[Event, ...]
    dry_run: bool


@dataclass(frozen=True, slots=True)
class KnownAccount:
    """An account as it is read, and the domains that it holds."""

    account: Account
    holdings: Sequence[Holding]


class AccountReading(Protocol):
    """What the API reads of accounts."""

    async def account(self, account_id: str) -> KnownAccount | None:
        """What was said of an account, or what the domain it is called by tells; none where nobody belongs to it."""
        ...

    async def people(self, account_id: str, after: str | None, limit: int) -> Sequence[Card]:
        """The cards of everybody who belongs to an account, in the order of their ids, after one of them."""
        ...

    async def directory(self, registered: Collection[str]) -> Directory:
        """Who holds what under these registered domains."""
        ...

    async def memberships(self, identifiers: Collection[Identifier]) -> Sequence[Membership]:
        """Which accounts these identifiers were named with."""
        ...


class EventPosition(NamedTuple):
    """Where a list of events goes on: after so many touchpoints and so many rejects, in the order of their arrival."""

    stored: int
    rejected: int


@dataclass(frozen=True, slots=True)
class ArrivedEvent:
    """Something that came through a door; `position` is the one after it. `body`: of the touchpoint, or as sent."""

    position: EventPosition
    id: str
    message_id: str | None
    source: str
    received_at: int
    state: Literal["stored", "rejected", "erased", "suppressed"]
    person: str | None
    body: str


@dataclass(frozen=True, slots=True)
class StoredReject:
    """A reject of the record; `codes` and `reasons` belong together by place."""

    seq: int
    id: str
    received_at: int
    source: str
    codes: tuple[str, ...]
    reasons: tuple[str, ...]
    body: str


class Reading(Protocol):
    """What the API reads."""

    async def owners(self, named: Identifier, after: Place | None, limit: int) -> Sequence[Owner]:
        """Whose an identifier is; a contested one is everybody's who claimed it, the last first."""
        ...

    async def people(self, person_ids: Sequence[str]) -> Sequence[KnownPerson]:
        """These people in this order, an alias as its survivor; who is not known is left out."""
        ...

    async def identity(self, person_id: str) -> Identity | None:
        """What makes a person one, by any id of theirs; none where there is nobody. Raises Erased."""
        ...

    async def claims(self, identity: Identity) -> Sequence[Claim]:
        """Every claim of the components that they lie in, other people's too."""
        ...

    async def journey(self, identity: Identity, after: Moment | None, limit: int) -> Sequence[StoredTouchpoint]:
        """What is theirs, in event time, then id."""
        ...

    async def told(self, identity: Identity) -> Told:
        """What their journey holds besides."""
        ...

    async def reviews(self, state: ReviewState | None, after: Moment | None, limit: int) -> Sequence[StoredReview]:
        """Reviews in a state, or all, in the order in which they were raised, then by id."""
        ...

    async def events(self, after: EventPosition, limit: int, message_id: str | None) -> Sequence[ArrivedEvent]:
        """What came, in the order of arrival; of one message id where that is given."""
        ...

    async def rejected(self, after: int, limit: int) -> Sequence[StoredReject]:
        """What could not be taken, in the order of arrival."""
        ...
