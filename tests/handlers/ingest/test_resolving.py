"""The resolver at work: what it keeps, whom it gives it to, and what it tells the others."""

from collections.abc import AsyncIterator
from itertools import permutations
from typing import Any

import pytest
from msgspec import structs

from services.ingest.domain.acts import OperatorAct
from services.ingest.domain.identity import by_strength, identifier
from shared.contracts.deals import CollectedDeal, DealContact
from shared.contracts.touchpoints import CallType, PersonIdentified, PersonMerged, PersonSplit, Touchpoint
from tests.handlers.ingest.resolver import NOW, Collected, Resolver, event_id, happened, resolving


@pytest.fixture
async def resolver() -> AsyncIterator[Resolver]:
    async with resolving() as opened:
        yield opened


def visit(number: int, browser: str = "b") -> Collected:
    return happened(number, at=number, anonymous_id=browser)


def known(number: int, email: str, *, trusted: bool = True, **said: str) -> Collected:
    return happened(number, "identify", at=number, trusted=trusted, traits={"email": f"{email}@example.com"}, **said)


def deal(number: int, *contacts: str, version: int = 1) -> Collected:
    return CollectedDeal(
        event_id=event_id(number), id="d", version=version, source="crm", received_at=NOW, status="open",
        amount_minor=100, currency="EUR", created_at=NOW, occurred_at=NOW,
        contacts=tuple(DealContact(email=f"{name}@example.com", role="buyer") for name in contacts),
    )  # fmt: skip


def ids(*numbers: int) -> frozenset[str]:
    return frozenset(map(event_id, numbers))


async def test_what_an_anonymous_person_did_belongs_to_them_from_the_first_visit_on(resolver: Resolver) -> None:
    await resolver.take(visit(1))
    await resolver.take(visit(2), known(3, "ada", anonymous_id="b"))
    assert resolver.believed().belongings() == await resolver.on_record() == {ids(1, 2, 3)}
    assert [data.revision for e in resolver.published if isinstance(data := e.event.data, Touchpoint)] == [1, 1, 1]


async def test_a_merge_is_one_record_whatever_the_two_have_done(resolver: Resolver) -> None:
    await resolver.take(*(visit(number) for number in range(1, 20)), known(20, "ada"))
    emits = await resolver.take(known(21, "ada", user_id="u", anonymous_id="b"))
    assert [type(emit.event.data) for emit in emits if not isinstance(emit.event.data, PersonIdentified)] == [
        PersonMerged,
        Touchpoint,
    ]


async def test_an_event_comes_once_however_often_it_is_sent(resolver: Resolver) -> None:
    await resolver.take(visit(1), visit(1))
    assert await resolver.take(visit(1)) == []
    assert len(resolver.believed().touchpoints) == 1


async def test_where_an_id_comes_again_with_other_content_the_first_one_holds(resolver: Resolver) -> None:
    await resolver.take(visit(1, "mine"))
    assert await resolver.take(visit(1, "yours")) == []


async def test_an_event_that_names_nobody_is_kept_and_is_nobodys(resolver: Resolver) -> None:
    (emit,) = await resolver.take(happened(1, "page"))
    assert isinstance(emit.event.data, Touchpoint)
    assert emit.event.data.person_id is None
    assert emit.key == event_id(1)


async def test_under_a_shared_browser_each_event_is_of_whoever_named_themselves_last(resolver: Resolver) -> None:
    events = [visit(1), known(2, "ada", anonymous_id="b"), visit(3), known(4, "bob", anonymous_id="b"), visit(5)]
    for order in list(permutations(events))[::11]:
        await resolver.forget()
        for event in order:
            await resolver.take(event)
        assert resolver.believed().belongings() == {ids(1, 2, 3), ids(4, 5)} == await resolver.on_record()


async def test_what_moves_is_published_whole_as_its_next_revision(resolver: Resolver) -> None:
    await resolver.take(visit(1), known(2, "ada", anonymous_id="b"), visit(5))
    emits = await resolver.take(known(4, "bob", anonymous_id="b"))
    (moved,) = [d for e in emits if isinstance(d := e.event.data, Touchpoint) and d.revision == 2]
    assert moved.id == event_id(5)
    assert resolver.believed().cards[str(moved.person_id)].emails == ("bob@example.com",)


async def test_a_browser_that_stops_being_shared_takes_its_events_home(resolver: Resolver) -> None:
    aliased: dict[str, Any] = {"of": "alias", "previous_id": "b"}
    await resolver.take(
        happened(1, at=1, trusted=True, anonymous_id="b"), happened(2, "identify", trusted=True, user_id="u1")
    )
    await resolver.take(happened(3, at=3, user_id="u1", **aliased))
    await resolver.take(happened(4, at=4, trusted=True, user_id="u2", **aliased))
    assert resolver.believed().belongings() == {ids(1, 3, 4), ids(2)}


async def test_who_stands_behind_somebody_who_leaves_stays_with_whom_they_belong(resolver: Resolver) -> None:
    for number, name in enumerate(("ada", "bob", "eve"), 1):
        await resolver.take(known(number, name, trusted=False))
    # Eve is taken for Bob, does something as Bob, and both are taken for Ada.
    for number, name, user in ((4, "bob", "x"), (5, "eve", "x"), (6, "eve", None), (7, "ada", "x")):
        await resolver.take(
            happened(number, "identify", at=number, user_id=user, traits={"email": f"{name}@example.com"})
        )
    # The back end says that Ada and Eve are another user than the one a browser took all three for.
    await resolver.take(known(8, "ada", user_id="y"), known(9, "eve", user_id="y"))
    believed = resolver.believed()
    assert believed.belongings() == await resolver.on_record()
    assert believed.emails() == {frozenset({"ada@example.com", "eve@example.com"}), frozenset({"bob@example.com"})}
    assert {person for person in believed.belongings() if event_id(3) in person} == {ids(1, 3, 6, 8, 9)}


async def test_a_split_is_told_and_gives_everybody_their_own_back(resolver: Resolver) -> None:
    await resolver.take(known(1, "ada", trusted=False), known(2, "bob", trusted=False))
    await resolver.take(known(3, "ada", trusted=False, user_id="x"), known(4, "bob", trusted=False, user_id="x"))
    assert resolver.believed().belongings() == {ids(1, 2, 3, 4)}
    emits = await resolver.take(known(5, "bob", user_id="y"))
    assert [type(e.event.data) for e in emits].count(PersonSplit) == 1
    assert resolver.believed().belongings() == {ids(1, 3, 4), ids(2, 5)} == await resolver.on_record()


async def test_the_contacts_of_a_deal_become_people_with_their_roles(resolver: Resolver) -> None:
    await resolver.take(known(1, "ada"))
    await resolver.take(deal(2, "ada", "bob"))
    believed = resolver.believed()
    assert believed.on_deals() == {"d": {frozenset({"ada@example.com"}), frozenset({"bob@example.com"})}}
    assert {person.role for person in believed.deals["d"].people} == {"buyer"}


async def test_the_number_that_a_crm_calls_somebody_by_is_the_same_in_traits_and_on_a_deal(resolver: Resolver) -> None:
    known_by = {"email": "ada@example.com", "crm_contact_id": 12345.0}
    await resolver.take(happened(1, "identify", trusted=True, user_id="u", traits=known_by))
    sold = deal(2)
    assert isinstance(sold, CollectedDeal)
    await resolver.take(structs.replace(sold, contacts=(DealContact(crm_contact_id="12345"),)))
    assert resolver.believed().on_deals() == {"d": {frozenset({"ada@example.com"})}}


@pytest.mark.parametrize(
    ("of", "kept"), [("page", {"category": "Docs"}), ("screen", {"category": "Docs"}), ("track", {})]
)
async def test_the_category_of_a_page_is_one_of_its_properties(
    resolver: Resolver, of: CallType, kept: dict[str, str]
) -> None:
    await resolver.take(happened(1, of, anonymous_id="b", name="Case study", category="Docs"))
    (touchpoint,) = resolver.believed().touchpoints.values()
    assert touchpoint.properties == kept


async def test_an_older_version_of_a_deal_changes_nothing_however_late_it_comes(resolver: Resolver) -> None:
    await resolver.take(deal(1, "ada", version=2))
    assert [e for e in await resolver.take(deal(2, "bob", version=1)) if e.topic == "deals"] == []


async def test_a_deal_is_told_again_when_somebody_on_it_turns_out_to_be_two(resolver: Resolver) -> None:
    await resolver.take(known(1, "ada", trusted=False, user_id="x"), known(2, "bob", trusted=False, user_id="x"))
    await resolver.take(deal(3, "bob"))
    assert resolver.believed().on_deals() == {"d": {frozenset({"ada@example.com", "bob@example.com"})}}
    await resolver.take(known(4, "bob", user_id="y"))
    assert resolver.believed().on_deals() == {"d": {frozenset({"bob@example.com"})}}


async def test_a_card_is_told_only_where_it_says_something_new(resolver: Resolver) -> None:
    await resolver.take(known(1, "ada"))
    emits = await resolver.take(known(2, "ada"))
    assert not [emit for emit in emits if isinstance(emit.event.data, PersonIdentified)]


async def test_of_a_trait_the_latest_in_event_time_holds_whatever_arrives_last(resolver: Resolver) -> None:
    def says(number: int, title: str) -> Collected:
        return happened(number, "identify", at=number, trusted=True, user_id="u", traits={"title": title})

    await resolver.take(says(2, "new"))
    await resolver.take(says(1, "old"))
    (card,) = resolver.believed().cards.values()
    assert card.traits["title"] == "new"


async def test_the_same_batch_worked_again_says_the_same_under_the_same_ids(resolver: Resolver) -> None:
    batch = [visit(1), known(2, "ada", anonymous_id="b"), deal(3, "ada")]
    once = await resolver.take(*batch)
    await resolver.forget()
    assert await resolver.take(*batch) == once


async def test_what_an_operator_withdraws_claims_no_events_of_a_shared_browser(resolver: Resolver) -> None:
    claims = [known(number, name, anonymous_id="b") for number, name in ((2, "ada"), (4, "bob"), (6, "eve"))]
    await resolver.take(visit(1), visit(3), visit(5), visit(7), *claims)
    assert resolver.believed().belongings() == {ids(1, 2, 3), ids(4, 5), ids(6, 7)}
    named = by_strength(map(identifier, ("email:bob@example.com", "anonymous_id:b")))
    await resolver.decide(OperatorAct("split", named, NOW, "ops"))
    assert resolver.believed().belongings() == {ids(1, 2, 3, 5), ids(4), ids(6, 7)} == await resolver.on_record()
