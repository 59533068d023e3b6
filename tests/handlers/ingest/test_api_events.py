"""What ingest's API says of everything that came, taken or refused."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from shared.kernel.instant import to_text
from tests.handlers.ingest.at_ingest import IngestService, call, day, event_id, identify, opened, reject


@pytest.fixture
async def ingest(tmp_path: Path) -> AsyncIterator[IngestService]:
    async with opened(tmp_path) as service:
        yield service


async def test_what_was_sent_twice_is_there_once(ingest: IngestService) -> None:
    await ingest.given(call("m1", 1, user_id="u1"), call("m1", 1, user_id="u1"), call("m2", 2, user_id="u1"))
    (person,) = await ingest.found(user_id="u1")
    assert await ingest.pages("/v1/events", message_id="m1") == [
        {
            "id": event_id("m1"), "message_id": "m1", "source": "web", "type": "page", "state": "stored",
            "person_id": person["id"], "received_at": to_text(day(1)),
        }
    ]  # fmt: skip
    assert await ingest.pages("/v1/events", message_id="m3") == []


async def test_what_was_refused_is_found_by_its_message_id(ingest: IngestService) -> None:
    quoting = [reject(f"other {number}", 1, note="m1") for number in range(5)]
    await ingest.given(*quoting, reject("m1", 2), call("m2", 3, user_id="u1"))
    (item,) = await ingest.pages("/v1/events", message_id="m1", limit=1)
    assert (item["message_id"], item["state"], item["person_id"]) == ("m1", "rejected", None)
    assert await ingest.pages("/v1/events", message_id="m") == []


async def test_every_event_is_on_exactly_one_page_the_newest_last(ingest: IngestService) -> None:
    for number in (1, 2, 5, 6):
        await ingest.given(call(f"t{number}", number, user_id="u1"))
    for number in (3, 4, 7):
        await ingest.given(reject(f"r{number}", number))
    for limit in (1, 2, 3, 100):
        items = await ingest.pages("/v1/events", limit=limit)
        assert [item["message_id"] for item in items] == ["t1", "t2", "r3", "r4", "t5", "t6", "r7"]


async def test_an_event_of_somebody_who_was_merged_is_the_survivors(ingest: IngestService) -> None:
    await ingest.given(call("m1", 1, user_id="u1"), identify("m2", 2, "ana@ex.org"))
    await ingest.given(identify("m3", 3, "ana@ex.org", user_id="u1"))
    (person,) = await ingest.found(email="ana@ex.org")
    assert {item["person_id"] for item in await ingest.pages("/v1/events")} == {person["id"]}


async def test_rejects_are_shown_with_their_reasons(ingest: IngestService) -> None:
    for number in range(5):
        await ingest.given(reject(f"m{number}", number))
    items = await ingest.pages("/v1/rejected", limit=2)
    assert [item["received_at"] for item in items] == [to_text(day(number)) for number in range(5)]
    assert (items[0]["source"], items[0]["codes"]) == ("web", ["missing_identifier"])
    assert (items[0]["reasons"], items[0]["body"]) == (["userId: is needed"], '{"messageId":"m0"}')


async def test_postgresql_answers_every_question(tmp_path: Path, postgres_url: str) -> None:
    async with opened(tmp_path, postgres_url) as ingest:
        await ingest.given(call("m1", 1, anonymous_id="b1"), identify("m2", 2, "ana@ex.org"), reject("m3", 3))
        await ingest.given(identify("m4", 4, "ana@ex.org", user_id="u1", anonymous_id="b1"))
        await ingest.given(identify("m5", 5, "bo@ex.org", user_id="u2", anonymous_id="b1"))
        bo, ana = await ingest.pages("/v1/people", anonymous_id="b1", limit=1)
        (same,) = await ingest.found(email="ana@ex.org")
        assert (bo["user_ids"], ana, len(ana["aliases"])) == (["u2"], same, 1)
        assert await ingest.get(f"/v1/people/{ana['aliases'][0]}") == ana
        items = await ingest.pages(f"/v1/people/{ana['id']}/journey", limit=1)
        assert sorted(item["type"] for item in items) == ["identify", "identify", "merge", "touchpoint"]
        states = [claim["state"] for claim in (await ingest.get(f"/v1/people/{ana['id']}/why"))["claims"]]
        assert (states.count("stands"), states.count("not_followed")) == (3, 1)
        assert [len(await ingest.pages("/v1/events", limit=2)), len(await ingest.pages("/v1/rejected"))] == [5, 1]
        assert len(await ingest.pages("/v1/events", message_id="m3")) == 1
        assert (await ingest.ask("/v1/people/no-id")).status_code == 404
