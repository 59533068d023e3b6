"""Whether a promotion stands, and in which cycle, is told by the last history of whoever it is of, whatever comes
first."""

from collections.abc import Sequence
from itertools import permutations

import pytest
from msgspec import Struct, structs

from tests.handlers.handoff.crm import Crm
from tests.handlers.handoff.scene import Scene, deal, merged, qualified, split, stages
from tests.handlers.handoff.test_order_of_arrival import one_by_one, qualify

ANA = qualified("ana")
AGAIN = qualified("ana", "again", cycle=2)
DEMO = ("ana qualifies",)
STANDS = stages("ana", 1, "lead", "mql")
LATER = stages("ana", 2, "mql", cycle=2)
TOGETHER = stages("bo", 2, "lead", promotions=DEMO, also=("ana",))


@pytest.fixture
async def crm(here: Scene, receiver: Crm) -> Crm:
    """A CRM that hears of updates."""
    await here.listens(receiver, "/hook", "handoff.updated")
    return receiver


async def heard(here: Scene, crm: Crm) -> list[str | None]:
    """The reasons a CRM was given, in the order in which they hold."""
    await here.deliveries_go_out()
    told = sorted((one.data["version"], one.data.get("reason")) for one in crm.received)
    return [reason for _, reason in told]


@pytest.mark.parametrize("facts", list(permutations([ANA, STANDS, merged("ana", into="bo"), TOGETHER])))
async def test_it_is_told_where_it_falls_while_people_merge(here: Scene, crm: Crm, facts: Sequence[Struct]) -> None:
    await one_by_one(here, facts)
    assert await heard(here, crm) == ["no_longer_qualified"]


@pytest.mark.parametrize(
    "facts",
    list(permutations([merged("ana", into="bo"), TOGETHER, split("ana"), stages("bo", 3, "lead", promotions=())])),
)
async def test_a_split_gives_it_back_as_it_stood(here: Scene, crm: Crm, facts: Sequence[Struct]) -> None:
    await one_by_one(here, [ANA, STANDS, *facts])
    told = [reason for reason in await heard(here, crm) if reason in ("no_longer_qualified", "qualified_again")]
    assert told in ([], ["no_longer_qualified", "qualified_again"])


@pytest.mark.parametrize("facts", list(permutations([ANA, STANDS, LATER])))
async def test_it_has_the_number_of_the_cycle_that_its_promotion_falls_into(
    here: Scene, crm: Crm, facts: Sequence[Struct]
) -> None:
    await one_by_one(here, facts)
    assert [one["cycle"] for one in await here.handoffs()] == [2]
    assert await heard(here, crm) in ([], ["no_longer_qualified", "qualified_again"])  # a number is no news


async def test_one_that_has_ended_has_it_too(here: Scene) -> None:
    await one_by_one(here, [ANA, STANDS, deal("ana", "won", 1, here.now), LATER])
    assert [(one["cycle"], one["status"]) for one in await here.handoffs()] == [(2, "closed")]


async def test_a_history_of_before_cycles_were_told_leaves_it_as_it_was(here: Scene) -> None:
    await one_by_one(here, [AGAIN, structs.replace(stages("ana", 1, "mql", promotions=["again"]), cycles={})])
    assert [one["cycle"] for one in await here.handoffs()] == [2]


async def test_a_history_of_before_a_merge_decides_nothing(here: Scene, crm: Crm) -> None:
    await one_by_one(here, [ANA, STANDS, stages("bo", 1, "lead", promotions=()), merged("ana", into="bo")])
    assert await heard(here, crm) == []


async def test_a_history_that_does_not_say_whose_ids_it_covers_decides_nothing(here: Scene, crm: Crm) -> None:
    await one_by_one(here, [ANA, STANDS, structs.replace(stages("ana", 2, "lead"), covers="", promotions={})])
    assert await heard(here, crm) == []


@pytest.mark.parametrize("again", [False, True])
async def test_one_that_waits_stands_for_the_one_before_it(here: Scene, crm: Crm, again: bool) -> None:
    stand = {ANA.promotion_id: False, AGAIN.promotion_id: again}
    await one_by_one(here, [ANA, STANDS, AGAIN, structs.replace(stages("ana", 2, "lead"), promotions=stand)])
    assert await heard(here, crm) == [None, *([] if again else ["no_longer_qualified"])]


async def test_it_is_told_of_a_hand_off_that_goes_on_again(here: Scene, crm: Crm) -> None:
    await one_by_one(here, [ANA, STANDS])
    await qualify(here, "ana")
    await one_by_one(here, [deal("ana", "won", 1, here.now), stages("ana", 2, "lead")])
    assert "no_longer_qualified" not in await heard(here, crm)
    await here.happens(deal("ana", "open", 2, here.now))
    assert (await heard(here, crm))[-1] == "no_longer_qualified"
