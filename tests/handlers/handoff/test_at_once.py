"""Two processes on one PostgreSQL: no lead has two owners, no owner too many, no delivery two senders."""

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

import httpx
import pytest
from msgspec import structs

from services.handoff.handlers import on_lead_qualified, on_touchpoint
from services.handoff.handlers.handing import Handing
from services.handoff.handlers.waiting import ALL_OWNERS
from shared.contracts.leads import LeadQualified
from shared.kernel.errors import NotLoaded
from shared.kernel.keys import Key
from shared.runtime.command import perform
from tests.handlers.handoff.crm import Crm
from tests.handlers.handoff.scene import MONDAY, Scene, ident, qualified, sales_act, scene
from tests.handlers.two_at_once import somebody_waits


async def hand_over(here: Scene, *leads: LeadQualified) -> None:
    """What a batch of a process does, past its log."""

    def take(session: Handing) -> None:
        for lead in leads:
            session.qualified(lead)

    people = {Key("person", lead.person_id) for lead in leads}
    keys = frozenset({ALL_OWNERS, *people, *(Key("promotion", lead.promotion_id) for lead in leads)})
    await perform(
        here.parts.database,
        here.parts.open_session,
        keys,
        take,
        now=lambda: here.now,
        committed=lambda: None,
    )


async def owners_with_room_for_one(here: Scene, *names: str) -> None:
    """Owners who take one lead each; whatever is left goes to the desk."""
    await here.ask("PUT", "/v1/owners/sales-desk", {"name": "Desk", "weight": 0})
    for name in names:
        assert (await here.ask("PUT", f"/v1/owners/{name}", {"name": name, "capacity": 1})).status_code == 200


async def test_fifty_leads_at_once_find_no_owner_beyond_capacity(tmp_path: Path, postgres_url: str) -> None:
    async with scene(tmp_path, postgres_url) as one, scene(tmp_path, postgres_url) as two:
        await owners_with_room_for_one(one, "bo", "cai", "dee")
        leads = [qualified(f"p{number}") for number in range(50)]
        await asyncio.gather(*(hand_over(here, lead) for lead in leads for here in (one, two)))
        owners = [handoff["owner"] for handoff in await one.handoffs()]
        assert len(owners) == 50
        assert [owners.count(name) for name in ("bo", "cai", "dee", "sales-desk")] == [1, 1, 1, 47]


async def test_promotions_of_one_person_at_once_are_one_open_hand_off(tmp_path: Path, postgres_url: str) -> None:
    async with scene(tmp_path, postgres_url) as one, scene(tmp_path, postgres_url) as two:
        leads = [qualified("ana", f"promotion {number}") for number in range(10)]
        await asyncio.gather(*(hand_over(here, lead) for lead in leads for here in (one, two)))
        [handoff] = await one.handoffs(f"?person_id={ident('ana')}")
        assert handoff["version"] == 10


@pytest.mark.parametrize("first", [0, 1])
async def test_two_revisions_of_a_call_at_once_count_for_the_last_owner_alone(
    tmp_path: Path, postgres_url: str, first: int
) -> None:
    async with scene(tmp_path, postgres_url) as here:
        await here.happens(qualified("ana"), qualified("bo"))
        call = sales_act("bo", "call", MONDAY + 60_000)
        begun: list[tuple[AsyncExitStack, Handing]] = []
        for revision in (call, structs.replace(call, revision=2, person_id=ident("ana"))):
            transaction = AsyncExitStack()
            work = await transaction.enter_async_context(here.parts.database.work())
            session = await here.parts.open_session(work, frozenset(on_touchpoint.keys(revision)), here.now)
            on_touchpoint.on_touchpoint(revision, session)
            begun.append((transaction, session))
        winner, loser = begun[first], begun[1 - first]
        await winner[1].close()
        await winner[0].aclose()
        with pytest.raises(NotLoaded):
            async with loser[0]:
                await loser[1].close()
        # It is redone, and sees what the other has left.
        await here.happens(call, structs.replace(call, revision=2, person_id=ident("ana")))
        [ana], [bo] = [await here.handoffs(f"?person_id={ident(name)}") for name in ("ana", "bo")]
        assert (ana["status"], bo["status"]) == ("contacted", "assigned")


@pytest.mark.parametrize("first", [0, 1])
async def test_a_promotion_said_of_two_people_at_once_is_of_the_last(
    tmp_path: Path, postgres_url: str, first: int
) -> None:
    told = qualified("ana", "demo"), structs.replace(qualified("bo", "demo"), revision=2)
    async with scene(tmp_path, postgres_url) as here:
        await here.happens(qualified("cai"))  # Owners are there by now: to make them is a lock by itself.
        async with here.parts.database.work() as work:
            leading = await here.parts.open_session(work, frozenset(on_lead_qualified.keys(told[first])), here.now)
            leading.qualified(told[first])
            await leading.close()
            following = asyncio.create_task(hand_over(here, told[1 - first]))
            async with asyncio.timeout(20):
                while not await somebody_waits(here.parts.database):
                    continue
        await following
        whose = {handoff["person_id"] for handoff in await here.handoffs()}
        assert whose == {ident("bo"), ident("cai")}


async def test_an_act_finds_a_hand_off_that_becomes_somebody_elses_at_this_moment(
    tmp_path: Path, postgres_url: str
) -> None:
    theirs = structs.replace(qualified("bo", "demo"), revision=2)
    async with scene(tmp_path, postgres_url) as here:
        await here.happens(qualified("ana", "demo"))
        [handoff] = await here.handoffs()
        async with here.parts.database.work() as work:
            moving = await here.parts.open_session(work, frozenset(on_lead_qualified.keys(theirs)), here.now)
            moving.qualified(theirs)
            await moving.close()
            accepting = asyncio.create_task(here.ask("POST", f"/v1/handoffs/{handoff['id']}/accept"))
            async with asyncio.timeout(20):
                while not await somebody_waits(here.parts.database):
                    continue
        assert (await accepting).status_code == 200
        assert [(one["person_id"], one["status"]) for one in await here.handoffs()] == [(ident("bo"), "accepted")]


async def test_two_workers_send_each_delivery_once(tmp_path: Path, postgres_url: str, receiver: Crm) -> None:
    async with scene(tmp_path, postgres_url) as one, scene(tmp_path, postgres_url) as two:
        await one.listens(receiver)
        await hand_over(one, *(qualified(f"p{number}") for number in range(60)))
        async with asyncio.timeout(20):
            while any(not handoff["delivered_at"] for handoff in await one.handoffs()):
                await asyncio.gather(one.deliveries_go_out(), two.deliveries_go_out())
        ids = [message.webhook_id for message in receiver.received]
        assert len(ids) == len(set(ids)) == 60
        assert (await one.acts()).count("delivered") == 60


async def test_one_act_at_once_from_two_processes_is_done_once(tmp_path: Path, postgres_url: str) -> None:
    async with scene(tmp_path, postgres_url) as one, scene(tmp_path, postgres_url) as two:
        await hand_over(one, qualified("ana"))
        [handoff] = await one.handoffs()
        path = f"/v1/handoffs/{handoff['id']}/accept"

        async def accept(here: Scene, key: str) -> httpx.Response:
            return await here.ask("POST", path, {}, key)

        answers = await asyncio.gather(*(accept(here, f"key {n}") for n in range(4) for here in (one, two)))
        statuses = sorted(answer.status_code for answer in answers)
        assert statuses == [200] * 2 + [409] * 6
        assert (await one.acts()).count("accepted") == 1


@pytest.mark.parametrize("path", ["/v1/handoffs/x", "/v1/endpoints/x", "/v1/endpoints/x/deliveries"])
async def test_what_is_no_id_is_no_failure_of_the_store(tmp_path: Path, postgres_url: str, path: str) -> None:
    async with scene(tmp_path, postgres_url) as here:
        assert (await here.ask("GET", path)).status_code == 404
        assert (await here.ask("GET", "/v1/handoffs?person_id=x")).json()["items"] == []
