"""Whose a lead is does not hang on what came first: not of acts, not of merges and splits."""

import asyncio
from collections.abc import Sequence
from functools import cache, reduce
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from services.scoring.domain.facts import Outcome
from services.scoring.domain.owners import Handoff, heard, owner
from shared.contracts.envelope import Emit
from tests.handlers.scoring.at_scoring import acted, card, merged, opened, split, touch, who
from tests.properties.scoring.strategies import acts

NAMES = ("ana", "bo", "cleo")
HANDED_OVER = [event for name in NAMES for event in (card(name), touch(name, "demo_requested", 1))]
STORY = (
    acted("ana", "assigned", 1, 2, "dana"), acted("ana", "accepted", 2, 3, "dana"),
    acted("ana", "reassigned", 3, 5, "fay"), acted("bo", "assigned", 1, 3, "eli"), merged("bo", into="ana"),
    acted("bo", "closed", 2, 4, "eli", "merged"), acted("cleo", "assigned", 1, 3, "gil"), merged("cleo", into="ana"),
    acted("cleo", "closed", 2, 4, "gil", "merged"), split("cleo"), acted("cleo", "updated", 3, 6, "gil"),
    touch("ana", "page_viewed", 7), acted("ana", "rejected", 4, 8, "fay", "price"),
)  # fmt: skip
"""What came of three who were handed over: Bo was Ana all along, Cleo was not."""


def all_heard(found: Sequence[Outcome]) -> tuple[Handoff, ...]:
    return reduce(heard, found, ())


@given(acts, st.randoms(use_true_random=False))
def test_acts_in_any_order_and_any_number_of_times_say_the_same(found: list[Outcome], chance: Any) -> None:
    again = [*found, *found]
    chance.shuffle(again)
    assert all_heard(again) == all_heard(found)


@given(acts)
def test_the_owner_is_named_by_the_last_act_of_an_open_hand_off_if_there_is_one(found: list[Outcome]) -> None:
    last = {one.handoff_id: one for one in sorted(found, key=lambda one: one.version)}
    open_ones = {one.owner for one in last.values() if one.reason is None}
    assert owner(all_heard(found)) in (open_ones or {one.owner for one in last.values()} or {None})


@given(acts)
def test_of_two_open_hand_offs_the_older_decides(found: list[Outcome]) -> None:
    later = max((one.at for one in found), default=0) + 1
    newer = Outcome("h9/1", later, "assigned", handoff_id="h9", version=1, owner="somebody new")
    still_open = any(one.reason is None for one in all_heard(found))
    assert (owner(all_heard([newer, *found])) == "somebody new") is not still_open


async def owners(batches: Sequence[Sequence[Emit]]) -> dict[str, str | None]:
    """Whose everybody is after these batches."""
    with TemporaryDirectory() as folder:
        async with opened(Path(folder)) as scoring:
            await scoring.given(*HANDED_OVER)
            for batch in batches:
                await scoring.given(*batch)
            return {one["person_id"]: one["owner"] for one in (await scoring.get("/v1/leads"))["items"]}


@cache
def in_order() -> dict[str, str | None]:
    return asyncio.run(owners([[event] for event in STORY]))


def test_in_order_each_has_the_owner_of_their_own_hand_off() -> None:
    assert in_order() == {who("ana"): "fay", who("cleo"): "gil"}


@given(st.permutations(STORY), st.sets(st.integers(1, len(STORY) - 1), max_size=6))
@settings(max_examples=25)
def test_news_in_any_order_and_any_batches_gives_the_same_owners(events: list[Emit], cuts: set[int]) -> None:
    borders = [0, *sorted(cuts), len(events)]
    assert asyncio.run(owners([events[start:end] for start, end in pairwise(borders)])) == in_order()
