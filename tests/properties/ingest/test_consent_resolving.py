"""The consent of people, through the whole resolver: no order of arrival and no batch makes a difference."""

import asyncio
from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Raw, json

from tests.handlers.ingest.resolver import Collected, Resolver, happened

Consents = set[tuple[tuple[str, ...], tuple[tuple[str, bool], ...]]]
PURPOSES = ("analytics", "scoring", "sales_handoff", "advertising")
CHOSEN = st.none() | st.fixed_dictionaries(dict.fromkeys(PURPOSES, st.booleans()))
CALLS: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {"at": st.integers(0, 6), "anonymous_id": st.sampled_from(("b1", "b2")), "chosen": CHOSEN},
    optional={"user_id": st.sampled_from(("u1", "u2", "u3"))},
)


def said(number: int, chosen: dict[str, bool] | None, **call: Any) -> Collected:
    """An event that says what its sender had chosen, where they had."""
    if chosen is None:
        return happened(number, **call)
    return happened(number, context=Raw(json.encode({"consent": {"categoryPreferences": chosen}})), **call)


async def _consents(resolver: Resolver, events: list[Collected], random: Random | None = None) -> Consents:
    """Of each person in the end: what names them, and what they allow."""
    await resolver.forget()
    for event in random.sample(events, len(events)) if random else ():
        await resolver.take(event)
    if random is None:
        await resolver.take(*events)
    believed = resolver.believed()
    heads = [card for person_id, card in believed.cards.items() if believed.person(person_id) == person_id]
    return {((*card.user_ids, *card.anonymous_ids), tuple(sorted(card.consent.items()))) for card in heads}


@settings(max_examples=100)
@given(st.lists(CALLS, min_size=2, max_size=12), st.randoms(use_true_random=False))
def test_any_order_gives_every_person_the_same_consent(
    resolver: Resolver, calls: list[dict[str, Any]], random: Random
) -> None:
    events = [said(number, **call) for number, call in enumerate(calls, 1)]
    at_once = asyncio.run(_consents(resolver, events))
    assert asyncio.run(_consents(resolver, events, random)) == at_once


@given(st.booleans(), st.randoms(use_true_random=False))
def test_a_merge_never_revives_an_opt_out(resolver: Resolver, first: bool, random: Random) -> None:
    refuses = said(1, dict.fromkeys(PURPOSES, False), user_id="u1", at=1 if first else 5)
    allows = said(2, dict.fromkeys(PURPOSES, True), user_id="u2", at=3)
    joins = happened(3, "alias", trusted=True, user_id="u1", previous_id="u2", at=6)
    found = asyncio.run(_consents(resolver, [refuses, allows, joins], random))
    assert [dict(consent) for _, consent in found] == [dict.fromkeys(PURPOSES, False)]


def test_what_is_said_in_a_browser_of_two_people_speaks_for_neither(resolver: Resolver) -> None:
    ana, bo = (happened(number, user_id=user, anonymous_id="b1", at=number) for number, user in ((1, "u1"), (2, "u2")))
    refuses = said(3, dict.fromkeys(PURPOSES, False), anonymous_id="b1", at=3)
    found = asyncio.run(_consents(resolver, [ana, bo, refuses]))
    assert [consent for _, consent in found] == [(), ()]
