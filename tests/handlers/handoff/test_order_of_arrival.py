"""What sales did and how deals ended makes the same of a hand-off, in whatever order it becomes known."""

from collections.abc import Sequence
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from msgspec import Struct, json, structs

from services.handoff.ports import Kept
from services.handoff.store.tables import HANDOFFS
from shared.contracts.deals import DealPerson
from tests.handlers.handoff.crm import Crm
from tests.handlers.handoff.scene import (
    MONDAY,
    Scene,
    deal,
    ident,
    merged,
    qualified,
    sales_act,
    scene,
    split,
    stages,
)
from tests.handlers.handoff.test_consent import says

MINUTE = 60_000
CALL = sales_act("bo", "call", MONDAY + MINUTE)
SHOWN = ("status", "attempts", "contacted_at", "reason", "ended_at")


async def state(here: Scene, name: str = "ana") -> list[tuple[Any, ...]]:
    """Where the hand-offs stand that somebody was handed over by."""
    async with here.parts.database.read() as reader:
        rows = await reader.rows(HANDOFFS.select().where(HANDOFFS.c.person_id == ident(name)).order_by(HANDOFFS.c.id))
    of_them = [json.decode(row.body, type=Kept).handoff for row in rows]
    return [tuple(getattr(one, field) for field in SHOWN) for one in of_them]


async def one_by_one(here: Scene, facts: Sequence[Struct]) -> None:
    for fact in facts:
        await here.happens(fact)


async def qualify(here: Scene, name: str) -> None:
    """Sales says that there is something to sell."""
    for one in await here.handoffs(f"?person_id={ident(name)}"):
        answer = await here.ask("POST", f"/v1/handoffs/{one['id']}/qualify")
        assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("facts", list(permutations([CALL, merged("bo", into="ana")])))
async def test_a_call_counts_for_whoever_its_person_turns_out_to_be(here: Scene, facts: Sequence[Struct]) -> None:
    await here.happens(qualified("ana"))
    await one_by_one(here, facts)
    assert await state(here) == [("contacted", 1, MONDAY + MINUTE, None, None)]


@pytest.mark.parametrize("facts", list(permutations([CALL, structs.replace(CALL, revision=2, person_id=ident("ana"))])))
async def test_a_call_that_moves_counts_for_its_last_owner_alone(here: Scene, facts: Sequence[Struct]) -> None:
    await here.happens(qualified("ana"), qualified("bo"))
    await one_by_one(here, facts)
    assert await state(here, "ana") == [("contacted", 1, MONDAY + MINUTE, None, None)]
    assert await state(here, "bo") == [("assigned", 0, None, None, None)]


@pytest.mark.parametrize("at", [0, 1, 2])
async def test_a_merge_that_is_taken_back_gives_each_their_contacts(here: Scene, at: int) -> None:
    facts: list[Struct] = [merged("bo", into="ana"), split("bo")]
    facts.insert(at, CALL)
    await here.happens(qualified("ana"))
    here.pass_time(1)
    await here.happens(qualified("bo"))
    await one_by_one(here, facts)
    assert await state(here, "ana") == [("assigned", 0, None, None, None)]
    assert await state(here, "bo") == [("contacted", 1, MONDAY + MINUTE, None, None)]


async def test_crms_are_told_where_nobody_was_in_touch_after_all(here: Scene, receiver: Crm) -> None:
    await here.happens(qualified("bo"), CALL)
    await here.listens(receiver, "/hook", "handoff.updated")
    await here.happens(structs.replace(CALL, revision=2, withdrawn=True))
    await here.deliveries_go_out()
    assert await state(here, "bo") == [("assigned", 0, None, None, None)]
    assert [(one.data["status"], one.data["reason"]) for one in receiver.received] == [("assigned", None)]
    here.pass_time(4 * 3600 + 1)
    assert await here.parts.breach.due(here.now) == 1


async def test_what_sales_tells_itself_stays_whatever_touchpoints_show(here: Scene) -> None:
    await here.happens(qualified("bo"), CALL)
    here.pass_time(300)
    [handoff] = await here.handoffs()
    await here.ask("POST", f"/v1/handoffs/{handoff['id']}/contact", {"kind": "visit"})
    assert await state(here, "bo") == [("contacted", 2, MONDAY + MINUTE, None, None)]
    await here.happens(structs.replace(CALL, revision=2, withdrawn=True))
    assert await state(here, "bo") == [("contacted", 1, here.now, None, None)]


async def test_what_was_kept_before_contacts_were_told_apart_stays(here: Scene) -> None:
    await here.happens(qualified("bo"), CALL)
    [handoff] = await here.handoffs()
    await here.ask("POST", f"/v1/handoffs/{handoff['id']}/contact", {"kind": "visit"})
    async with here.parts.database.work() as work:
        body = json.decode(await work.scalar(HANDOFFS.select().with_only_columns(HANDOFFS.c.body)))
        del body["handoff"]["told"]
        await work.execute(HANDOFFS.update().values(body=json.encode(body)))
    await here.happens(merged("bo", into="ana"))
    assert [one[:2] for one in await state(here, "bo")] == [("contacted", 2)]


async def test_a_late_call_counts_for_what_was_turned_down_since_and_opens_nothing(here: Scene) -> None:
    await here.happens(qualified("bo"))
    here.pass_time(300)
    [handoff] = await here.handoffs()
    await here.ask("POST", f"/v1/handoffs/{handoff['id']}/reject", {"reason": "no-budget"})
    ended = here.now
    here.pass_time(60)
    await here.happens(CALL, sales_act("bo", "call", here.now))
    assert await state(here, "bo") == [("rejected", 1, MONDAY + MINUTE, "no-budget", ended)]


async def test_a_call_that_is_dated_ahead_is_a_contact_when_it_is_heard_of(here: Scene) -> None:
    await here.happens(qualified("bo"))
    await here.happens(structs.replace(CALL, occurred_at=MONDAY + 60 * MINUTE))
    assert await state(here, "bo") == [("contacted", 1, MONDAY + MINUTE, None, None)]


WON = deal("bo", "won", 1, MONDAY + 5 * MINUTE)
LOST = structs.replace(WON, status="lost", version=2)


@pytest.mark.parametrize("facts", list(permutations([WON, merged("bo", into="ana")])))
async def test_a_deal_ends_the_hand_off_of_whoever_its_person_turns_out_to_be(
    here: Scene, facts: Sequence[Struct]
) -> None:
    await here.happens(qualified("ana"))
    await qualify(here, "ana")
    await one_by_one(here, facts)
    assert await state(here) == [("closed", 0, None, "won", WON.occurred_at)]
    await here.happens(qualified("ana", "again", cycle=2))
    assert sorted(one["status"] for one in await here.handoffs()) == ["assigned", "closed"]


async def test_a_promotion_that_comes_with_the_end_of_the_deal_before_it_is_handed_over(here: Scene) -> None:
    await here.happens(qualified("bo"))
    await qualify(here, "bo")
    await here.happens(qualified("bo", "again", cycle=2), WON)
    assert sorted(one["status"] for one in await here.handoffs()) == ["assigned", "closed"]


async def test_a_deal_that_was_told_before_sales_qualified_ends_the_hand_off_as_well(here: Scene) -> None:
    await here.happens(qualified("bo"), LOST)
    assert await state(here, "bo") == [("assigned", 0, None, None, None)]
    await qualify(here, "bo")
    assert await state(here, "bo") == [("closed", 0, None, "lost", WON.occurred_at)]


@pytest.mark.parametrize("act", ["", "accept", "contact", "meeting"])
async def test_whoever_buys_is_no_lead_any_more_whatever_sales_had_said(here: Scene, receiver: Crm, act: str) -> None:
    await here.happens(qualified("bo"))
    [handoff] = await here.handoffs()
    if act:
        body = {"kind": "visit"} if act == "contact" else None
        assert (await here.ask("POST", f"/v1/handoffs/{handoff['id']}/{act}", body)).status_code == 200
    await here.listens(receiver, "/hook", "handoff.updated", "lead.qualified")
    await here.happens(WON)
    assert [(one[0], *one[3:]) for one in await state(here, "bo")] == [("closed", "won", WON.occurred_at)]
    await here.happens(qualified("bo", "again", cycle=2))
    assert sorted((one["cycle"], one["status"]) for one in await here.handoffs()) == [(1, "closed"), (2, "assigned")]
    await here.deliveries_go_out()
    told = sorted((one.type, one.data.get("status"), one.data.get("reason")) for one in receiver.received)
    assert told == [("handoff.updated", "closed", "won"), ("lead.qualified", None, None)]


async def test_a_deal_that_is_not_won_after_all_gives_the_lead_back_to_sales(here: Scene) -> None:
    await here.happens(qualified("bo"))
    await one_by_one(here, [WON, LOST])
    assert await state(here, "bo") == [("assigned", 0, None, None, None)]
    here.pass_time(4 * 3600 + 1)
    assert await here.parts.breach.due(here.now) == 1


OPEN = structs.replace(WON, status="open", version=3)


@pytest.mark.parametrize("facts", list(permutations([WON, LOST, OPEN])))
async def test_a_hand_off_follows_the_highest_version_of_its_deal(here: Scene, facts: Sequence[Struct]) -> None:
    await here.happens(qualified("bo"))
    await qualify(here, "bo")
    await one_by_one(here, facts)
    assert await state(here, "bo") == [("qualified", 0, None, None, None)]


async def test_a_deal_that_was_lost_and_not_won_ends_the_hand_off_as_lost(here: Scene) -> None:
    await here.happens(qualified("bo"))
    await qualify(here, "bo")
    await one_by_one(here, [WON, LOST])
    assert await state(here, "bo") == [("closed", 0, None, "lost", LOST.occurred_at)]
    assert (await here.acts())[-3:] == ["closed", "updated", "closed"]


async def test_a_deal_that_moves_lets_the_hand_off_of_whoever_was_on_it_go_on(here: Scene) -> None:
    await here.happens(qualified("ana"), qualified("bo"))
    await qualify(here, "ana")
    await qualify(here, "bo")
    await one_by_one(here, [WON, structs.replace(WON, revision=2, people=(DealPerson(person_id=ident("ana")),))])
    assert await state(here, "ana") == [("closed", 0, None, "won", WON.occurred_at)]
    assert await state(here, "bo") == [("qualified", 0, None, None, None)]


async def test_of_two_that_an_amended_deal_opens_the_older_stays(here: Scene, receiver: Crm) -> None:
    await here.happens(qualified("bo"))
    await qualify(here, "bo")
    await here.happens(WON)
    here.pass_time(600)
    await here.happens(qualified("bo", "again", cycle=2))
    await here.listens(receiver, "/hook", "handoff.updated")
    await here.happens(OPEN)
    await here.deliveries_go_out()
    assert [one["status"] for one in await here.handoffs()] == ["qualified", "closed"]
    assert [(one.data["status"], one.data["reason"]) for one in receiver.received] == [("closed", "merged")]


async def test_whoever_refuses_meanwhile_is_not_in_sales_hands_again(here: Scene) -> None:
    await here.happens(qualified("bo"))
    await qualify(here, "bo")
    await one_by_one(here, [WON, says(False, 2, "bo"), OPEN])
    assert [(one[0], one[3]) for one in await state(here, "bo")] == [("closed", "consent")]


async def test_what_sales_gave_back_stays_so_whatever_becomes_of_the_deal(here: Scene) -> None:
    await here.happens(qualified("bo"))
    await qualify(here, "bo")
    [handoff] = await here.handoffs()
    await here.ask("POST", f"/v1/handoffs/{handoff['id']}/release")
    before = await state(here, "bo")
    await one_by_one(here, [WON, OPEN])
    assert await state(here, "bo") == before


async def test_a_promotion_that_holds_again_is_told(here: Scene, receiver: Crm) -> None:
    await here.listens(receiver, "/hook", "handoff.updated")
    await here.happens(qualified("ana"), stages("ana", 1, "lead", "mql"))
    await one_by_one(here, [stages("ana", 2, "lead"), stages("ana", 3, "lead", "mql"), stages("ana", 2, "lead")])
    await one_by_one(here, [stages("ana", 4, "lead"), stages("ana", 5, "lead", "mql")])
    await here.deliveries_go_out()
    told = sorted((one.data["version"], one.data["reason"], one.data["stage"]) for one in receiver.received)
    again = [("no_longer_qualified", "lead"), ("qualified_again", "mql")]
    assert [one[1:] for one in told] == [*again, *again]


async def test_only_the_last_of_several_histories_is_heeded(here: Scene) -> None:
    await here.happens(qualified("ana"))
    await here.happens(stages("ana", 3, "lead", "mql"), stages("ana", 2, "lead"))
    assert await here.acts() == ["assigned"]


async def test_facts_are_followed_on_postgresql_too(tmp_path: Path, postgres_url: str) -> None:
    async with scene(tmp_path, postgres_url) as here:
        await here.happens(qualified("ana"), qualified("bo"))
        await qualify(here, "bo")
        await one_by_one(here, [CALL, WON, structs.replace(CALL, revision=2, person_id=ident("ana"))])
        assert await state(here, "ana") == [("contacted", 1, MONDAY + MINUTE, None, None)]
        assert await state(here, "bo") == [("closed", 0, None, "won", WON.occurred_at)]
        await here.happens(structs.replace(WON, revision=2, people=(DealPerson(person_id=ident("ana")),)))
        assert await state(here, "bo") == [("qualified", 0, None, None, None)]
