"""A merge that is taken back: sales and CRMs have everything as if there had been none, and are told so."""

from collections.abc import Sequence

import pytest
from msgspec import Struct
from msgspec.structs import replace

from services.handoff.domain.lead import Status
from tests.handlers.handoff.crm import Crm
from tests.handlers.handoff.scene import Scene, ident, merged, qualified, split


async def two_people_merge(here: Scene) -> tuple[str, str]:
    """Ana, and a minute later Ann, are handed over; then Ann is taken for Ana. Their hand-offs, the older first."""
    await here.happens(qualified("ana"))
    here.pass_time(60)
    await here.happens(qualified("ann"))
    older, younger = await here.handoffs()
    await here.happens(merged("ann", into="ana"))
    return str(older["id"]), str(younger["id"])


async def states(here: Scene) -> dict[str, Status]:
    return {one["id"]: one["status"] for one in await here.handoffs()}


async def test_what_ended_with_a_merge_goes_on_where_it_stood(here: Scene) -> None:
    await here.happens(qualified("ana"))
    here.pass_time(60)
    await here.happens(qualified("ann"))
    older, younger = await here.handoffs()
    await here.ask("POST", f"/v1/handoffs/{younger['id']}/accept")
    await here.happens(merged("ann", into="ana"))
    assert await states(here) == {older["id"]: "assigned", younger["id"]: "closed"}
    await here.happens(split("ann"))
    assert await states(here) == {older["id"]: "assigned", younger["id"]: "accepted"}
    (handoff,) = await here.handoffs(f"?person_id={ident('ann')}")
    assert (handoff["person_id"], handoff.get("reason")) == (ident("ann"), None)


async def test_crms_are_told_of_both_sides_of_a_split_once(here: Scene, receiver: Crm) -> None:
    await here.listens(receiver, "/hook", "person.merged", "handoff.updated")
    older, younger = await two_people_merge(here)
    await here.happens(split("ann"))
    await here.happens(split("ann"))
    await here.deliveries_go_out()
    assert sorted(one.type for one in receiver.received) == ["handoff.updated", "handoff.updated", "person.merged"]
    told = [one.data for one in receiver.received if one.type == "handoff.updated"]
    assert {one["handoff_id"] for one in told} == {older, younger}
    assert {(one["status"], one["reason"]) for one in told} == {("assigned", "split")}


async def test_a_merge_and_a_split_of_one_batch_leave_everything_as_it_was(here: Scene) -> None:
    await here.happens(qualified("ana"), qualified("ann"))
    before = await states(here)
    await here.happens(merged("ann", into="ana"), split("ann"))
    assert await states(here) == before == dict.fromkeys(before, "assigned")


async def test_what_sales_ended_before_stays_ended(here: Scene) -> None:
    await here.happens(qualified("ana"), qualified("ann"))
    for one in await here.handoffs():
        await here.ask("POST", f"/v1/handoffs/{one['id']}/release")
    before = await states(here)
    await here.happens(merged("ann", into="ana"))
    await here.happens(split("ann"))
    assert await states(here) == before == dict.fromkeys(before, "recycled")


MOVES_ON = (split("ann"), replace(merged("eve", into="ann"), version=3))


@pytest.mark.parametrize("facts", [MOVES_ON, MOVES_ON[::-1]])
async def test_what_ended_with_a_merge_goes_on_where_the_other_turns_out_to_be_a_third(
    here: Scene, facts: Sequence[Struct]
) -> None:
    await here.happens(qualified("eve"))
    here.pass_time(60)
    await here.happens(qualified("ana"))
    await here.happens(merged("eve", into="ana"))
    await here.happens(merged("ann", into="ana"))
    for fact in facts:
        await here.happens(fact)
    (of_ana,) = await here.handoffs(f"?person_id={ident('ana')}")
    (of_ann,) = await here.handoffs(f"?person_id={ident('ann')}")
    assert (of_ana["status"], of_ann["status"]) == ("assigned", "assigned")
