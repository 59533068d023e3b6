"""What operators do to people over HTTP, and what is true of them then."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from shared.kernel.ids import derived
from tests.handlers.ingest.at_ingest import IngestService, call, deal, event_id, identify, opened


@pytest.fixture
async def ingest(tmp_path: Path) -> AsyncIterator[IngestService]:
    async with opened(tmp_path) as service:
        yield service


async def known(ingest: IngestService, **named: str) -> Any:
    (person,) = await ingest.found(**named)
    return person


async def told(ingest: IngestService, *people: Any) -> list[Any]:
    """All that the API says of people, but for what was done to them."""
    paths = [f"/v1/people/{person['id']}" for person in people]
    whole = [await ingest.get(path) for path in paths] + [await ingest.get(f"{path}/why") for path in paths]
    items = [item for path in paths for item in await ingest.pages(f"{path}/journey")]
    return [*whole, [item for item in items if item.get("act") is None]]


async def test_merge_then_split_is_as_if_never_merged(ingest: IngestService) -> None:
    await ingest.given(
        call("m1", 1, anonymous_id="b1"), identify("m2", 2, "ana@ex.org", user_id="u1", anonymous_id="b1")
    )
    await ingest.given(identify("m3", 3, "bo@ex.org", user_id="u2"), deal("d1", 4, "bo@ex.org"))
    ana, bo = await known(ingest, email="ana@ex.org"), await known(ingest, email="bo@ex.org")
    before = await told(ingest, ana, bo)
    merged = await ingest.done(f"/v1/people/{bo['id']}/merge", other=ana["id"])
    assert [(one["id"], one["aliases"]) for one in merged["people"]] == [(ana["id"], [bo["id"]])]
    assert merged["people"][0]["user_ids"] == ["u1", "u2"]
    assert merged["merged"] == [{"from_id": bo["id"], "into_id": ana["id"]}]
    (act_id,) = merged["act_ids"]
    split = await ingest.done(f"/v1/people/{ana['id']}/split", event_id=act_id)
    assert ([one["id"] for one in split["people"]], split["split"]) == ([ana["id"], bo["id"]], [bo["id"]])
    assert await told(ingest, ana, bo) == before


async def test_a_split_stays_a_split_whatever_equal_event_comes_later(ingest: IngestService) -> None:
    await ingest.given(identify("m1", 1, "ana@ex.org", user_id="u1"), identify("m2", 2, "ana@ex.org", user_id="u1"))
    person = await known(ingest, user_id="u1")
    await ingest.done(f"/v1/people/{person['id']}/split", event_id=event_id("m2"))
    await ingest.given(identify("m3", 0, "ana@ex.org", user_id="u1"))
    await ingest.given(call("m4", 5, type="identify", user_id="u1", traits={"email": "ana@ex.org"}))
    ana, user = await known(ingest, email="ana@ex.org"), await known(ingest, user_id="u1")
    assert (ana["emails"], ana["user_ids"], user["emails"]) == (["ana@ex.org"], [], [])
    states = [claim["state"] for claim in (await ingest.get(f"/v1/people/{user['id']}/why"))["claims"]]
    assert states == ["withdrawn", "withdrawn"]


async def test_a_merge_makes_what_was_split_stand_again(ingest: IngestService) -> None:
    await ingest.given(identify("m1", 1, "ana@ex.org", user_id="u1"))
    person = await known(ingest, user_id="u1")
    await ingest.done(f"/v1/people/{person['id']}/split", event_id=event_id("m1"))
    ana, user = await known(ingest, email="ana@ex.org"), await known(ingest, user_id="u1")
    await ingest.done(f"/v1/people/{ana['id']}/merge", other=user["id"])
    assert (await known(ingest, email="ana@ex.org"))["user_ids"] == ["u1"]


async def test_what_came_while_they_were_one_goes_back_to_whom_it_is(ingest: IngestService) -> None:
    await ingest.given(identify("m1", 1, "ana@ex.org"), identify("m2", 2, "bo@ex.org"))
    ana, bo = await known(ingest, email="ana@ex.org"), await known(ingest, email="bo@ex.org")
    (act_id,) = (await ingest.done(f"/v1/people/{ana['id']}/merge", other=bo["id"]))["act_ids"]
    await ingest.given(identify("m3", 3, "bo@ex.org"))
    assert (await ingest.done(f"/v1/people/{bo['id']}/split", event_id=act_id))["touchpoints_moved"] == 1
    journey = await ingest.pages(f"/v1/people/{bo['id']}/journey")
    assert [item["message_id"] for item in journey if item["type"] == "identify"] == ["m2", "m3"]


async def test_a_rehearsal_tells_what_would_come_and_changes_nothing(ingest: IngestService) -> None:
    await ingest.given(identify("m1", 1, "ana@ex.org", user_id="u1"))
    person = await known(ingest, user_id="u1")
    before = await told(ingest, person)
    path = f"/v1/people/{person['id']}/split"
    rehearsed = await ingest.done(path, event_id=event_id("m1"), dry_run=True)
    assert (rehearsed["dry_run"], len(rehearsed["people"])) == (True, 2)
    assert await told(ingest, person) == before
    done = await ingest.done(path, event_id=event_id("m1"))
    assert (done["dry_run"], done["people"]) == (False, rehearsed["people"])


async def test_the_same_key_twice_is_one_act(ingest: IngestService) -> None:
    await ingest.given(identify("m1", 1, "ana@ex.org"), identify("m2", 2, "bo@ex.org"), identify("m3", 3, "cy@ex.org"))
    ana, bo, cy = [await known(ingest, email=f"{name}@ex.org") for name in ("ana", "bo", "cy")]
    path, key = f"/v1/people/{ana['id']}/merge", {"Idempotency-Key": "k1"}
    once, again = [await ingest.do(path, {"other": bo["id"]}, **key) for _ in range(2)]
    assert (once.status_code, again.content) == (200, once.content)
    assert (await ingest.do(path, {"other": cy["id"]}, **key)).status_code == 422


@pytest.mark.parametrize(
    ("person", "event", "status"),
    [
        ("ana@ex.org", "nothing", 404), ("ana@ex.org", "m9", 404), ("ana@ex.org", "m2", 409), ("ana@ex.org", "m3", 422),
        ("bo@ex.org", "m2", 200),
    ],
)  # fmt: skip
async def test_only_what_an_event_says_of_this_person_can_be_withdrawn(
    ingest: IngestService, person: str, event: str, status: int
) -> None:
    await ingest.given(identify("m1", 1, "ana@ex.org", user_id="u1"), identify("m2", 2, "bo@ex.org", user_id="u2"))
    await ingest.given(call("m3", 3, user_id="u1"))
    path = f"/v1/people/{(await known(ingest, email=person))['id']}/split"
    asked = {"event_id": event if event == "nothing" else event_id(event)}
    assert (await ingest.do(path, asked)).status_code == status


async def test_an_act_that_is_done_already_is_a_conflict(ingest: IngestService) -> None:
    await ingest.given(identify("m1", 1, "ana@ex.org", user_id="u1"))
    path = f"/v1/people/{(await known(ingest, user_id='u1'))['id']}"
    assert (await ingest.do(f"{path}/merge", {"other": path.rsplit("/", 1)[-1]})).status_code == 409
    await ingest.done(f"{path}/split", event_id=event_id("m1"))
    assert (await ingest.do(f"{path}/split", {"event_id": event_id("m1")})).status_code == 409


async def test_what_a_deal_says_of_its_contact_can_be_withdrawn_too(ingest: IngestService) -> None:
    await ingest.given(identify("m1", 1, "ana@ex.org"), deal("d1", 2, "ana@ex.org", crm_contact_id="c1"))
    person = await known(ingest, email="ana@ex.org")
    assert person["crm_contact_ids"] == ["c1"]
    split = await ingest.done(f"/v1/people/{person['id']}/split", event_id=derived("deal", "d1"))
    assert [one["crm_contact_ids"] for one in split["people"]] == [["c1"], []]


async def test_acts_need_the_scope_and_somebody_to_act_on(ingest: IngestService) -> None:
    path = f"/v1/people/{derived('nobody')}"
    for act, body in (("split", {"event_id": derived("x")}), ("merge", {"other": derived("y")})):
        assert (await ingest.do(f"{path}/{act}", body)).status_code == 404
        assert (await ingest.do(f"{path}/{act}", body, key="sk")).status_code == 403
        assert (await ingest.do(f"{path}/{act}", body | {"more": 1})).status_code == 422


async def test_postgresql_merges_splits_and_rehearses(tmp_path: Path, postgres_url: str) -> None:
    async with opened(tmp_path, postgres_url) as ingest:
        await test_merge_then_split_is_as_if_never_merged(ingest)
        await ingest.given(identify("n1", 1, "eve@ex.org", user_id="u9", anonymous_id="b9"))
        path = f"/v1/people/{(await known(ingest, user_id='u9'))['id']}/split"
        rehearsed = await ingest.done(path, event_id=event_id("n1"), dry_run=True)
        assert len(rehearsed["people"]) == len((await ingest.done(path, event_id=event_id("n1")))["people"]) == 3
