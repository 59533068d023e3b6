"""What sales does over HTTP: once a key, and only where the state allows it."""

import asyncio
from typing import Any

import pytest
from msgspec import json

from services.handoff.handlers.deriving import CONTACTS
from services.handoff.store.tables import OWNERS
from tests.handlers.handoff.scene import MONDAY, Scene, ident, merged, qualified


async def handed_over(here: Scene, name: str = "ana") -> str:
    """The id of a new hand-off."""
    await here.happens(qualified(name))
    return str((await here.handoffs(f"?person_id={ident(name)}"))[0]["id"])


async def act(here: Scene, handoff_id: str, name: str, body: Any = None, key: str | None = None) -> tuple[int, Any]:
    """The status and the body of an answer."""
    answer = await here.ask("POST", f"/v1/handoffs/{handoff_id}/{name}", body, key)
    return answer.status_code, answer.json()


async def test_sales_takes_a_lead_from_acceptance_to_qualification(here: Scene) -> None:
    handoff_id = await handed_over(here)
    statuses = []
    for name, body in (("accept", {}), ("contact", {"kind": "call"}), ("meeting", None), ("qualify", None)):
        status, handoff = await act(here, handoff_id, name, body)
        assert status == 200
        statuses.append(handoff["status"])
    assert statuses == ["accepted", "contacted", "meeting_booked", "qualified"]
    assert (await here.acts())[1:] == ["accepted", "contacted", "meeting_booked", "sales_qualified"]


async def test_a_rejection_says_what_it_does_to_the_lead(here: Scene) -> None:
    handoff_id = await handed_over(here)
    status, handoff = await act(here, handoff_id, "reject", {"reason": "no-budget", "note": "next year"})
    assert (status, handoff["status"], handoff["note"]) == (200, "rejected", "next year")
    told = (await here.said())[-1]
    assert (told.act, told.reason, told.outcome) == ("rejected", "no-budget", "recycled")


async def test_the_same_key_twice_is_one_act(here: Scene) -> None:
    handoff_id = await handed_over(here)
    first = await act(here, handoff_id, "contact", {"kind": "call"}, key="k1")
    assert await act(here, handoff_id, "contact", {"kind": "call"}, key="k1") == first
    assert first[1]["attempts"] == 1
    assert (await here.acts()).count("contacted") == 1


async def test_a_key_with_another_request_behind_it_is_refused(here: Scene) -> None:
    handoff_id = await handed_over(here)
    await act(here, handoff_id, "contact", {"kind": "call"}, key="k1")
    status, problem = await act(here, handoff_id, "contact", {"kind": "email_sent"}, key="k1")
    assert (status, problem["code"]) == (422, "idempotency_key_reused")


async def test_an_act_that_failed_does_not_use_up_its_key(here: Scene) -> None:
    handoff_id = await handed_over(here)
    await act(here, handoff_id, "accept")
    assert (await act(here, handoff_id, "accept", key="k1"))[0] == 409
    assert (await act(here, handoff_id, "release", key="k2"))[0] == 200


async def test_acts_at_once_under_one_key_are_one_act(here: Scene) -> None:
    handoff_id = await handed_over(here)
    answers = await asyncio.gather(*(act(here, handoff_id, "accept", {}, key="k1") for _ in range(8)))
    assert [status for status, _ in answers] == [200] * 8
    assert (await here.acts()).count("accepted") == 1


@pytest.mark.parametrize(
    ("name", "body", "status", "code"),
    [
        ("reject", {"reason": "no such reason"}, 422, "unknown_reason"),
        ("reject", {}, 422, "invalid"),
        ("reject", {"reason": "no-budget", "extra": 1}, 422, "invalid"),
        ("accept", {"extra": 1}, 422, "invalid"),
        ("contact", {"kind": "call", "occurred_at": "yesterday"}, 422, "invalid"),
        ("contact", {"kind": "call", "occurred_at": "2036-11-23T10:00:00Z"}, 422, "bad_time"),
        ("contact", {"kind": "call", "occurred_at": "2026-11-24T10:00:01Z"}, 422, "bad_time"),
        ("contact", {"kind": "call", "occurred_at": "1999-12-31T23:59:59Z"}, 422, "bad_time"),
    ],
)
async def test_a_body_that_does_not_fit_is_refused(
    here: Scene, name: str, body: dict[str, Any], status: int, code: str
) -> None:
    handoff_id = await handed_over(here)
    answered, problem = await act(here, handoff_id, name, body)
    assert (answered, problem["code"]) == (status, code)


async def test_sales_may_say_how_it_was_in_touch_and_be_a_day_ahead(here: Scene) -> None:
    handoff_id = await handed_over(here)
    for attempts, kind in enumerate((*CONTACTS, "email", "linkedin", "a visit"), 1):
        status, handoff = await act(here, handoff_id, "contact", {"kind": kind, "occurred_at": "2026-11-24T10:00:00Z"})
        assert (status, handoff["status"], handoff["attempts"]) == (200, "contacted", attempts)
        assert handoff["contacted_at"] == "2026-11-23T10:00:00.000Z"


async def test_who_may_not_is_told_how_it_stands_and_what_may_be_done(here: Scene) -> None:
    handoff_id = await handed_over(here)
    await act(here, handoff_id, "accept")
    problem = (await act(here, handoff_id, "accept"))[1]
    assert (problem["status"], problem["detail"]) == (
        409,
        "accept is not possible: this hand-off is accepted; possible now: reject, contact, meeting, qualify, release",
    )
    await act(here, handoff_id, "release")
    problem = (await act(here, handoff_id, "contact", {"kind": "call"}))[1]
    assert problem["detail"] == "contact is not possible: this hand-off is recycled, and has ended with that"


@pytest.mark.parametrize("name", ["zork", "0", "%F0%9F%9A%80"])
async def test_what_is_no_id_is_not_found_either(here: Scene, name: str) -> None:
    assert (await here.ask("GET", f"/v1/handoffs/{name}")).status_code == 404
    bodies: dict[str, Any] = {"reject": {"reason": "no-budget"}, "contact": {"kind": "call"}}
    for verb in ("accept", "reject", "contact", "meeting", "qualify", "release"):
        status, problem = await act(here, name, verb, bodies.get(verb))
        assert (status, problem["code"]) == (404, "not_found")


async def test_a_hand_off_nobody_has_is_not_found(here: Scene) -> None:
    assert (await act(here, ident("nobody"), "accept"))[0] == 404
    assert (await here.ask("GET", f"/v1/handoffs/{ident('nobody')}")).status_code == 404
    assert await here.handoffs("?person_id=somebody") == []


async def test_lists_come_in_pages(here: Scene) -> None:
    await here.happens(*(qualified(f"p{number}") for number in range(5)))
    first = (await here.ask("GET", "/v1/handoffs?limit=3")).json()
    second = (await here.ask("GET", f"/v1/handoffs?limit=3&after={first['next']}")).json()
    assert len({one["id"] for one in (*first["items"], *second["items"])}) == 5
    assert second["next"] is None


async def test_the_sla_counts_what_was_kept_and_how_fast(here: Scene) -> None:
    ids = [await handed_over(here, name) for name in ("ana", "bo", "cai")]
    here.pass_time(30 * 60)
    await act(here, ids[0], "accept")
    here.pass_time(4 * 3600)
    await act(here, ids[1], "accept")
    answer = (await here.ask("GET", "/v1/sla?period=2026-11")).json()
    accept, contact = answer["sales"]
    assert (accept["met"], accept["breached"], accept["running"], accept["share"]) == (1, 2, 0, pytest.approx(1 / 3))
    assert (accept["median_minutes"], contact["running"]) == (150.0, 3)
    assert answer["marketing"][0]["delivered"] == 3
    assert (await here.ask("GET", "/v1/sla?period=last")).status_code == 422


async def test_the_sla_of_one_side_leaves_the_other_out(here: Scene) -> None:
    await handed_over(here)
    both, sales, marketing = [
        (await here.ask("GET", f"/v1/sla?period=2026-11&side={side}")).json() for side in ("", "sales", "marketing")
    ]
    assert both == (await here.ask("GET", "/v1/sla?period=2026-11")).json()
    assert both["sales"]
    assert both["marketing"]
    assert sales == both | {"marketing": []}
    assert marketing == both | {"sales": []}
    answer = await here.ask("GET", "/v1/sla?period=2026-11&side=zork")
    assert (answer.status_code, answer.json()["errors"][0]["path"]) == (422, "side")


async def test_owners_are_the_charters_until_somebody_puts_one(here: Scene) -> None:
    assert [one["id"] for one in (await here.ask("GET", "/v1/owners")).json()["items"]] == ["sales-desk"]
    body = {"name": "Bo", "time_zone": "Europe/Madrid", "hours": {"mon": ["08:00-12:00"]}, "capacity": 5}
    put = (await here.ask("PUT", "/v1/owners/bo", body)).json()
    assert (put["id"], put["weight"], put["hours"], put["away"]) == ("bo", 1, {"mon": ["08:00-12:00"]}, [])
    assert [one["id"] for one in (await here.ask("GET", "/v1/owners")).json()["items"]] == ["bo", "sales-desk"]
    assert (await here.ask("PUT", "/v1/owners/bo", body | {"hours": {}})).json()["code"] == "bad_hours"


@pytest.mark.parametrize(
    "email",
    ["zork", "@example.test", "bo@", "bo@desk", "bo@example.test, cai@example.test", "bo@example.test\r\nBcc: x"],
)
async def test_an_owner_has_an_address_that_mail_can_reach_or_none(here: Scene, email: str) -> None:
    answer = await here.ask("PUT", "/v1/owners/bo", {"name": "Bo", "email": email})
    assert (answer.status_code, [error["path"] for error in answer.json()["errors"]]) == (422, ["email"])
    assert (await here.ask("PUT", "/v1/owners/bo", {"name": "Bo", "email": None})).status_code == 200
    kept = (await here.ask("PUT", "/v1/owners/bo", {"name": "Bo", "email": " bo.o'neill+x@example.test "})).json()
    assert kept["email"] == "bo.o'neill+x@example.test"


async def test_an_owner_is_not_put_under_two_ids(here: Scene) -> None:
    answer = await here.ask("PUT", "/v1/owners/bo", {"id": "cai", "name": "Bo"})
    assert (answer.status_code, answer.json()["errors"][0]["path"]) == (422, "id")
    assert (await here.ask("PUT", "/v1/owners/bo", {"id": "bo", "name": "Bo"})).status_code == 200


async def test_clocks_run_in_the_owners_time(here: Scene) -> None:
    await here.ask("PUT", "/v1/owners/sales-desk", {"name": "Desk", "weight": 0})
    await here.ask("PUT", "/v1/owners/bo", {"name": "Bo", "time_zone": "America/New_York"})
    await handed_over(here)
    [handoff] = await here.handoffs()
    assert MONDAY == 1_795_428_000_000
    assert handoff["accept_by"] == "2026-11-23T18:00:00.000Z"


@pytest.mark.parametrize("zone", ["UTC", "Pacific/Kiritimati", "America/Los_Angeles"])
async def test_whoever_is_away_for_good_is_handed_nobody(here: Scene, zone: str) -> None:
    ever = {"first_day": "0001-01-01", "last_day": "9999-12-31"}
    assert (await here.ask("PUT", "/v1/owners/bo", {"name": "Bo", "time_zone": zone, "away": [ever]})).is_success
    await handed_over(here)
    assert [one["owner"] for one in await here.handoffs()] == ["sales-desk"]
    assert (await here.ask("GET", "/v1/sla")).status_code == 200


@pytest.mark.parametrize("what", ["accept", "meeting", "qualify", "release"])
async def test_an_act_answers_whose_it_is_by_now(here: Scene, what: str) -> None:
    await here.happens(qualified("ana"), merged("ana", into="bo"))
    [handoff] = await here.handoffs()
    answer = (await here.ask("POST", f"/v1/handoffs/{handoff['id']}/{what}")).json()
    asked = (await here.ask("GET", f"/v1/handoffs/{handoff['id']}")).json()
    assert answer["person_id"] == asked["person_id"] == ident("bo")


TOO_FEW = {"mon": ["09:00-09:01"]}


async def test_hours_too_few_for_what_is_promised_are_refused(here: Scene) -> None:
    body = {"name": "Desk", "hours": TOO_FEW}
    answer = await here.ask("PUT", "/v1/owners/sales-desk", body)
    assert (answer.status_code, answer.json()["code"]) == (422, "bad_hours")
    assert (await here.ask("PUT", "/v1/owners/sales-desk", body | {"hours": {"mon": ["09:00-10:00"]}})).is_success


async def test_whoever_has_hours_too_few_gets_leads_all_the_same(here: Scene) -> None:
    await here.ask("PUT", "/v1/owners/sales-desk", {"name": "Desk"})
    async with here.parts.database.work() as work:
        body = json.decode(await work.scalar(OWNERS.select().with_only_columns(OWNERS.c.body)))
        await work.execute(OWNERS.update().values(body=json.encode(body | {"hours": TOO_FEW})))
    await here.happens(qualified("ana"))
    [handoff] = await here.handoffs()
    assert (handoff["owner"], handoff["status"]) == ("sales-desk", "assigned")
    assert handoff["contact_by"] > "2029"
