"""Endpoints over HTTP: once a key, a secret that is shown and kept sealed, and nothing taken that means nothing."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tests.handlers.handoff.crm import Crm
from tests.handlers.handoff.scene import Scene, qualified, scene

BODY = {"url": "http://127.0.0.1/hook"}


async def endpoint_ids(here: Scene) -> list[str]:
    """All endpoints there are."""
    return [one["id"] for one in (await here.ask("GET", "/v1/endpoints")).json()["items"]]


async def test_an_endpoint_is_made_once_a_key_and_its_secret_told_again(here: Scene) -> None:
    first = await here.ask("POST", "/v1/endpoints", BODY, key="k1")
    again = await here.ask("POST", "/v1/endpoints", BODY, key="k1")
    assert (first.status_code, first.json()["secret"][:6]) == (201, "whsec_")
    assert (again.status_code, again.json()) == (201, first.json())
    assert await endpoint_ids(here) == [first.json()["id"]]


async def test_without_a_key_and_under_another_one_it_is_another_endpoint(here: Scene) -> None:
    made = [await here.ask("POST", "/v1/endpoints", BODY, key) for key in ("k1", "k2", None, None)]
    assert len({answer.json()["id"] for answer in made}) == len(await endpoint_ids(here)) == 4


@pytest.mark.parametrize("body", [BODY | {"name": "CRM"}, {"url": "http://127.0.0.1/other"}])
async def test_a_key_with_another_endpoint_behind_it_is_refused(here: Scene, body: dict[str, Any]) -> None:
    await here.ask("POST", "/v1/endpoints", BODY, key="k1")
    answer = await here.ask("POST", "/v1/endpoints", body, key="k1")
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")
    assert len(await endpoint_ids(here)) == 1


async def test_a_key_is_for_one_request_wherever_it_is_sent(here: Scene) -> None:
    await here.happens(qualified("ana"))
    [handoff] = await here.handoffs()
    endpoint = (await here.ask("POST", "/v1/endpoints", BODY, key="made")).json()["id"]
    await here.ask("POST", f"/v1/handoffs/{handoff['id']}/accept", {}, key="accepted")
    for path, key in (
        (f"/v1/handoffs/{handoff['id']}/release", "made"),
        (f"/v1/endpoints/{endpoint}/rotate", "accepted"),
        (f"/v1/endpoints/{endpoint}/test", "made"),
    ):
        answer = await here.ask("POST", path, {}, key)
        assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")


async def test_what_is_kept_under_a_key_tells_no_secret(here: Scene) -> None:
    made = (await here.ask("POST", "/v1/endpoints", BODY, key="k1")).json()
    rotated = (await here.ask("POST", f"/v1/endpoints/{made['id']}/rotate", key="k2")).json()
    async with here.parts.database.read() as reader:
        kept = await reader.rows("SELECT body FROM acts")
    assert len(kept) == 2
    assert not any(one["secret"].encode() in bytes(row.body) for one in (made, rotated) for row in kept)


async def test_a_secret_is_rotated_once_a_key(here: Scene, receiver: Crm) -> None:
    endpoint = await here.listens(receiver)
    answers = [await here.ask("POST", f"/v1/endpoints/{endpoint}/rotate", key="k1") for _ in range(2)]
    assert answers[0].json() == answers[1].json()
    async with here.parts.database.read() as reader:
        assert await reader.scalar("SELECT count(*) FROM endpoint_keys") == 2


async def test_a_test_is_sent_and_a_delivery_tried_again_once_a_key(here: Scene, receiver: Crm) -> None:
    endpoint = await here.listens(receiver)
    receiver.answers = [500, 500]
    sent = [await here.ask("POST", f"/v1/endpoints/{endpoint}/test", key="k1") for _ in range(2)]
    assert [answer.status_code for answer in sent] == [202, 202]
    assert sent[0].json() == sent[1].json()
    await here.deliveries_go_out()
    retry = f"/v1/deliveries/{sent[0].json()['delivery_id']}/retry"
    for _ in range(2):
        answer = await here.ask("POST", retry, key="k2")
        assert (answer.status_code, answer.json()) == (202, sent[0].json())
        await here.deliveries_go_out()
    assert len(receiver.received) == 2


async def test_an_endpoint_that_was_refused_does_not_use_up_its_key(here: Scene) -> None:
    refused = await here.ask("POST", "/v1/endpoints", {"url": "http://10.0.0.1/hook"}, key="k1")
    assert (refused.status_code, await endpoint_ids(here)) == (422, [])
    assert (await here.ask("POST", "/v1/endpoints", BODY, key="k1")).status_code == 201


async def test_endpoints_asked_for_at_once_under_one_key_are_one(here: Scene) -> None:
    answers = await asyncio.gather(*(here.ask("POST", "/v1/endpoints", BODY, key="k1") for _ in range(8)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["secret"] for answer in answers}) == len(await endpoint_ids(here)) == 1


async def test_two_processes_asked_at_once_under_one_key_make_one_endpoint(tmp_path: Path, postgres_url: str) -> None:
    async with scene(tmp_path, postgres_url) as one, scene(tmp_path, postgres_url) as two:
        asked = (here.ask("POST", "/v1/endpoints", BODY, key="k1") for _ in range(4) for here in (one, two))
        answers = await asyncio.gather(*asked)
        made = [answer.json() for answer in answers if answer.status_code == 201]
        assert {answer.status_code for answer in answers} <= {201, 409}
        assert [one_made["id"] for one_made in made[:1]] == await endpoint_ids(one)
        assert len({one_made["secret"] for one_made in made}) == 1
        assert (await two.ask("POST", "/v1/endpoints", BODY, key="k1")).json() == made[0]


@pytest.mark.parametrize(
    ("url", "status"),
    [
        ("http://localhost:9100/hook", 201),
        ("http://127.0.0.1:22/", 201),
        ("https://8.8.8.8/", 201),
        ("https://8.8.8.8:22/", 422),
        ("http://8.8.8.8/", 422),
        ("http://nowhere.invalid/", 422),
        ("https://nowhere.invalid:22/", 422),
        ("http://a..b/", 422),
    ],
)
async def test_any_port_and_plain_http_are_for_an_allowed_network_alone(here: Scene, url: str, status: int) -> None:
    made = await here.ask("POST", "/v1/endpoints", {"url": url})
    assert made.status_code == status
    endpoint = (await here.ask("POST", "/v1/endpoints", BODY)).json()["id"]
    changed = await here.ask("PATCH", f"/v1/endpoints/{endpoint}", {"url": url})
    assert (changed.status_code == 200) == (status == 201)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/v1/endpoints/{}", None),
        ("PATCH", "/v1/endpoints/{}", {"name": "CRM"}),
        ("DELETE", "/v1/endpoints/{}", None),
        ("GET", "/v1/endpoints/{}/deliveries", None),
        ("POST", "/v1/endpoints/{}/test", None),
        ("POST", "/v1/endpoints/{}/rotate", None),
        ("POST", "/v1/deliveries/{}/retry", None),
    ],
)
async def test_what_is_no_id_is_found_as_little_as_an_id_that_nothing_has(
    here: Scene, method: str, path: str, body: Any
) -> None:
    for name in ("zork", "0", "00000000-0000-0000-0000-00000000000", "%F0%9F%9A%80"):
        answer = await here.ask(method, path.format(name), body)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize("call", ["", "/{}", "/{}/test", "/{}/rotate", "retry"])
async def test_a_field_that_means_nothing_is_refused_and_named(here: Scene, receiver: Crm, call: str) -> None:
    endpoint = await here.listens(receiver)
    sent = (await here.ask("POST", f"/v1/endpoints/{endpoint}/test")).json()["delivery_id"]
    path = f"/v1/deliveries/{sent}/retry" if call == "retry" else "/v1/endpoints" + call.format(endpoint)
    for name in ("template", "id", "tenant_id", "secret"):
        given = (BODY if call == "" else {}) | {name: "mine"}
        answer = await here.ask("PATCH" if call == "/{}" else "POST", path, given)
        assert (answer.status_code, [error["path"] for error in answer.json()["errors"]]) == (422, [name])
