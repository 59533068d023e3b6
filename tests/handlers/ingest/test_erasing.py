"""Somebody is erased over HTTP: nothing of theirs is left, nobody else loses anything, and they do not come back."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.handlers.ingest.at_ingest import (
    IngestService,
    call,
    deal,
    event_id,
    handed,
    identify,
    opened,
    reject,
    staged,
)

EMAIL, OTHER = "ana@acme.example", "bo@acme.example"
SENT = (
    call("m1", 1, anonymous_id="b1"),
    identify("m2", 2, EMAIL, user_id="ana", anonymous_id="b1"),
    call("m3", 3, user_id="ana", type="track", name="Demo Requested", properties={"email": EMAIL}),
    identify("o1", 2, OTHER, user_id="bo"),
    deal("d1", 4, EMAIL),
    reject("m4", 5, email=EMAIL.upper()),
    reject("o2", 5, email=OTHER),
)


class TestErasing:
    @pytest.fixture
    async def ingest(self, tmp_path: Path) -> AsyncIterator[IngestService]:
        async with opened(tmp_path, alone=True) as service:
            await service.given(*SENT)
            yield service

    @pytest.fixture
    async def ana(self, ingest: IngestService) -> str:
        """The id of somebody who is erased."""
        person = str((await ingest.found(email=EMAIL))[0]["id"])
        answer = await ingest.erase(person)
        assert answer.status_code == 202, answer.text
        return person

    async def test_an_erasure_ends_with_a_receipt_of_every_store(self, ingest: IngestService, ana: str) -> None:
        erasure = await _erasure_of(ingest, ana)
        receipt = await ingest.finished(erasure)
        removed = {line["store"]: line["removed"] for line in receipt["stores"]}
        assert removed | {"touchpoints": 3, "people": 1, "identifiers": 3, "deal_contacts": 1, "rejected": 1} == removed
        assert receipt["finishes_at"] is not None

    async def test_every_call_about_the_erased_answers_410_and_names_the_erasure(
        self, ingest: IngestService, ana: str
    ) -> None:
        erasure = await _erasure_of(ingest, ana)
        person = f"/v1/people/{ana}"
        answers = [await ingest.ask(f"{person}{path}") for path in ("", "/journey", "/why", "/export")]
        answers += [await ingest.do(f"{person}/split", {"event_id": ana}), await ingest.erase(ana)]
        answers.append(await ingest.do(f"{person}/merge", {"other": ana}))
        assert [answer.status_code for answer in answers] == [410] * len(answers)
        assert all(erasure in answer.json()["detail"] for answer in answers)
        assert await ingest.found(email=EMAIL) == []

    async def test_what_the_erased_sent_shows_without_its_message_id_and_is_not_taken_again(
        self, ingest: IngestService, ana: str
    ) -> None:
        await ingest.given(*SENT[:3])
        shown = [(one["message_id"], one["state"], one["type"]) for one in await ingest.pages("/v1/events")]
        assert shown.count((None, "erased", None)) == 3
        assert [one for one in shown if one[1] == "stored"] == [("o1", "stored", "identify")]
        assert not [one for one in shown if one[1] == "suppressed"]

    async def test_nothing_is_taken_under_a_name_of_the_erased_and_a_new_name_is_somebody_new(
        self, ingest: IngestService, ana: str
    ) -> None:
        await ingest.given(call("n1", 6, anonymous_id="b1"), identify("n2", 6, EMAIL, user_id="new"))
        await ingest.given(identify("n3", 6, "ana@home.example", user_id="ana-2"))
        states = [one["state"] for one in await ingest.pages("/v1/events")]
        assert states.count("suppressed") == 2
        assert await ingest.found(user_id="new") == []
        (somebody,) = await ingest.found(user_id="ana-2")
        assert somebody["id"] != ana

    async def test_a_deal_is_published_without_the_erased_and_no_version_brings_them_back(
        self, ingest: IngestService, ana: str
    ) -> None:
        await ingest.given(deal("d2", 7, EMAIL))
        await ingest.given(deal("d3", 7, OTHER))
        assert await ingest.contacts() == {"d1": [], "d2": [], "d3": [f"email:{OTHER}"]}

    async def test_nobody_else_loses_anything(self, ingest: IngestService, ana: str) -> None:
        await ingest.finished(await _erasure_of(ingest, ana))
        (bo,) = await ingest.found(email=OTHER)
        journey = await ingest.pages(f"/v1/people/{bo['id']}/journey")
        assert [step["message_id"] for step in journey] == ["o1"]
        assert [OTHER in one["body"] for one in await ingest.pages("/v1/rejected")] == [True]

    async def test_what_other_services_say_late_of_the_erased_is_not_taken(
        self, ingest: IngestService, ana: str
    ) -> None:
        await ingest.given(staged(ana, 1, lead=3), handed(ana, 1, "assigned", 4), reject("late", 6, userId="ana"))
        assert await ingest.rows("timeline") == 0
        assert "late" not in str(await ingest.pages("/v1/rejected"))

    async def test_an_answer_kept_under_an_idempotency_key_goes_too(self, ingest: IngestService) -> None:
        (ana,), (bo,) = await ingest.found(email=EMAIL), await ingest.found(email=OTHER)
        body = {"other": bo["id"]}
        await ingest.do(f"/v1/people/{ana['id']}/merge", body, **{"Idempotency-Key": "k1"})
        await ingest.finished((await ingest.erase(bo["id"])).json()["id"])
        assert await ingest.rows("acts") == await ingest.rows("people") == await ingest.rows("identifiers") == 0
        assert (await ingest.ask(f"/v1/people/{ana['id']}")).status_code == 410

    async def test_who_was_merged_and_split_before_is_erased_alone_once_and_by_any_id(
        self, ingest: IngestService
    ) -> None:
        (ana,), (bo,) = await ingest.found(email=EMAIL), await ingest.found(email=OTHER)
        for _ in range(2):
            merged = await ingest.done(f"/v1/people/{ana['id']}/merge", other=bo["id"])
            await ingest.done(f"/v1/people/{ana['id']}/split", event_id=merged["act_ids"][0])
        erasure = (await ingest.erase(ana["id"])).json()["id"]
        assert (await ingest.erase(ana["id"])).status_code == 410
        assert {line["service"] for line in (await ingest.finished(erasure))["stores"]} >= {"ingest"}
        (left,) = await ingest.found(email=OTHER)
        assert (left["id"], left["emails"], left["user_ids"]) == (bo["id"], [OTHER], ["bo"])
        assert (await ingest.get("/v1/lag"))["work"] == 0

    async def test_an_alias_is_erased_with_whom_it_stands_for(self, ingest: IngestService) -> None:
        (ana,), (bo,) = await ingest.found(email=EMAIL), await ingest.found(email=OTHER)
        merged = await ingest.done(f"/v1/people/{ana['id']}/merge", other=bo["id"])
        await ingest.finished((await ingest.erase(merged["merged"][0]["from_id"])).json()["id"])
        assert [(await ingest.ask(f"/v1/people/{one['id']}")).status_code for one in (ana, bo)] == [410, 410]
        assert (await ingest.erase(merged["merged"][0]["into_id"])).status_code == 410

    async def test_whoever_comes_of_a_browser_that_made_the_erased_is_somebody_new(self, ingest: IngestService) -> None:
        shared = {"anonymous_id": "kiosk"}
        await ingest.given(call("k1", 1, **shared), identify("k2", 2, "cy@acme.example", **shared))
        ((made_by_the_browser,),) = [await ingest.found(anonymous_id="kiosk")]
        await ingest.given(identify("k3", 3, "di@acme.example", user_id="di", **shared))
        assert (await ingest.erase(made_by_the_browser["id"])).status_code == 202
        (di,) = await ingest.found(user_id="di")
        await ingest.done(f"/v1/people/{di['id']}/split", event_id=event_id("k3"))
        (browser,) = await ingest.found(anonymous_id="kiosk")
        assert browser["id"] not in (di["id"], made_by_the_browser["id"])
        assert await ingest.get(f"/v1/people/{browser['id']}") == browser

    async def test_an_erasure_that_is_running_is_work(self, ingest: IngestService, ana: str) -> None:
        assert (await ingest.get("/v1/lag"))["work"] == 1
        await ingest.finished(await _erasure_of(ingest, ana))
        assert (await ingest.get("/v1/lag"))["work"] == 0

    async def test_only_a_token_that_may_do_everything_erases(self, ingest: IngestService) -> None:
        (ana,) = await ingest.found(email=EMAIL)
        assert (await ingest.erase(ana["id"], key="sk")).status_code == 403
        assert (await ingest.erase("nobody")).status_code == 404
        assert len(await ingest.found(email=EMAIL)) == 1


class TestErasingOnPostgres(TestErasing):
    @pytest.fixture
    async def ingest(self, tmp_path: Path, postgres_url: str) -> AsyncIterator[IngestService]:
        async with opened(tmp_path, postgres_url, alone=True) as service:
            await service.given(*SENT)
            yield service


async def _erasure_of(ingest: IngestService, person_id: str) -> str:
    detail = (await ingest.ask(f"/v1/people/{person_id}")).json()["detail"]
    return str(detail.rpartition("/")[2])
