"""Somebody is erased: sales has them no more, CRMs are told by ids alone, and nothing of them is kept."""

from pathlib import Path

import pytest
from msgspec import Struct, structs

from services.handoff.store.tables import METADATA
from shared.contracts.touchpoints import PersonErased
from tests.handlers.erasing import CANARY, ERASURE, cells, leaks, receipts
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

QUALIFIED = qualified(CANARY)
PERSON = ident(CANARY)
ERASED = PersonErased(erasure_id=ERASURE, person_id=PERSON, aliases=(ident("bo"),), at=MONDAY)
CALL = sales_act(CANARY, "call", MONDAY, owner="lena@sales.example")


async def held(here: Scene) -> list[tuple[str, str]]:
    """What the store holds of the canary."""
    async with here.parts.database.read() as reader:
        return leaks(await cells(reader, METADATA))


async def test_an_open_hand_off_is_closed_and_the_crm_is_told_by_ids_alone(here: Scene, receiver: Crm) -> None:
    await here.listens(receiver)
    await here.happens(QUALIFIED)
    await here.deliveries_go_out()
    await here.happens(ERASED)
    await here.deliveries_go_out()
    [told] = receiver.of_type("handoff.updated")
    assert (told.data["status"], told.data["reason"], told.data["person"]) == ("closed", "erased", {"id": PERSON})
    assert set(told.data) == {"handoff_id", "version", "person", "status", "reason"}
    assert (await here.acts())[-1] == "closed"


async def test_a_delivery_that_waits_is_not_sent(here: Scene, receiver: Crm) -> None:
    await here.listens(receiver)
    await here.happens(QUALIFIED)
    await here.happens(ERASED)
    await here.deliveries_go_out()
    assert [one.type for one in receiver.received] == ["handoff.updated"]


async def test_no_table_holds_anything_of_somebody_erased(here: Scene, receiver: Crm) -> None:
    await here.listens(receiver)
    await here.happens(QUALIFIED, CALL, QUALIFIED.card, deal(CANARY, "open", 1, MONDAY))
    [handoff] = await here.handoffs()
    rejection = {"reason": "no-budget", "note": CANARY}
    answer = await here.ask("POST", f"/v1/handoffs/{handoff['id']}/reject", rejection, key="once")
    assert answer.status_code == 200, answer.text
    await here.deliveries_go_out()
    assert await held(here)
    await here.happens(ERASED)
    # The deal is the CRM's own: its id is what it calls it.
    assert [cell for _, cell in await held(here) if not cell.startswith("deal of")] == []


@pytest.mark.parametrize(
    "late", [QUALIFIED, CALL, QUALIFIED.card, merged(CANARY, "cleo"), stages(CANARY, 9, "mql"), merged("bo", CANARY)]
)
async def test_what_comes_late_brings_nobody_back(here: Scene, receiver: Crm, late: Struct) -> None:
    await here.listens(receiver)
    await here.happens(ERASED)
    await here.happens(late)
    await here.deliveries_go_out()
    assert (await here.handoffs(), receiver.received, await held(here)) == ([], [], [])


async def test_whatever_is_asked_of_somebody_erased_is_gone(here: Scene) -> None:
    await here.happens(QUALIFIED)
    [handoff] = await here.handoffs()
    await here.happens(ERASED)
    paths = (f"/v1/handoffs?person_id={PERSON}", f"/v1/handoffs/{handoff['id']}", f"/v1/people/{PERSON}/export")
    answers = [await here.ask("GET", path) for path in paths]
    answers.append(await here.ask("POST", f"/v1/handoffs/{handoff['id']}/accept"))
    assert [one.status_code for one in answers] == [410] * 4
    assert all(ERASURE in one.json()["detail"] for one in answers)


async def test_an_owner_keeps_their_turn_and_the_promises_what_they_count(here: Scene) -> None:
    for owner in ("lena", "mia"):
        await here.ask("PUT", f"/v1/owners/{owner}", {"name": owner, "email": f"{owner}@sales.example"})
    await here.happens(QUALIFIED)
    [handoff] = await here.handoffs()
    await here.happens(ERASED)
    here.pass_time(1)
    await here.happens(qualified("cleo"))
    first, second = await here.handoffs()
    assert (first["owner"], first["person_id"]) == (handoff["owner"], None)
    assert (first["assigned_at"], second["owner"] != first["owner"]) == (handoff["assigned_at"], True)


async def test_an_erasure_is_answered_once_with_what_went(here: Scene) -> None:
    await here.happens(QUALIFIED, CALL)
    await here.happens(ERASED)
    await here.happens(structs.replace(ERASED, at=MONDAY + 1))
    async with here.parts.database.read() as reader:
        [done] = await receipts(reader)
    removed = {one.store: one.removed for one in done.stores}
    assert (done.service, removed["handoffs"], removed["sales_acts"]) == ("handoff", 1, 1)


async def test_a_hand_off_that_had_ended_with_a_merge_is_not_opened_again_by_a_split(here: Scene) -> None:
    await here.happens(qualified("bo"), QUALIFIED)
    await here.happens(merged("bo", CANARY), merged("cleo", CANARY))
    await here.happens(ERASED)
    await here.happens(split("cleo"))
    assert {one["status"] for one in await here.handoffs()} == {"closed"}


async def test_what_a_hand_off_of_somebody_else_told_of_them_is_forgotten(here: Scene, receiver: Crm) -> None:
    await here.listens(receiver)
    await here.happens(qualified("cleo"), structs.replace(merged("cleo", "ana"), into_id=PERSON))
    await here.happens(QUALIFIED)
    await here.happens(split("cleo"))
    assert await held(here)
    await here.happens(ERASED)
    assert await held(here) == []
    assert [one["status"] for one in await here.handoffs(f"?person_id={ident('cleo')}")] == ["assigned"]


@pytest.mark.parametrize("ended", [False, True])
async def test_a_hand_off_forgets_what_turned_out_to_be_somebody_elses(here: Scene, ended: bool) -> None:
    await here.happens(lead := qualified("ana", title=CANARY))
    [handoff] = await here.handoffs()
    if ended:
        await here.ask("POST", f"/v1/handoffs/{handoff['id']}/release")
    await here.happens(structs.replace(lead.card, version=2, traits={}))
    assert await held(here) == []


async def test_an_erasure_holds_on_postgresql_too(tmp_path: Path, postgres_url: str) -> None:
    async with scene(tmp_path, postgres_url) as here:
        await here.happens(QUALIFIED, CALL)
        await here.happens(ERASED)
        await here.happens(QUALIFIED, CALL)
        assert [one["reason"] for one in await here.handoffs()] == ["erased"]
        assert await held(here) == []
