"""A promotion that comes while its person is in sales' hands waits for the end of that, and no end is missed for it."""

from collections.abc import Awaitable, Callable, Sequence
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from msgspec import Struct, structs

from services.handoff.store.tables import METADATA
from shared.contracts.deals import DealStatus
from shared.contracts.touchpoints import PersonErased
from shared.kernel.instant import HOUR
from tests.handlers.erasing import CANARY, cells, leaks
from tests.handlers.handoff.crm import Crm
from tests.handlers.handoff.scene import MONDAY, Scene, deal, ident, merged, qualified, scene, split
from tests.handlers.handoff.test_consent import says
from tests.handlers.handoff.test_order_of_arrival import one_by_one, qualify

MINUTE = 60_000
DEAL_ENDS: tuple[DealStatus, ...] = ("won", "lost")
WON, LOST = (deal("ana", status, 1, MONDAY + 30 * MINUTE) for status in DEAL_ENDS)
FIRST, AGAIN = qualified("ana"), qualified("ana", "again", cycle=2)
BEFORE_IT = structs.replace(AGAIN, at=MONDAY + 10 * MINUTE)
Step = Callable[[Scene], Awaitable[None]]


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def store(request: pytest.FixtureRequest) -> str | None:
    """Each store there is."""
    return None if request.param == "sqlite" else str(request.getfixturevalue("postgres_url"))


async def standing(here: Scene) -> list[tuple[int, str, Any]]:
    """The cycle of each hand-off, where it stands and why."""
    return sorted((one["cycle"], one["status"], one.get("reason")) for one in await here.handoffs())


def comes(fact: Struct) -> Step:
    async def step(here: Scene) -> None:
        await here.happens(fact)

    return step


async def sales_qualifies(here: Scene) -> None:
    await qualify(here, "ana")


@pytest.mark.parametrize("facts", list(permutations([AGAIN, WON])))
async def test_what_a_deal_had_ended_is_in_no_way(tmp_path: Path, store: str | None, facts: Sequence[Struct]) -> None:
    async with scene(tmp_path, store) as here:
        await here.happens(FIRST)
        await qualify(here, "ana")
        await one_by_one(here, facts)
        assert await standing(here) == [(1, "closed", "won"), (2, "assigned", None)]


@pytest.mark.parametrize("steps", list(permutations([comes(AGAIN), comes(LOST), sales_qualifies])))
async def test_nor_where_sales_says_late_that_there_was_something_to_sell(
    tmp_path: Path, store: str | None, steps: Sequence[Step]
) -> None:
    async with scene(tmp_path, store) as here:
        await here.happens(FIRST)
        for step in steps:
            await step(here)
        assert await standing(here) == [(1, "closed", "lost"), (2, "assigned", None)]


@pytest.mark.parametrize("facts", list(permutations([BEFORE_IT, WON])))
async def test_a_deal_has_answered_what_came_before_its_end(here: Scene, facts: Sequence[Struct]) -> None:
    await here.happens(FIRST)
    await qualify(here, "ana")
    await one_by_one(here, facts)
    assert await standing(here) == [(1, "closed", "won")]


async def test_it_is_handed_over_where_the_deal_turns_out_to_have_ended_before_it(here: Scene) -> None:
    earlier = structs.replace(WON, version=2, occurred_at=MONDAY + 5 * MINUTE)
    await here.happens(FIRST)
    await qualify(here, "ana")
    await one_by_one(here, [WON, BEFORE_IT, earlier])
    assert await standing(here) == [(1, "closed", "won"), (2, "assigned", None)]


async def test_sales_answers_what_waits_as_well(here: Scene) -> None:
    await here.happens(FIRST)
    here.pass_time(2 * HOUR)
    await here.happens(AGAIN)
    [handoff] = await here.handoffs()
    await here.ask("POST", f"/v1/handoffs/{handoff['id']}/reject", {"reason": "no-budget"})
    assert await standing(here) == [(1, "rejected", "no-budget")]
    await here.happens(qualified("ana", "once more", cycle=99_999))
    assert [one[1] for one in await standing(here)] == ["rejected", "assigned"]


@pytest.mark.parametrize("facts", list(permutations([AGAIN, WON, qualified("bo"), merged("bo", into="ana")])))
async def test_people_who_merge_have_one_at_a_time(here: Scene, facts: Sequence[Struct]) -> None:
    await here.happens(FIRST)
    await qualify(here, "ana")
    here.pass_time(1)
    await one_by_one(here, facts)
    shown = {one for one in await standing(here) if one[2] != "merged"}
    assert sorted(shown) == [(1, "closed", "won"), (2, "assigned", None)]


@pytest.mark.parametrize("facts", list(permutations([AGAIN, qualified("bo", "again too", cycle=3)])))
async def test_of_two_who_wait_it_is_the_turn_of_whoever_was_handed_over_first(
    here: Scene, facts: Sequence[Struct]
) -> None:
    await here.happens(FIRST)
    await qualify(here, "ana")
    here.pass_time(1)
    await here.happens(qualified("bo"))
    await one_by_one(here, [*facts, merged("bo", into="ana"), WON])
    shown = {one for one in await standing(here) if one[2] != "merged"}
    assert sorted(shown) == [(1, "closed", "won"), (2, "assigned", None)]


async def test_a_split_gives_each_what_waits_for_theirs(here: Scene) -> None:
    await here.happens(FIRST)
    await one_by_one(here, [merged("bo", into="ana"), qualified("bo"), split("bo")])
    assert {one["person_id"]: one["status"] for one in await here.handoffs()} == {
        ident("ana"): "assigned", ident("bo"): "assigned"
    }  # fmt: skip


async def test_a_deal_that_is_open_again_takes_the_second_hand_off_back(here: Scene) -> None:
    again = structs.replace(WON, version=2, status="open")
    await here.happens(FIRST)
    await qualify(here, "ana")
    await one_by_one(here, [AGAIN, WON, again])
    assert await standing(here) == [(1, "qualified", None), (2, "closed", "merged")]
    await here.happens(structs.replace(WON, version=3))
    assert await standing(here) == [(1, "closed", "won"), (2, "assigned", None)]


async def test_crms_get_what_is_known_by_then(here: Scene, receiver: Crm) -> None:
    await here.happens(FIRST)
    await qualify(here, "ana")
    await here.listens(receiver, "/hook", "lead.qualified")
    card = structs.replace(AGAIN.card, version=2, traits={"name": "Ana Lovelace"})
    await one_by_one(here, [AGAIN, card, WON])
    await here.deliveries_go_out()
    assert [(one.data["cycle"], one.data["person"]["name"]) for one in receiver.received] == [(2, "Ana Lovelace")]


async def test_whoever_refuses_meanwhile_is_not_handed_over(here: Scene) -> None:
    await here.happens(FIRST)
    await qualify(here, "ana")
    await one_by_one(here, [AGAIN, says(False, 2), WON])
    assert [one["status"] for one in await here.handoffs()] == ["closed"]


@pytest.mark.parametrize("whose", ["theirs", "an alias of theirs"])
async def test_nothing_that_waits_is_left_of_somebody_erased(tmp_path: Path, store: str | None, whose: str) -> None:
    lead = qualified(CANARY, "again", cycle=2, title=CANARY)
    erased = PersonErased(erasure_id=ident("erasure"), person_id=ident(CANARY), aliases=(), at=1)
    async with scene(tmp_path, store) as here:
        if whose == "theirs":
            await one_by_one(here, [qualified(CANARY), lead])
        else:
            taken = structs.replace(lead, person_id=ident("ana"))
            await one_by_one(here, [FIRST, merged("ana", into=CANARY), taken, split("ana")])
        async with here.parts.database.read() as reader:
            assert leaks(await cells(reader, METADATA))
        await here.happens(erased)
        async with here.parts.database.work() as work:
            await work.execute(METADATA.tables["outbox"].delete())
        async with here.parts.database.read() as reader:
            assert leaks(await cells(reader, METADATA)) == []
