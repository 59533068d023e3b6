"""What the resolver says of accounts, and whom it tells again when one changes."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from services.ingest.domain.acts import OperatorAct
from services.ingest.domain.identity import Identifier
from shared.contracts.deals import CollectedDeal, DealContact
from shared.contracts.touchpoints import AccountRef, PersonIdentified
from tests.handlers.ingest.resolver import NOW, Collected, Resolver, event_id, happened, resolving


@pytest.fixture
async def resolver() -> AsyncIterator[Resolver]:
    async with resolving() as opened:
        yield opened


def known(number: int, email: str, **said: Any) -> Collected:
    return happened(number, "identify", at=number, trusted=True, traits={"email": email}, **said)


def group(number: int, group_id: str, traits: dict[str, str] | None = None, **said: Any) -> Collected:
    return happened(number, "group", at=number, group_id=group_id, traits=traits or {}, **said)


def deal(number: int, account: AccountRef, *emails: str) -> Collected:
    return CollectedDeal(
        event_id=event_id(number), id=f"d{number}", version=1, source="crm", received_at=NOW, status="open",
        amount_minor=1, currency="EUR", created_at=NOW, occurred_at=NOW - 1_000_000 + number * 1_000,
        contacts=tuple(DealContact(email=email) for email in emails), account=account,
    )  # fmt: skip


def accounts(resolver: Resolver, email: str) -> list[tuple[str, str | None, str | None]]:
    """The accounts on the card of whoever has an address: id, name and domain."""
    (card,) = (card for card in resolver.believed().cards.values() if email in card.emails)
    return [(one.id, one.name, one.domain) for one in card.accounts]


async def test_without_a_claim_the_domain_of_an_address_is_the_account(resolver: Resolver) -> None:
    await resolver.take(known(1, "ana@sub.acme.com"), known(2, "ben@gmail.com"))
    assert accounts(resolver, "ana@sub.acme.com") == [("acme.com", None, "acme.com")]
    assert accounts(resolver, "ben@gmail.com") == []


async def test_everybody_under_a_domain_is_told_again_when_an_account_claims_it(resolver: Resolver) -> None:
    await resolver.take(known(1, "ana@acme.com"), known(2, "ben@acme.com"), known(3, "cleo@globex.com"))
    emits = await resolver.take(deal(4, AccountRef(id="crm-7", name="Acme", domain="acme.com")))
    told = [card.emails for emit in emits if isinstance(card := emit.event.data, PersonIdentified)]
    assert sorted(told) == [("ana@acme.com",), ("ben@acme.com",)]
    assert accounts(resolver, "ana@acme.com") == [("crm-7", "Acme", "acme.com")]


async def test_whoever_comes_after_the_claim_belongs_to_it_at_once(resolver: Resolver) -> None:
    await resolver.take(deal(1, AccountRef(id="crm-7", name="Acme", domain="acme.com")))
    await resolver.take(known(2, "ana@acme.com"))
    assert accounts(resolver, "ana@acme.com") == [("crm-7", "Acme", "acme.com")]


async def test_a_write_key_does_not_take_a_domain_over(resolver: Resolver) -> None:
    await resolver.take(known(1, "ana@acme.com"), deal(5, AccountRef(id="crm-7", domain="acme.com")))
    await resolver.take(group(2, "mine", {"website": "https://acme.com"}, user_id="mallory"))
    assert accounts(resolver, "ana@acme.com") == [("crm-7", None, "acme.com")]


async def test_a_group_call_names_the_account_of_whoever_makes_it(resolver: Resolver) -> None:
    await resolver.take(known(1, "ana@gmail.com", user_id="u", anonymous_id="b"))
    await resolver.take(group(2, "g1", {"name": "Acme", "email": "info@globex.com"}, anonymous_id="b"))
    assert accounts(resolver, "ana@gmail.com") == [("g1", "Acme", None)]
    assert resolver.believed().emails() == {frozenset({"ana@gmail.com"})}


async def test_a_group_call_under_an_id_nobody_knows_makes_no_person(resolver: Resolver) -> None:
    await resolver.take(group(1, "g1", {"name": "Acme"}, anonymous_id="drawn"))
    assert resolver.believed().cards == {}
    assert resolver.believed().belongings() == set()


async def test_what_came_under_a_browser_of_nobody_belongs_to_whom_it_turns_out_to_be(resolver: Resolver) -> None:
    await resolver.take(group(1, "g1", {"name": "Acme"}, anonymous_id="b"))
    await resolver.take(known(2, "ana@gmail.com", anonymous_id="b"))
    assert accounts(resolver, "ana@gmail.com") == [("g1", "Acme", None)]
    assert resolver.believed().belongings() == {frozenset({event_id(1), event_id(2)})} == await resolver.on_record()


async def test_what_names_no_account_under_a_browser_of_nobody_belongs_to_them_as_well(resolver: Resolver) -> None:
    await resolver.take(group(1, "gmail.com", anonymous_id="b"))
    await resolver.take(known(2, "ana@gmail.com", anonymous_id="b"))
    assert resolver.believed().belongings() == {frozenset({event_id(1), event_id(2)})} == await resolver.on_record()


async def test_a_group_call_that_says_nothing_new_is_of_whoever_had_a_shared_browser_last(resolver: Resolver) -> None:
    await resolver.take(group(1, "g1", anonymous_id="b"))
    await resolver.take(known(2, "ana@gmail.com", anonymous_id="b"), known(3, "ben@gmail.com", anonymous_id="b"))
    await resolver.take(group(4, "g1", anonymous_id="b"), group(5, "gmail.com", anonymous_id="b"))
    of_ana, of_ben = frozenset(map(event_id, (1, 2))), frozenset(map(event_id, (3, 4, 5)))
    assert resolver.believed().belongings() == {of_ana, of_ben} == await resolver.on_record()


async def test_an_account_that_is_called_something_else_is_told_to_its_members(resolver: Resolver) -> None:
    await resolver.take(deal(1, AccountRef(id="crm-7", name="Acme"), "ana@gmail.com"))
    await resolver.take(deal(2, AccountRef(id="crm-7", name="Acme Corp")))
    assert accounts(resolver, "ana@gmail.com") == [("crm-7", "Acme Corp", None)]


@pytest.mark.parametrize("junk", ["null", " [object Object] ", "Test", "not_set"])
async def test_an_id_that_says_nothing_names_no_account(resolver: Resolver, junk: str) -> None:
    nothing = AccountRef(id=junk, name="Acme")
    await resolver.take(known(1, "ana@gmail.com"), deal(2, nothing, "ana@gmail.com"), group(3, junk, user_id="u"))
    assert accounts(resolver, "ana@gmail.com") == []


async def test_the_current_account_comes_first(resolver: Resolver) -> None:
    await resolver.take(
        deal(1, AccountRef(id="crm-1"), "ana@acme.com"), deal(2, AccountRef(id="crm-2"), "ana@acme.com")
    )
    assert [account for account, _, _ in accounts(resolver, "ana@acme.com")] == ["crm-2", "crm-1", "acme.com"]


async def test_a_split_takes_back_the_account_that_the_event_gave_and_a_merge_gives_it_again(
    resolver: Resolver,
) -> None:
    await resolver.take(known(1, "ana@gmail.com", user_id="u"), group(2, "g1", user_id="u", anonymous_id="kiosk"))
    said = (Identifier("user_id", "u"), Identifier("anonymous_id", "kiosk"))
    await resolver.decide(OperatorAct("split", said, NOW, "ops"))
    assert accounts(resolver, "ana@gmail.com") == []
    await resolver.take(group(3, "g2", user_id="u", anonymous_id="kiosk"), group(4, "g3", user_id="u"))
    assert accounts(resolver, "ana@gmail.com") == [("g3", None, None)]
    await resolver.decide(OperatorAct("merge", said, NOW + 1, "ops"))
    assert {account for account, _, _ in accounts(resolver, "ana@gmail.com")} == {"g1", "g2", "g3"}


async def test_what_is_known_of_an_account_already_is_told_to_nobody(resolver: Resolver) -> None:
    traits = {"name": "Acme", "domain": "acme.com"}
    await resolver.take(known(1, "ana@acme.com", user_id="u"), group(2, "g1", traits, user_id="u"))
    emits = await resolver.take(group(3, "g1", traits, user_id="u"))
    assert [emit.event.type for emit in emits] == ["touchpoint"]
