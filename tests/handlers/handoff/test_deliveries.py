"""Webhooks: at least once under one id, on a schedule, and no endpoint holds up another."""

import asyncio
from typing import Any

import pytest

from tests.handlers.handoff.crm import Crm
from tests.handlers.handoff.scene import Scene, ident, qualified


async def deliveries(here: Scene, endpoint: str) -> list[dict[str, Any]]:
    """The deliveries to an endpoint."""
    items: list[dict[str, Any]] = (await here.ask("GET", f"/v1/endpoints/{endpoint}/deliveries")).json()["items"]
    return items


async def on_its_way(here: Scene) -> tuple[int, int]:
    """Deliveries that are due, and that wait."""
    lag = await here.parts.how_far()
    return lag.deliveries.due, lag.deliveries.waiting


async def test_what_was_sent_and_not_recorded_is_sent_again_under_the_same_id(here: Scene, receiver: Crm) -> None:
    endpoint = await here.listens(receiver)
    await here.happens(qualified("ana"))
    [attempt] = await here.parts.desk.claim({endpoint: 1}, here.now)
    receiver.received.clear()
    await here.deliveries_go_out()
    assert (receiver.received, await on_its_way(here)) == ([], (1, 0))
    here.pass_time(61)
    await here.deliveries_go_out()
    [again] = await deliveries(here, endpoint)
    assert [one.webhook_id for one in receiver.received] == [attempt.webhook_id] == [again["webhook_id"]]
    assert (again["state"], again["attempts"], await on_its_way(here)) == ("delivered", 2, (0, 0))


async def test_a_store_that_is_away_when_the_answer_comes_costs_a_second_message(here: Scene, receiver: Crm) -> None:
    await here.listens(receiver)
    await here.happens(qualified("ana"))
    await here.answers_are_lost()
    here.pass_time(61)
    await here.deliveries_go_out()
    assert len({one.webhook_id for one in receiver.received}) == 1
    assert len(receiver.received) == 2
    assert await here.acts() == ["assigned", "delivered"]


async def test_a_receiver_that_fails_is_tried_again_on_the_schedule(here: Scene, receiver: Crm) -> None:
    endpoint = await here.listens(receiver)
    receiver.answers = [500, 500]
    await here.happens(qualified("ana"))
    tried = []
    for seconds in (0, 3, 3, 230, 140):
        here.pass_time(seconds)
        await here.deliveries_go_out()
        tried.append(len(receiver.received))
    assert tried == [1, 1, 2, 2, 3]
    assert [one["state"] for one in await deliveries(here, endpoint)] == ["delivered"]
    assert len({one.webhook_id for one in receiver.received}) == 1


async def test_a_delivery_fails_when_its_schedule_is_through(here: Scene, receiver: Crm) -> None:
    endpoint = await here.listens(receiver)
    receiver.answers = [500] * 9
    await here.happens(qualified("ana"))
    for _ in range(5):
        await here.deliveries_go_out()
        here.pass_time(700)
    [one] = await deliveries(here, endpoint)
    assert (one["state"], one["attempts"], one["last_status"], one["next_at"]) == ("failed", 3, 500, None)
    assert "delivered" not in await here.acts()


async def test_an_endpoint_that_is_gone_gets_nothing_until_it_is_switched_on(here: Scene, receiver: Crm) -> None:
    endpoint = await here.listens(receiver)
    receiver.answers = [410]
    await here.happens(qualified("ana"))
    await here.deliveries_go_out()
    await here.happens(qualified("bo"))
    await here.deliveries_go_out()
    shown = (await here.ask("GET", f"/v1/endpoints/{endpoint}")).json()
    assert (shown["state"], shown["reason"], len(receiver.received)) == ("disabled", "gone", 1)
    assert await on_its_way(here) == (0, 1)
    await here.ask("PATCH", f"/v1/endpoints/{endpoint}", {"state": "active"})
    await here.deliveries_go_out()
    assert receiver.received[-1].data["person"]["id"] == ident("bo")


async def test_a_delivery_that_failed_is_tried_again_when_somebody_asks(here: Scene, receiver: Crm) -> None:
    endpoint = await here.listens(receiver)
    receiver.answers = [410]
    await here.happens(qualified("ana"))
    await here.deliveries_go_out()
    await here.ask("PATCH", f"/v1/endpoints/{endpoint}", {"state": "active"})
    [failed] = await deliveries(here, endpoint)
    assert (await here.ask("POST", f"/v1/deliveries/{failed['id']}/retry")).status_code == 202
    await here.deliveries_go_out()
    assert [one.webhook_id for one in receiver.received] == [failed["webhook_id"]] * 2
    assert (await here.ask("POST", f"/v1/deliveries/{failed['id']}/retry")).status_code == 409
    assert (await here.ask("POST", f"/v1/deliveries/{endpoint}/retry")).status_code == 404


async def test_a_slow_endpoint_delays_nobody_else(here: Scene, receiver: Crm) -> None:
    receiver.held = asyncio.Event()
    slow, fast = await here.listens(receiver, "/slow"), await here.listens(receiver, "/fast")
    await here.happens(*(qualified(f"p{number}") for number in range(20)))
    async with asyncio.timeout(10):
        while any(one["state"] == "pending" for one in await deliveries(here, fast)):
            await here.parts.deliver.due(here.now)
    assert all(one["state"] == "pending" for one in await deliveries(here, slow))
    receiver.held.set()
    await here.deliveries_go_out()
    assert len(receiver.received) == 40


async def test_a_rotated_secret_signs_beside_the_old_one_for_a_day(here: Scene, receiver: Crm) -> None:
    endpoint = await here.listens(receiver)
    new = (await here.ask("POST", f"/v1/endpoints/{endpoint}/rotate")).json()["secret"]
    await here.ask("POST", f"/v1/endpoints/{endpoint}/test")
    await here.deliveries_go_out()
    receiver.secrets["/hook"] = new
    here.pass_time(86_401)
    await here.ask("POST", f"/v1/endpoints/{endpoint}/test")
    await here.deliveries_go_out()
    assert [one.type for one in receiver.received] == ["endpoint.test"] * 2


async def test_a_deleted_endpoint_is_not_found_and_gets_nothing(here: Scene, receiver: Crm) -> None:
    endpoint = await here.listens(receiver)
    await here.happens(qualified("ana"))
    assert (await here.ask("DELETE", f"/v1/endpoints/{endpoint}")).status_code == 204
    await here.deliveries_go_out()
    assert (await here.ask("GET", f"/v1/endpoints/{endpoint}")).status_code == 404
    assert (receiver.received, await on_its_way(here)) == ([], (0, 0))


async def test_a_secret_is_shown_once_and_kept_sealed(here: Scene, receiver: Crm) -> None:
    endpoint = await here.listens(receiver)
    shown = (await here.ask("GET", f"/v1/endpoints/{endpoint}")).json()
    assert "secret" not in shown
    async with here.parts.database.read() as reader:
        [row] = await reader.rows("SELECT sealed FROM endpoint_keys")
    assert receiver.secrets["/hook"].encode() not in row.sealed


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"url": "http://10.0.0.1/hook"}, "address_not_allowed"),
        ({"url": "ftp://127.0.0.1"}, "address_not_allowed"),
        ({"url": "http://127.0.0.1/hook", "extra": 1}, "invalid"),
        ({"url": "http://127.0.0.1/hook", "events": ["no.such"]}, "invalid"),
        ({}, "invalid"),
    ],
)
async def test_an_endpoint_we_would_not_dial_is_refused(here: Scene, body: dict[str, Any], code: str) -> None:
    answer = await here.ask("POST", "/v1/endpoints", body)
    assert (answer.status_code, answer.json()["code"]) == (422, code)


async def test_the_parts_of_a_worker_deliver_what_comes_and_stop_when_told(here: Scene, receiver: Crm) -> None:
    await here.listens(receiver)
    stopping = asyncio.Event()
    running = [asyncio.create_task(part(stopping)) for _, part in here.service.worker]
    await here.arrives(qualified("ana"))
    async with asyncio.timeout(10):
        while not any(one["delivered_at"] for one in await here.handoffs()):
            await asyncio.wait(running, timeout=0.02)
    stopping.set()
    await asyncio.gather(*running)
    assert len(receiver.received) == 1
