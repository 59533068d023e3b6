"""A refusal holds for whoever its person turns out to be, and goes away with them, in any order of arrival."""

from collections.abc import Sequence
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from msgspec import Struct, structs

from shared.contracts.touchpoints import PersonErased
from tests.handlers.handoff.crm import Crm
from tests.handlers.handoff.scene import Scene, deal, ident, merged, qualified, scene, split
from tests.handlers.handoff.test_consent import says
from tests.handlers.handoff.test_order_of_arrival import one_by_one

ANNS = qualified("ann")
MERGED, REFUSES, ALLOWS, SPLIT = merged("ann", into="ana"), says(False, 2), says(True, 3), split("ann")


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def store(request: pytest.FixtureRequest) -> str | None:
    """Each store there is."""
    return None if request.param == "sqlite" else str(request.getfixturevalue("postgres_url"))


async def whose(here: Scene) -> list[tuple[str, str, Any]]:
    """Whose each hand-off is, where it stands and why."""
    names = {ident(name): name for name in ("ana", "ann", "cleo")}
    shown = [(names.get(one["person_id"], ""), one["status"], one.get("reason")) for one in await here.handoffs()]
    return sorted(shown)


@pytest.mark.parametrize("facts", list(permutations([MERGED, REFUSES])))
async def test_who_is_merged_into_somebody_who_refuses_is_not_in_sales_hands(
    tmp_path: Path, store: str | None, facts: Sequence[Struct]
) -> None:
    async with scene(tmp_path, store) as here:
        await one_by_one(here, [ANNS, *facts])
        assert await whose(here) == [("ana", "closed", "consent")]


@pytest.mark.parametrize("facts", list(permutations([MERGED, REFUSES, SPLIT])))
@pytest.mark.parametrize("together", [False, True])
async def test_merge_then_split_leaves_who_never_refused_in_sales_hands(
    here: Scene, facts: Sequence[Struct], together: bool
) -> None:
    await here.happens(ANNS)
    await (here.happens(*facts) if together else one_by_one(here, facts))
    assert await whose(here) == [("ann", "assigned", None)]


@pytest.mark.parametrize("facts", list(permutations([MERGED, REFUSES, ALLOWS, SPLIT])))
async def test_so_it_does_where_it_is_allowed_again_meanwhile(here: Scene, facts: Sequence[Struct]) -> None:
    await one_by_one(here, [ANNS, *facts])
    assert await whose(here) == [("ann", "assigned", None)]


@pytest.mark.parametrize("facts", list(permutations([REFUSES, SPLIT])))
async def test_whose_hand_off_goes_on_by_a_split_is_held_against_their_refusal(
    here: Scene, facts: Sequence[Struct]
) -> None:
    await here.happens(ANNS)
    here.pass_time(60)
    await one_by_one(here, [qualified("ana"), MERGED, *facts])
    assert await whose(here) == [("ana", "closed", "consent"), ("ann", "assigned", None)]


@pytest.mark.parametrize("at", range(3))
async def test_who_refused_stays_out_of_sales_hands_whoever_they_were_taken_for(here: Scene, at: int) -> None:
    facts: list[Struct] = [MERGED, SPLIT]
    facts.insert(at, says(True, 3, "ann"))
    await one_by_one(here, [ANNS, says(False, 2, "ann"), *facts])
    assert await whose(here) == [("ann", "closed", "consent")]


async def test_allowing_it_brings_nothing_back_that_sales_was_told_of(here: Scene) -> None:
    await one_by_one(here, [ANNS, MERGED, REFUSES, ALLOWS])
    assert await whose(here) == [("ana", "closed", "consent")]


@pytest.mark.parametrize("at", range(3))
async def test_a_deal_that_was_won_meanwhile_ends_what_goes_on(here: Scene, at: int) -> None:
    facts: list[Struct] = [REFUSES, SPLIT]
    await one_by_one(here, [ANNS, MERGED])
    facts.insert(at, deal("ann", "won", 1, here.now))
    await one_by_one(here, facts)
    assert await whose(here) == [("ann", "closed", "won")]


@pytest.mark.parametrize("moves", [structs.replace(merged("ann", into="cleo"), version=3), SPLIT])
async def test_crms_are_told_that_it_goes_on(here: Scene, receiver: Crm, moves: Struct) -> None:
    await one_by_one(here, [ANNS, MERGED, REFUSES])
    await here.listens(receiver, "/hook", "handoff.updated")
    await here.happens(moves)
    await here.deliveries_go_out()
    [told] = receiver.received
    assert (told.data["status"], told.data["reason"]) == ("assigned", "split" if moves is SPLIT else None)


@pytest.mark.parametrize("facts", list(permutations([SPLIT, PersonErased(
    erasure_id=ident("erasure"), person_id=ident("ana"), aliases=(), at=1
)])))  # fmt: skip
async def test_it_goes_on_where_who_refused_is_erased(here: Scene, facts: Sequence[Struct]) -> None:
    await one_by_one(here, [ANNS, MERGED, REFUSES, *facts])
    assert await whose(here) == [("ann", "assigned", None)]


@pytest.mark.parametrize("facts", list(permutations([REFUSES, structs.replace(qualified("ana"), card=ALLOWS)])))
async def test_what_the_card_of_a_lead_says_holds_against_older_cards_whatever_came_first(
    here: Scene, facts: Sequence[Struct]
) -> None:
    await one_by_one(here, [*facts, merged("cleo", into="ana")])
    assert await whose(here) == [("ana", "assigned", None)]
