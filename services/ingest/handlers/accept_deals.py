"""A deal came in by a door: make it one version of a collected deal, or refuse it.

Promises: the same version with the same content has the same event id; money is read from the text as sent.
Leaves out: which version holds, and who the contacts are; the resolver knows both.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from services.ingest.domain import calls
from services.ingest.domain.claimed_time import claimed
from services.ingest.domain.limits import NAME_LENGTH
from services.ingest.domain.mail_hosts import host_of
from services.ingest.domain.text import readable
from shared.contracts.deals import CollectedDeal, DealContact, DealStatus, DealType
from shared.contracts.touchpoints import AccountRef
from shared.kernel.errors import Reject
from shared.kernel.ids import derived
from shared.kernel.money import currency_code, minor_units

_STATUSES = ("open", "won", "lost")
_DEAL_TYPES = ("new", "renewal", "expansion")
_MOST_CONTACTS = 200
_LARGEST = 2**63 - 1
_AMOUNT_LENGTH = 40
_NO_FRACTION = "JPY"
_IDENTIFIERS = ("email", "user_id", "crm_contact_id")


@dataclass(frozen=True, slots=True)
class DealArrival:
    """How a deal came; `content` is its text, numbers as sent."""

    source: str
    received_at: int
    content: str


def accept_deal(words: Mapping[str, Any], arrival: DealArrival) -> CollectedDeal:
    """One version of a deal. Numbers in `words` are the decimal texts that were sent. Raises Reject."""
    deal_id = _identifier(words, "id", required=True)
    status = cast("DealStatus", _one_of(words, "status", _STATUSES))
    currency = currency_code(_text(words, "currency", required=True))
    created_at = _moment(words, "created_at")
    if created_at is None:
        raise Reject("missing_field", "created_at is missing", "created_at")
    said = _moment(words, "occurred_at")
    occurred_at = arrival.received_at if said is None else said
    closed_at, flags = _closing(words, status, said, arrival.received_at)
    version = _version(words, occurred_at)
    return CollectedDeal(
        event_id=derived("deal", arrival.source, deal_id, str(version), arrival.content),
        id=deal_id,
        version=version,
        source=arrival.source,
        received_at=arrival.received_at,
        status=status,
        amount_minor=_amount(words, currency),
        currency=currency,
        created_at=created_at,
        occurred_at=occurred_at,
        contacts=_contacts(words),
        closed_at=closed_at,
        name=_text(words, "name") or None,
        account=_account(words.get("account")),
        stage=_text(words, "stage") or None,
        owner=_text(words, "owner") or None,
        lost_reason=_text(words, "lost_reason") or None,
        deal_type=cast("DealType", _one_of(words, "deal_type", _DEAL_TYPES, "new")),
        flags=flags,
    )


def _closing(
    words: Mapping[str, Any], status: str, occurred_at: int | None, received_at: int
) -> tuple[int | None, tuple[str, ...]]:
    """When the deal closed. A won deal always has a close; one that was not given is flagged."""
    closed_at = _moment(words, "closed_at")
    if closed_at is None and status == "won":
        return (received_at if occurred_at is None else occurred_at), ("no_closed_at",)
    return closed_at, ()


def _version(words: Mapping[str, Any], occurred_at: int) -> int:
    value = words.get("version")
    if value is None:
        return occurred_at
    if not isinstance(value, str) or not value.isascii() or not value.isdigit() or int(value[:20]) > _LARGEST:
        raise Reject("bad_version", "a version is a whole number from 0", "version")
    return int(value)


def _amount(words: Mapping[str, Any], currency: str) -> int:
    amount, minor = words.get("amount"), words.get("amount_minor")
    if (amount is None) == (minor is None):
        raise Reject("bad_amount", "a deal names its amount or its amount_minor, one of them", "amount")
    path, value = ("amount", amount) if minor is None else ("amount_minor", minor)
    if not isinstance(value, str) or len(value) > _AMOUNT_LENGTH:
        raise Reject("bad_amount", "an amount is a decimal number", path)
    try:
        # Minor units are whole; a currency without a fraction reads them with the same checks.
        units = minor_units(value, currency if minor is None else _NO_FRACTION)
    except ArithmeticError:
        raise Reject("bad_amount", "the amount is too large", path) from None
    except Reject as reason:
        raise Reject(reason.code, reason.message, path) from None
    if units < 0:
        raise Reject("bad_amount", "an amount is zero or more", path)
    return units


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
    given = {key: _text(value, key, within="account.") or None for key in ("id", "name", "domain")}
    domain = host_of(given["domain"]) or given["domain"].lower() if given["domain"] else None
    named = given["id"] or domain or given["name"]
    if named is None:
        return None
    return AccountRef(id=named, name=given["name"], domain=domain)


def _identifier(words: Mapping[str, Any], key: str, *, required: bool) -> str:
    value = calls.identifier(words.get(key), key) or ""
    if required and not value.strip():
        raise Reject("missing_field", f"{key} is missing", key)
    return value


def _text(words: Mapping[str, Any], key: str, *, required: bool = False, within: str = "") -> str:
    value = words.get(key)
    if value is None:
        if required:
            raise Reject("missing_field", f"{key} is missing", f"{within}{key}")
        return ""
    if not isinstance(value, str):
        raise Reject("bad_text", f"{key} is a text", f"{within}{key}")
    text = readable(value)
    if len(text) > NAME_LENGTH:
        raise Reject("name_too_long", f"{key} has at most {NAME_LENGTH} characters", f"{within}{key}")
    return text


def _one_of(words: Mapping[str, Any], key: str, allowed: tuple[str, ...], default: str | None = None) -> str:
    value = words.get(key)
    if value is None and default is not None:
        return default
    if value is None:
        raise Reject("missing_field", f"{key} is missing", key)
    if not isinstance(value, str) or value.lower() not in allowed:
        raise Reject(f"bad_{key}", f"{key} is one of {', '.join(allowed)}", key)
    return value.lower()


def _moment(words: Mapping[str, Any], key: str) -> int | None:
    value = words.get(key)
    if value is None:
        return None
    moment = claimed(value)
    if moment is None or moment <= 0:
        raise Reject("bad_time", f"{key} is a RFC 3339 time", key)
    return moment
