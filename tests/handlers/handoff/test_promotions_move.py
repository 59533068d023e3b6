"""What somebody qualified by turns out to be somebody else's act: the hand-off is of whoever owns it, in any order."""

import asyncio
from collections.abc import Sequence
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from msgspec import Struct, structs

from shared.contracts.touchpoints import PersonErased
from tests.handlers.handoff.crm import Crm
from tests.handlers.handoff.scene import Scene, deal, ident, merged, qualified, scene, split, stages
from tests.handlers.handoff.test_consent import says
from tests.handlers.handoff.test_order_of_arrival import one_by_one, qualify

ANA = qualified("ana", "demo")
BO = structs.replace(qualified("bo", "demo"), revision=2)
BACK = structs.replace(ANA, revision=3)
OTHER = qualified("bo")
NO_MORE = stages("ana", 2, "lead", promotions=())
BOS = stages("bo", 1, "mql", promotions=("demo",))


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def store(request: pytest.FixtureRequest) -> str | None:
    """Each store there is."""
    return None if request.param == "sqlite" else str(request.getfixturevalue("postgres_url"))


async def whose(here: Scene) -> list[tuple[str, str, Any]]:
    """Whose each hand-off is, where it stands and why."""
    names = {ident(name): name for name in ("ana", "bo")}
    return sorted((names[one["person_id"]], one["status"], one.get("reason")) for one in await here.handoffs())


@pytest.mark.parametrize("facts", list(permutations([ANA, BO, NO_MORE, BOS])))
async def test_it_is_of_the_owner_in_any_order(here: Scene, facts: Sequence[Struct]) -> None:
    await one_by_one(here, facts)
    assert await whose(here) == [("bo", "assigned", None)]


@pytest.mark.parametrize("together", [False, True])
async def test_the_last_of_several_owners_has_it(tmp_path: Path, store: str | None, together: bool) -> None:
    facts = [BACK, ANA, BO]
    async with scene(tmp_path, store) as here:
        await (here.happens(*facts) if together else one_by_one(here, facts))
        assert await whose(here) == [("ana", "assigned", None)]
        await one_by_one(here, [structs.replace(BO, revision=4), *facts])
        assert await whose(here) == [("bo", "assigned", None)]


async def test_what_sales_did_goes_with_it(here: Scene) -> None:
    await here.happens(ANA)
    [handoff] = await here.handoffs()
    await here.ask("POST", f"/v1/handoffs/{handoff['id']}/accept")
    await here.happens(BO)
    [after] = await here.handoffs(f"?person_id={ident('bo')}")
    assert (after["id"], after["status"], after["accepted_at"]) == (handoff["id"], "accepted", handoff["assigned_at"])
    assert await here.handoffs(f"?person_id={ident('ana')}") == []
    await here.ask("POST", f"/v1/handoffs/{handoff['id']}/reject", {"reason": "no-budget"})
    await here.happens(BACK)
    assert await whose(here) == [("ana", "rejected", "no-budget")]


async def test_crms_are_told_once_whose_it_is(here: Scene, receiver: Crm) -> None:
    await here.listens(receiver, "/hook", "handoff.updated", "lead.qualified")
    await here.happens(ANA)
    await here.deliveries_go_out()
    await one_by_one(here, [BO, BO])
    await here.deliveries_go_out()
    told = [(one.type, one.data["person"]["id"], one.data.get("reason")) for one in receiver.received]
    assert told == [("lead.qualified", ident("ana"), None), ("handoff.updated", ident("bo"), None)]


async def test_crms_are_told_that_it_holds_again_of_somebody_else(here: Scene, receiver: Crm) -> None:
    await here.listens(receiver, "/hook", "handoff.updated")
    await one_by_one(here, [ANA, NO_MORE, BOS, BO, stages("bo", 2, "lead", promotions=("demo",))])
    await here.deliveries_go_out()
    told = sorted((one.data["version"], one.data["person"]["id"], one.data["reason"]) for one in receiver.received)
    assert [one[1:] for one in told] == [
        (ident("bo"), "no_longer_qualified"), (ident("bo"), "qualified_again"), (ident("bo"), "no_longer_qualified")
    ]  # fmt: skip


@pytest.mark.parametrize("facts", list(permutations([ANA, BO, OTHER])))
async def test_whoever_gets_it_has_one_open_hand_off(here: Scene, facts: Sequence[Struct]) -> None:
    await one_by_one(here, facts)
    assert [one for one in await whose(here) if one[2] != "merged"] == [("bo", "assigned", None)]


@pytest.mark.parametrize("facts", list(permutations([ANA, BO, qualified("ana", "again", cycle=2)])))
async def test_whoever_loses_it_is_handed_over_by_what_is_theirs(here: Scene, facts: Sequence[Struct]) -> None:
    await one_by_one(here, facts)
    assert await whose(here) == [("ana", "assigned", None), ("bo", "assigned", None)]


@pytest.mark.parametrize("facts", list(permutations([ANA, BO, merged("bo", into="ana"), split("bo")])))
async def test_merges_and_splits_on_the_way_decide_nothing(here: Scene, facts: Sequence[Struct]) -> None:
    await one_by_one(here, facts)
    assert await whose(here) == [("bo", "assigned", None)]


async def test_a_deal_of_the_one_who_had_it_ends_it_no_more(here: Scene) -> None:
    await here.happens(ANA)
    await qualify(here, "ana")
    won = deal("ana", "won", 1, here.now)
    await one_by_one(here, [won, BO])
    assert await whose(here) == [("bo", "qualified", None)]
    await here.happens(BACK)
    assert await whose(here) == [("ana", "closed", "won")]


@pytest.mark.parametrize("facts", list(permutations([says(False, 2, "bo"), BO])))
async def test_whoever_refuses_is_not_in_sales_hands_by_it(here: Scene, facts: Sequence[Struct]) -> None:
    await one_by_one(here, [ANA, *facts])
    assert await whose(here) == [("bo", "closed", "consent")]


async def test_it_goes_on_where_only_the_one_who_had_it_refuses(here: Scene) -> None:
    await one_by_one(here, [ANA, says(False, 2), BO])
    assert await whose(here) == [("bo", "assigned", None)]


async def test_it_goes_on_where_the_one_who_had_it_was_erased(here: Scene) -> None:
    erased = PersonErased(erasure_id=ident("erasure"), person_id=ident("ana"), aliases=(), at=1)
    await one_by_one(here, [ANA, erased, BO])
    assert await whose(here) == [("bo", "assigned", None)]


async def test_an_answer_to_what_was_on_its_way_meanwhile_delivers_it(here: Scene, receiver: Crm) -> None:
    receiver.held = asyncio.Event()
    await here.listens(receiver, "/slow", "lead.qualified")
    await here.happens(ANA)
    await here.parts.deliver.due(here.now)
    await here.happens(BO)
    receiver.held.set()
    await here.parts.deliver.finish()
    [handoff] = await here.handoffs()
    assert handoff["delivered_at"] is not None


async def test_a_card_that_allows_it_since_counts_more_than_an_older_refusal(here: Scene) -> None:
    allowed = structs.replace(BO, card=says(True, 3, "bo"))
    await one_by_one(here, [ANA, says(False, 2, "bo"), allowed])
    assert await whose(here) == [("bo", "assigned", None)]
