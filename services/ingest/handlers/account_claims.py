"""What events say of accounts: group calls name one and whoever makes them, deals name one with its contacts."""

from collections.abc import Iterable
from typing import Any

from msgspec import UnsetType, json

from services.ingest.domain.accounts import AccountClaim, Member, Source
from services.ingest.domain.identifiers import is_junk
from services.ingest.domain.identity import Claim, statement_id
from services.ingest.domain.limits import NAME_LENGTH
from services.ingest.domain.mail_hosts import host_of
from services.ingest.domain.text import readable
from services.ingest.handlers.understanding import Understood
from services.ingest.settings import mail_domain, mail_hosts
from shared.contracts.deals import CollectedDeal


def of_call(call: Understood) -> AccountClaim | None:
    """What a group call says; None for any other, and where it names nothing that could be an account."""
    it = call.collected
    if it.type != "group":
        return None
    traits: dict[str, Any] = {} if isinstance(it.traits, UnsetType) else json.decode(it.traits)
    name, domain = _text(traits.get("name")), _text(traits.get("domain")) or _text(traits.get("website"))
    source = Source("group", it.trusted, call.meaning.occurred_at, it.id)
    members = (Member(call.identifiers[0], statement_id(call.identifiers)),) if call.identifiers else ()
    return _claim(readable(it.group_id or ""), name, domain, source, members)


def of_deal(deal: CollectedDeal, contacts: Iterable[Claim]) -> AccountClaim | None:
    """What a version of a deal says: its contacts, each by what it claims of them, belong to its account."""
    if deal.account is None:
        return None
    account = deal.account
    source = Source("crm_id", True, deal.occurred_at, deal.event_id)
    members = tuple(Member(claim.identifiers[0], statement_id(claim.identifiers)) for claim in contacts)
    return _claim(account.id, account.name, account.domain, source, members)


def _claim(
    account_id: str, name: str | None, domain: str | None, source: Source, members: tuple[Member, ...]
) -> AccountClaim | None:
    if is_junk(account_id) or _is_shared(account_id):
        return None
    # Many a sender calls an account by its domain: then it says which domain is the account's own.
    own = mail_domain(domain or account_id)
    return AccountClaim(account_id, source, name, None if own is None else own.host, members)


def _is_shared(account_id: str) -> bool:
    """Whether an account is named by a host where everybody has an address: it would hold half the world."""
    host = host_of(account_id)
    return host is not None and mail_hosts().refusal(host) in ("free_mail", "disposable")


def _text(value: object) -> str | None:
    return (readable(value)[:NAME_LENGTH] or None) if isinstance(value, str) else None
