"""Leads come, and each has one owner, one hand-off and one message."""

from msgspec import structs

from services.handoff.domain.delivery import Outcome
from services.handoff.ports import Answered
from shared.contracts.touchpoints import AccountRef
from tests.handlers.handoff.crm import Crm
from tests.handlers.handoff.scene import MONDAY, Scene, deal, ident, merged, qualified, sales_act, stages


async def test_a_qualified_lead_is_assigned_and_delivered_once(here: Scene, receiver: Crm) -> None:
    await here.listens(receiver)
    await here.happens(qualified("ana"))
    await here.deliveries_go_out()
    await here.deliveries_go_out()
    [handoff] = await here.handoffs()
    assert handoff["delivered_at"] is not None
    assert [one.type for one in receiver.received] == ["lead.qualified"]
    assert receiver.received[0].data["person"]["emails"] == ["ana@example.test"]
    assert receiver.received[0].data["handoff_id"] == handoff["id"]
    assert await here.acts() == ["assigned", "delivered"]


async def test_the_message_names_the_current_account_of_the_lead(here: Scene, receiver: Crm) -> None:
    await here.listens(receiver)
    lead = qualified("ana")
    accounts = (AccountRef(id="crm-7", domain="acme.com"), AccountRef(id="old.com", domain="old.com"))
    told = structs.replace(lead, card=structs.replace(lead.card, accounts=accounts), account={"name": "Acme"})
    await here.happens(told)
    await here.deliveries_go_out()
    assert receiver.received[0].data["account"] == {"id": "crm-7", "name": "Acme", "domain": "acme.com"}


async def test_the_same_promotion_again_is_the_same_hand_off(here: Scene, receiver: Crm) -> None:
    await here.listens(receiver)
    await here.happens(qualified("ana"), qualified("ana"))
    await here.happens(qualified("ana"))
    await here.deliveries_go_out()
    assert len(await here.handoffs()) == 1
    assert await here.acts() == ["assigned", "delivered"]
    assert len(receiver.received) == 1


async def test_a_second_promotion_of_a_person_with_an_open_hand_off_updates_it(here: Scene, receiver: Crm) -> None:
    await here.listens(receiver)
    await here.happens(qualified("ana"), qualified("ana", "again", cycle=2))
    await here.happens(qualified("ana", "again", cycle=2))
    await here.deliveries_go_out()
    [handoff] = await here.handoffs()
    assert handoff["version"] == 3
    assert (await here.acts())[:2] == ["assigned", "updated"]
    assert sorted(one.type for one in receiver.received) == ["handoff.updated", "lead.qualified"]


async def test_a_promotion_after_a_rejection_is_a_new_hand_off(here: Scene) -> None:
    await here.happens(qualified("ana"))
    [first] = await here.handoffs()
    await here.ask("POST", f"/v1/handoffs/{first['id']}/reject", {"reason": "bad-timing"})
    await here.happens(qualified("ana", "again", cycle=2))
    assert [one["status"] for one in await here.handoffs()] in (["rejected", "assigned"], ["assigned", "rejected"])


async def test_of_two_open_hand_offs_of_people_who_merge_the_older_stays(here: Scene, receiver: Crm) -> None:
    await here.listens(receiver, "/hook", "person.merged")
    await here.happens(qualified("ana"))
    here.pass_time(60)
    await here.happens(qualified("ann"))
    older, younger = await here.handoffs()
    await here.happens(merged("ann", into="ana"))
    await here.happens(merged("ann", into="ana"))
    await here.deliveries_go_out()
    kept, closed = await here.handoffs(f"?person_id={ident('ann')}")
    assert (kept["id"], kept["status"]) == (older["id"], "assigned")
    assert (closed["id"], closed["status"], closed["reason"]) == (younger["id"], "closed", "merged")
    assert [one.data["closed_handoff_id"] for one in receiver.received] == [younger["id"]]
    assert closed["person_id"] == ident("ana")


async def test_people_of_whom_no_crm_has_heard_merge_silently(here: Scene, receiver: Crm) -> None:
    await here.listens(receiver)
    await here.happens(merged("ann", into="ana"))
    await here.deliveries_go_out()
    assert receiver.received == []


async def test_a_promotion_that_a_late_fact_takes_back_is_told_once(here: Scene, receiver: Crm) -> None:
    await here.listens(receiver, "/hook", "handoff.updated")
    await here.happens(qualified("ana"), stages("ana", 1, "lead", "mql"))
    await here.happens(stages("ana", 2, "lead"))
    await here.happens(stages("ana", 3, "subscriber", "lead"))
    await here.deliveries_go_out()
    assert [(one.data["reason"], one.data["stage"]) for one in receiver.received] == [("no_longer_qualified", "lead")]


async def test_a_call_by_sales_is_a_contact_by_itself(here: Scene) -> None:
    await here.happens(qualified("ana"))
    here.pass_time(120)
    await here.happens(sales_act("ana", "call", here.now))
    await here.happens(sales_act("ana", "call", here.now))
    [handoff] = await here.handoffs()
    assert (handoff["status"], handoff["attempts"]) == ("contacted", 1)
    assert handoff["accepted_at"] is None


async def test_a_call_nobody_answered_or_from_before_is_no_contact(here: Scene) -> None:
    await here.happens(qualified("ana"))
    await here.happens(sales_act("ana", "call", MONDAY - 1), sales_act("ana", "call", MONDAY + 1, outcome="No answer"))
    assert [one["status"] for one in await here.handoffs()] == ["assigned"]


async def test_who_prospected_somebody_gets_them(here: Scene) -> None:
    for name in ("bo", "cai"):
        await here.ask("PUT", f"/v1/owners/{name}", {"name": name, "email": f"{name}@sales.test"})
    await here.happens(sales_act("ana", "prospected", MONDAY - 1, owner="CAI@sales.test"))
    await here.happens(qualified("ana"))
    [handoff] = await here.handoffs()
    detail = (await here.ask("GET", f"/v1/handoffs/{handoff['id']}")).json()
    assert (detail["owner"], detail["trail"][-1]["step"]) == ("cai", "prospected")


async def test_leads_go_round_by_weight_and_nobody_is_given_more_than_they_hold(here: Scene) -> None:
    await here.ask("PUT", "/v1/owners/sales-desk", {"name": "Desk", "weight": 0})
    await here.ask("PUT", "/v1/owners/bo", {"name": "Bo", "weight": 2})
    await here.ask("PUT", "/v1/owners/cai", {"name": "Cai", "weight": 1, "capacity": 2})
    await here.happens(*(qualified(f"p{number}") for number in range(6)))
    owners = [one["owner"] for one in await here.handoffs()]
    assert (owners.count("bo"), owners.count("cai")) == (4, 2)
    await here.happens(*(qualified(f"p{number}") for number in range(6, 9)))
    assert len(await here.handoffs("?owner=cai")) == 2


async def test_a_hand_off_nobody_answers_is_breached_once(here: Scene, receiver: Crm) -> None:
    await here.listens(receiver, "/hook", "handoff.sla_breached")
    await here.happens(qualified("ana"))
    here.pass_time(4 * 3600 + 1)
    breach = here.parts.breach.due
    assert [await breach(here.now), await breach(here.now)] == [1, 0]
    await here.deliveries_go_out()
    assert [one.data["promise"] for one in receiver.received] == ["accept"]
    assert await here.acts() == ["assigned", "sla_breached"]


async def test_a_later_answer_to_an_attempt_that_was_claimed_anew_is_passed_over(here: Scene, receiver: Crm) -> None:
    endpoint = await here.listens(receiver)
    await here.happens(qualified("ana"))
    [lost] = await here.parts.desk.claim({endpoint: 9}, here.now)
    here.pass_time(61)
    await here.deliveries_go_out()
    await here.parts.record([Answered(lost, Outcome(500), 0.0)])
    [handoff] = await here.handoffs()
    detail = (await here.ask("GET", f"/v1/handoffs/{handoff['id']}")).json()
    assert [(one["state"], one["attempts"]) for one in detail["deliveries"]] == [("delivered", 2)]


async def test_who_has_an_open_deal_with_somebody_gets_them(here: Scene) -> None:
    await here.ask("PUT", "/v1/owners/bo", {"name": "Bo", "email": "bo@sales.test", "weight": 0})
    await here.happens(deal("ana", "open", 1, MONDAY, owner="Bo@sales.test"))
    await here.happens(qualified("ana"))
    assert [one["owner"] for one in await here.handoffs()] == ["bo"]


async def test_a_qualified_hand_off_ends_with_its_deal_and_another_does_not(here: Scene) -> None:
    await here.happens(qualified("ana"), qualified("bo"))
    [ana] = await here.handoffs(f"?person_id={ident('ana')}")
    await here.ask("POST", f"/v1/handoffs/{ana['id']}/qualify")
    await here.happens(deal("ana", "won", 2, MONDAY + 1), deal("bo", "lost", 2, MONDAY + 1))
    await here.happens(deal("ana", "open", 1, MONDAY), deal("ana", "won", 2, MONDAY + 1))
    [ana], [bo] = [await here.handoffs(f"?person_id={ident(name)}") for name in ("ana", "bo")]
    assert (ana["status"], ana["reason"], bo["status"]) == ("closed", "won", "assigned")
    assert (await here.acts()).count("closed") == 1
