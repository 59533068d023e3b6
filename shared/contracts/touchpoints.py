"""Touchpoints as collected and as resolved, and what is said of the people they belong to."""

from typing import Any, Literal

from msgspec import UNSET, Raw, Struct, UnsetType, field

CallType = Literal["track", "identify", "page", "screen", "group", "alias"]
Department = Literal["marketing", "sales", "service"]
Direction = Literal["inbound", "outbound"]


class CollectedTouchpoint(Struct, frozen=True, omit_defaults=True, eq=False, gc=False):
    """`touchpoint.collected`: one call as sent, in Segment's words, with what the door stamped on it.

    The free-form parts stay as the bytes that came. `trusted` says that it came with a server key, from a
    source or an import; what a public write key says claims less (state.md 3).
    """

    id: str
    source: str
    door: str
    trusted: bool
    received_at: int
    type: CallType
    message_id: str | None = None
    user_id: str | None = None
    anonymous_id: str | None = None
    previous_id: str | None = None
    group_id: str | None = None
    name: str | None = None
    timestamp: int | None = None
    """What the sender says, uncorrected; null where it said nothing that can be read."""
    sent_at: int | None = None
    properties: Raw | UnsetType = UNSET
    traits: Raw | UnsetType = UNSET
    context: Raw | UnsetType = UNSET
    flags: tuple[str, ...] = ()
    category: str | None = None
    """Of a page or a screen, where the sender says it beside the properties."""


class RejectedTouchpoint(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`touchpoint.rejected`: what could not be taken, why, and what it was."""

    id: str
    source: str
    door: str
    received_at: int
    codes: tuple[str, ...]
    reasons: tuple[str, ...]
    body: str
    """The raw text of the item, cut at 32 KiB."""
    message_id: str | None = None
    """As the door answered with it; null where there was none, or it is the reason itself."""


class Touchpoint(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`touchpoint`: resolved. The highest revision of an id wins, whatever arrives first."""

    id: str
    revision: int
    door: str
    source: str
    occurred_at: int
    received_at: int
    type: CallType
    kind: str
    name: str
    direction: Direction
    department: Department
    channel: str
    person_id: str | None = None
    account_id: str | None = None
    message_id: str | None = None
    anonymous_id: str | None = None
    """Visits are told apart by it; it names nobody by itself."""
    campaign: dict[str, str] = field(default_factory=dict)
    page: dict[str, str] = field(default_factory=dict)
    properties: dict[str, Any] = field(default_factory=dict)
    consent: dict[str, bool] = field(default_factory=dict)
    vanity: bool = False
    bot: bool = False
    withdrawn: bool = False
    """It no longer counts for anybody (a bot, a scanner, consent taken back)."""
    flags: tuple[str, ...] = ()


class AccountRef(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An account as far as events tell of it. `since`: on a card, from when on the person belongs to it."""

    id: str
    name: str | None = None
    domain: str | None = None
    since: int | None = None


class PersonIdentified(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`person.identified`: the card, whole; the highest version wins."""

    person_id: str
    version: int
    first_seen_at: int
    known_since: int | None = None
    """Event time of the first claim that held an e-mail or a phone; `known_by` is that event."""
    known_by: str | None = None
    emails: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    user_ids: tuple[str, ...] = ()
    crm_contact_ids: tuple[str, ...] = ()
    anonymous_ids: tuple[str, ...] = ()
    traits: dict[str, Any] = field(default_factory=dict)
    accounts: tuple[AccountRef, ...] = ()
    """The current one first."""
    consent: dict[str, bool] = field(default_factory=dict)
    """Per purpose what was said last; where several identifiers of theirs differ, the refusal holds."""
    flags: tuple[str, ...] = ()
    """What is not as it was sent: `traits_cut`, `names_cut` where there are more than a card has room for."""

    def allows(self, purpose: str) -> bool:
        """Whether a purpose was allowed, or never spoken of."""
        return self.consent.get(purpose, True)

    @property
    def reachable(self) -> bool:
        """Whether sales can do something with this person: an e-mail, a phone or a CRM id is known."""
        return bool(self.emails or self.phones or self.crm_contact_ids)


class PersonMerged(Struct, frozen=True, kw_only=True):
    """`person.merged`: `from_id` is an alias of `into_id` from now on. The highest version of `from_id` wins."""

    from_id: str
    into_id: str
    version: int
    at: int


class PersonSplit(Struct, frozen=True, kw_only=True):
    """`person.split`: `person_id` is nobody's alias any more. Versions are those of its merges."""

    person_id: str
    version: int
    at: int


class PersonErased(Struct, frozen=True, kw_only=True):
    """`person.erased`: nobody may know of this person again, under any of their ids, whatever else of them is still
    on its way. It is said once, never taken back, and holds no address."""

    erasure_id: str
    person_id: str
    aliases: tuple[str, ...]
    """Every other id that stood for them."""
    at: int
