"""Somebody is erased among the events: what is left does not depend on when, and nothing of theirs is in it."""

import asyncio
from collections.abc import Sequence
from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from services.ingest.domain.identity import Identifier
from services.ingest.domain.suppression import suppression_hash
from shared.contracts.deals import CollectedDeal, DealContact
from tests.handlers.ingest.resolver import Believer, Collected, Resolver, happened
from tests.properties.ingest.test_identity_resolving import EMAILS, MOMENTS, stories

MARK = "canary7f3a"
EMAIL = f"{MARK}@example.com"
NAMES: dict[str, Any] = {"user_id": f"user-{MARK}", "anonymous_id": f"browser-{MARK}", "traits": {"email": EMAIL}}
UNIVERSE = [
    *(Identifier("user_id", name) for name in ("u1", "u2", "u3")),
    *(Identifier("anonymous_id", name) for name in ("b1", "b2", "u1", "u2", "u3")),
    *(Identifier("user_id", name) for name in ("b1", "b2")),
    *(Identifier("email", f"{name}@example.com") for name in ("one", "two", "three")),
]
State = tuple[Any, ...]


@st.composite
def visits(draw: st.DrawFn) -> list[Collected]:
    """What somebody does who is called three things; each event names some of them, and says what they wrote."""
    named = draw(st.lists(st.tuples(MOMENTS, st.sets(st.sampled_from(sorted(NAMES)), min_size=1)), max_size=8))
    return [
        happened(500 + number, "identify", at=at, **{name: NAMES[name] for name in sorted(names)})
        for number, (at, names) in enumerate(named)
    ]


def _on_their_deal(event: Collected) -> Collected:
    """A deal with one more contact."""
    if not isinstance(event, CollectedDeal):
        return event
    return structs.replace(event, contacts=(*event.contacts, DealContact(email=EMAIL, role="buyer")))


async def _left(resolver: Resolver, events: Sequence[Collected], erased_at: int | None) -> State:
    """What is left of events that come one by one, somebody being erased on the way."""
    await resolver.forget()
    for place, event in enumerate(events):
        await resolver.take(event)
        if place == erased_at:
            await resolver.erase(next(iter(await _owners(resolver, f"email:{EMAIL}"))))
    believed, there = resolver.believed(), await resolver.on_record()
    assert there == believed.belongings()
    return there, believed.emails(), believed.on_deals()


async def _owners(resolver: Resolver, name: str) -> list[str]:
    async with resolver.database.read() as reader:
        return [await reader.scalar("SELECT person FROM identifiers WHERE id = :name", name=name)]


@settings(max_examples=60)
@given(stories(), visits(), st.randoms(use_true_random=False), st.data())
def test_whenever_somebody_is_erased_the_rest_is_as_if_they_had_never_come(
    resolver: Resolver, others: list[Collected], theirs: list[Collected], random: Random, data: st.DataObject
) -> None:
    both = [*map(_on_their_deal, others), *theirs]
    first = happened(499, "identify", **NAMES)
    shuffled = [first, *random.sample(both, len(both))]
    when = data.draw(st.integers(0, len(shuffled) - 1))

    left = asyncio.run(_left(resolver, shuffled, when))
    assert MARK not in asyncio.run(resolver.kept())
    assert left == asyncio.run(_left(resolver, _without(shuffled, theirs, first, others), None))


def _without(
    shuffled: Sequence[Collected], theirs: Sequence[Collected], first: Collected, others: Sequence[Collected]
) -> list[Collected]:
    """The same events without theirs, and deals as they were without them."""
    ids = {_id(one) for one in (*theirs, first)}
    plain = {_id(one): one for one in others}
    return [plain[_id(one)] for one in shuffled if _id(one) not in ids]


def _id(event: Collected) -> str:
    return event.event_id if isinstance(event, CollectedDeal) else event.id


@settings(max_examples=80)
@given(stories(), EMAILS, st.randoms(use_true_random=False))
def test_people_who_share_names_with_the_erased_keep_what_is_theirs(
    resolver: Resolver, events: list[Collected], email: str, random: Random
) -> None:
    shuffled = random.sample(events, len(events))
    half = len(shuffled) // 2

    async def erased() -> tuple[Believer, str, set[str]]:
        await resolver.forget()
        await resolver.take(*shuffled[:half])
        for person in await _owners(resolver, f"email:{email}"):
            if person is not None:
                await resolver.erase(person)
        for event in shuffled[half:]:
            await resolver.take(event)
        return resolver.believed(), await resolver.kept(), await _suppressed(resolver)

    believed, kept, suppressed = asyncio.run(erased())
    assert asyncio.run(resolver.on_record()) == believed.belongings()
    for member in UNIVERSE:
        if suppression_hash(b"", member) in suppressed:
            assert str(member) not in kept
            assert member.kind != "email" or member.value not in kept


async def _suppressed(resolver: Resolver) -> set[str]:
    async with resolver.database.read() as reader:
        return {row.hash for row in await reader.rows("SELECT hash FROM suppressed")}
