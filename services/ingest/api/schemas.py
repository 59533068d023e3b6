"""What ingest shows, in the words of the API, and how it is made from what is on record."""

from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from msgspec import json, structs

from services.ingest.domain.people import Moment
from services.ingest.domain.telling import ClaimState, ToldClaim
from services.ingest.ports import KnownPerson, StoredTouchpoint
from shared.contracts.touchpoints import AccountRef, PersonIdentified, Touchpoint
from shared.kernel import instant
from shared.kernel.errors import Reject
from shared.kernel.instant import Instant
from shared.web import paging

_NAMING = frozenset(("identify", "alias", "group"))
"""Calls that say who somebody is; all others are touchpoints (ruling 3)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TouchpointItem:
    """Something that happened, as resolved; `type` is the call's where it only says who somebody is."""

    type: Literal["touchpoint", "identify", "alias", "group"]
    id: str
    revision: int
    door: str
    message_id: str | None
    occurred_at: str
    received_at: str
    person_id: str | None
    account_id: str | None
    anonymous_id: str | None
    kind: str
    name: str
    direction: str
    department: str
    channel: str
    campaign: dict[str, str]
    page: dict[str, str]
    properties: dict[str, Any]
    consent: dict[str, bool]
    source: str
    vanity: bool
    bot: bool
    withdrawn: bool
    flags: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountItem:
    """An account that a person belongs to since a time."""

    id: str
    name: str | None
    domain: str | None
    since: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonItem:
    """Somebody: what they are called, what is known of them, and who was merged into them."""

    id: str
    first_seen_at: str
    first_touch: TouchpointItem | None
    emails: tuple[str, ...]
    user_ids: tuple[str, ...]
    anonymous_ids: tuple[str, ...]
    phones: tuple[str, ...]
    crm_contact_ids: tuple[str, ...]
    traits: dict[str, Any]
    accounts: list[AccountItem]
    aliases: tuple[str, ...]
    consent: dict[str, bool]
    flags: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimItem:
    """An event that said that its identifiers are one person, and whether that was followed."""

    event_id: str
    occurred_at: str
    source: str
    identifiers: list[str]
    state: ClaimState


def person_item(person: KnownPerson) -> PersonItem:
    """A person as the API shows one."""
    card = json.decode(person.card, type=PersonIdentified)
    return PersonItem(
        id=person.id,
        first_seen_at=text(card.first_seen_at),
        first_touch=None if person.first_touch is None else touchpoint_item(person.first_touch, person.id),
        emails=card.emails,
        user_ids=card.user_ids,
        anonymous_ids=card.anonymous_ids,
        phones=card.phones,
        crm_contact_ids=card.crm_contact_ids,
        traits=card.traits,
        accounts=[account_item(one) for one in card.accounts],
        aliases=person.aliases,
        consent=card.consent,
        flags=card.flags,
    )


def account_item(account: AccountRef) -> AccountItem:
    """An account as a card names it."""
    since = None if account.since is None else text(account.since)
    return AccountItem(id=account.id, name=account.name, domain=account.domain, since=since)


def touchpoint_item(stored: StoredTouchpoint, person_id: str) -> TouchpointItem:
    """A touchpoint of the record, as this person's."""
    whole = json.decode(stored.body, type=Touchpoint)
    shown = structs.asdict(whole) | {
        "type": whole.type if whole.type in _NAMING else "touchpoint",
        "revision": stored.revision,
        "person_id": person_id,
        "occurred_at": text(whole.occurred_at),
        "received_at": text(whole.received_at),
    }
    return TouchpointItem(**shown)


def claim_item(one: ToldClaim) -> ClaimItem:
    """A claim as the API shows one; identifiers are `kind:value`."""
    return ClaimItem(
        event_id=one.claim.event_id,
        occurred_at=text(one.claim.at),
        source=one.claim.source,
        identifiers=list(map(str, one.claim.identifiers)),
        state=one.state,
    )


def text(at: int) -> str:
    """A time of ours in RFC 3339."""
    return instant.to_text(Instant(at))


def moment_position(asked: paging.PageRequest) -> Moment | None:
    """The moment a list in time, then id, goes on after; raises Reject where the cursor names none."""
    position = asked.position(int, str)
    if position is None:
        return None
    at, item_id = position
    try:
        return int(at), str(UUID(str(item_id)))
    except ValueError:
        raise Reject("bad_cursor", "take the cursor from `next` of the page before", "after") from None
