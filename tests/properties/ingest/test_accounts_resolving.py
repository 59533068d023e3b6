"""Accounts as the whole resolver tells them: whatever order and batches it hears of them in."""

import asyncio
from collections.abc import Mapping
from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.contracts.deals import CollectedDeal, DealContact
from shared.contracts.touchpoints import AccountRef
from tests.handlers.ingest.resolver import NOW, Collected, Resolver, event_id, happened

Call = st.SearchStrategy[dict[str, Any]]
Accounts = Mapping[tuple[tuple[str, ...], ...], tuple[AccountRef, ...]]
HOSTS = st.sampled_from(("acme.com", "sub.acme.com", "globex.co.uk", "gmail.com"))
EMAILS = st.builds("{}@{}".format, st.sampled_from(("ana", "ben")), HOSTS)
USERS, BROWSERS = st.sampled_from(("u1", "u2")), st.sampled_from(("b1", "b2"))
MOMENTS = st.integers(0, 9)
IDENTIFIES: Call = st.fixed_dictionaries(
    {
        "of": st.just("identify"),
        "at": MOMENTS,
        "trusted": st.booleans(),
        "traits": st.builds(lambda e: {"email": e}, EMAILS),
    },
    optional={"user_id": USERS, "anonymous_id": BROWSERS},
)
GROUPS: Call = st.fixed_dictionaries(
    {
        "of": st.just("group"), "at": MOMENTS, "trusted": st.booleans(),
        "group_id": st.sampled_from(("g1", "g2", "acme.com", "gmail.com")),
        "traits": st.fixed_dictionaries({}, optional={"name": st.sampled_from("XYZ"), "website": HOSTS}),
    },
    optional={"user_id": USERS, "anonymous_id": BROWSERS},
)  # fmt: skip
PAGES: Call = st.fixed_dictionaries({"of": st.just("page"), "at": MOMENTS, "anonymous_id": BROWSERS})
REFS = st.builds(AccountRef, id=st.sampled_from(("c1", "c2")), name=st.none() | st.just("C"), domain=HOSTS) | st.builds(
    lambda domain: AccountRef(id=domain, domain=domain), HOSTS
)
DEALS = st.tuples(MOMENTS, REFS, st.lists(st.builds(DealContact, email=EMAILS), max_size=2).map(tuple))


@st.composite
def stories(draw: st.DrawFn) -> list[Collected]:
    """Events of a few people of a few companies, and deals with them."""
    calls = draw(st.lists(IDENTIFIES | GROUPS | PAGES, min_size=3, max_size=12))
    events: list[Collected] = [happened(number, **call) for number, call in enumerate(calls, 1)]
    for number, (at, account, contacts) in enumerate(draw(st.lists(DEALS, max_size=3))):
        deal = CollectedDeal(
            event_id=event_id(900 + number), id=f"d{number}", version=1, source="crm", received_at=NOW, status="open",
            amount_minor=1, currency="EUR", created_at=NOW, occurred_at=NOW - 1_000_000 + at * 1_000,
            contacts=contacts, account=account,
        )  # fmt: skip
        events.append(deal)
    return events


async def told(resolver: Resolver, events: list[Collected], seed: int | None = None) -> Accounts:
    """The accounts on the last card of everybody, after events in their order, or shuffled into batches."""
    await resolver.forget()
    batches = [events]
    if seed is not None:
        random = Random(seed)
        batches = [[]]
        for event in random.sample(events, len(events)):
            batches[-1].append(event)
            if random.random() < 0.5:
                batches.append([])
    for batch in batches:
        await resolver.take(*batch)
    believed = resolver.believed()
    standing = (card for person_id, card in believed.cards.items() if believed.person(person_id) == person_id)
    return {(card.emails, card.user_ids, card.anonymous_ids): card.accounts for card in standing}


@given(stories(), st.integers(0, 2**32))
@settings(max_examples=100, deadline=None)
def test_any_order_of_arrival_gives_the_same_accounts(resolver: Resolver, events: list[Collected], seed: int) -> None:
    async def both() -> None:
        assert await told(resolver, events) == await told(resolver, events, seed)

    asyncio.run(both())


@given(stories())
@settings(max_examples=30, deadline=None)
def test_free_mail_never_names_an_account(resolver: Resolver, events: list[Collected]) -> None:
    found = asyncio.run(told(resolver, events))
    assert not [ref for accounts in found.values() for ref in accounts if "gmail.com" in (ref.id, ref.domain)]


@given(stories())
@settings(max_examples=30, deadline=None)
def test_people_under_one_domain_have_an_account_in_common(resolver: Resolver, events: list[Collected]) -> None:
    found = asyncio.run(told(resolver, events))
    at_globex = [
        {ref.id for ref in accounts}
        for (emails, _, _), accounts in found.items()
        if any(email.endswith("@globex.co.uk") for email in emails)
    ]
    assert not at_globex or set.intersection(*at_globex)
