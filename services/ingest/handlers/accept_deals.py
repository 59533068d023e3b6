"""A deal came in by a door: make it one version of a collected deal, or refuse it.

Promises: the same version with the same content has the same event id; money is read from the text as sent.
Leaves out: which version holds, and who the contacts are; the resolver knows both.
"""

from collections.abc import Mapping
from typing import Any, cast

from services.ingest.domain import calls
from services.ingest.domain.identifiers import is_junk
from services.ingest.domain.limits import NAME_LENGTH
from services.ingest.domain.mail_hosts import host_of
from services.ingest.domain.properties import BAD_CURRENCY
from services.ingest.domain.text import readable
from services.ingest.handlers import posted
from services.ingest.handlers.posted import PostArrival
from shared.contracts.deals import CollectedDeal, DealContact, DealStatus, DealType
from shared.contracts.touchpoints import AccountRef
from shared.kernel.errors import Reject
from shared.kernel.ids import derived
from shared.kernel.money import is_currency, letters

_STATUSES = ("open", "won", "lost")
_DEAL_TYPES = ("new", "renewal", "expansion")
_MOST_CONTACTS = 200
_IDENTIFIERS = ("email", "user_id", "crm_contact_id")


def accept_deal(words: Mapping[str, Any], arrival: PostArrival) -> CollectedDeal:
    """One version of a deal. Numbers in `words` are the decimal texts that were sent. Raises Reject."""
    deal_id = posted.identifier(words, "id", required=True)
    status = cast("DealStatus", posted.one_of(words, "status", _STATUSES))
    currency = letters(posted.text(words, "currency", required=True))
    created_at = posted.moment(words, "created_at")
    if created_at is None:
        raise Reject("missing_field", "created_at is missing", "created_at")
    said = posted.moment(words, "occurred_at")
    occurred_at = arrival.received_at if said is None else said
    closed_at, flags = _closing(words, status, said, arrival.received_at)
    version = posted.version(words, occurred_at)
    return CollectedDeal(
        event_id=derived("deal", arrival.source, deal_id, str(version), arrival.content),
        id=deal_id,
        version=version,
        source=arrival.source,
        received_at=arrival.received_at,
        status=status,
        amount_minor=posted.amount(words, currency),
        currency=currency,
        created_at=created_at,
        occurred_at=occurred_at,
        contacts=_contacts(words),
        closed_at=closed_at,
        name=posted.text(words, "name") or None,
        account=_account(words.get("account")),
        stage=posted.text(words, "stage") or None,
        owner=posted.text(words, "owner") or None,
        lost_reason=posted.text(words, "lost_reason") or None,
        deal_type=cast("DealType", posted.one_of(words, "deal_type", _DEAL_TYPES, "new")),
        flags=flags if is_currency(currency) else (*flags, BAD_CURRENCY),
    )


def _closing(
    words: Mapping[str, Any], status: str, occurred_at: int | None, received_at: int
) -> tuple[int | None, tuple[str, ...]]:
    """When the deal closed. A won deal always has a close; one that was not given is flagged."""
    closed_at = posted.moment(words, "closed_at")
    if closed_at is None and status == "won":
        return (received_at if occurred_at is None else occurred_at), ("no_closed_at",)
    return closed_at, ()


def _contacts(words: Mapping[str, Any]) -> tuple[DealContact, ...]:
    value = words.get("contacts")
    if value is None:
        return ()
    if not isinstance(value, list) or len(value) > _MOST_CONTACTS:
        raise Reject("bad_contacts", f"contacts are a list of at most {_MOST_CONTACTS}", "contacts")
    return tuple(_contact(contact, f"contacts[{place}]") for place, contact in enumerate(value))


def _contact(value: object, path: str) -> DealContact:
    if not isinstance(value, dict):
        raise Reject("bad_contacts", "a contact is a JSON object", path)
    named = {key: calls.identifier(value.get(key), f"{path}.{key}") or None for key in _IDENTIFIERS}
    if not any(named.values()):
        raise Reject("bad_contacts", "a contact names an email, a user_id or a crm_contact_id", path)
    if named["email"] is not None and calls.address({"email": named["email"]}) is None:
        raise Reject("bad_email", "this is no e-mail address", f"{path}.email")
    role = value.get("role")
    if role is not None and (not isinstance(role, str) or len(role) > NAME_LENGTH):
        raise Reject("bad_contacts", "a role is a short text", f"{path}.role")
    return DealContact(**named, role=readable(role) if role else None)


def _account(value: object) -> AccountRef | None:
    if value is None:
        return None
    if not isinstance(value, dict):
        raise Reject("bad_account", "an account is a JSON object", "account")
    given = {key: posted.text(value, key, within="account.") or None for key in ("id", "name", "domain")}
    domain = host_of(given["domain"]) or given["domain"].lower() if given["domain"] else None
    named = next((one for one in (given["id"], domain, given["name"]) if one and not is_junk(one)), None)
    if named is None:
        return None
    return AccountRef(id=named, name=given["name"], domain=domain)
