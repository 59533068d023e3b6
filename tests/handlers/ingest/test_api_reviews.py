"""Claims that wanted a look, and what became of them when somebody looked."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from shared.kernel.ids import derived
from shared.kernel.instant import to_text
from tests.handlers.ingest.at_ingest import NOW, IngestService, event_id, identify, opened

PATH = "/v1/identity/reviews"


@pytest.fixture
async def ingest(tmp_path: Path) -> AsyncIterator[IngestService]:
    async with opened(tmp_path) as service:
        await service.given(
            identify("m1", 1, "ana@ex.org", user_id="u1"), identify("m2", 2, "ana@ex.org", user_id="u2")
        )
        yield service


async def known(ingest: IngestService, **named: str) -> Any:
    (person,) = await ingest.found(**named)
    return person


async def the_review(ingest: IngestService, **query: str) -> Any:
    (review,) = await ingest.pages(PATH, **query)
    return review


async def test_a_claim_that_was_not_followed_is_an_open_review_with_both_its_sides(ingest: IngestService) -> None:
    ana, other = await known(ingest, user_id="u1"), await known(ingest, user_id="u2")
    review = await the_review(ingest, state="open")
    assert (review["event_id"], review["why"], review["raised_at"]) == (event_id("m2"), "two_user_ids", to_text(NOW))
    assert review["sides"] == [
        {"person_id": other["id"], "identifiers": ["user_id:u2"]},
        {"person_id": ana["id"], "identifiers": ["email:ana@ex.org"]},
    ]
    assert (review["answered_at"], review["answered_by"]) == (None, None)


async def test_to_accept_makes_one_person_of_both(ingest: IngestService) -> None:
    review = await the_review(ingest)
    answered = await ingest.done(f"{PATH}/{review['id']}", answer="accept")
    assert (answered["state"], answered["answered_by"]) == ("accepted", "admin_token")
    assert len(answered["sides"]) == 1
    assert (await known(ingest, email="ana@ex.org"))["user_ids"] == ["u1", "u2"]
    assert await ingest.pages(PATH, state="open") == []
    assert await the_review(ingest, state="accepted") == answered


async def test_to_refuse_keeps_them_apart_whatever_comes_later(ingest: IngestService) -> None:
    review = await the_review(ingest)
    assert (await ingest.done(f"{PATH}/{review['id']}", answer="refuse"))["state"] == "refused"
    await ingest.given(identify("m3", 3, "ana@ex.org", user_id="u2"))
    assert (await known(ingest, user_id="u2"))["emails"] == []
    assert [one["state"] for one in await ingest.pages(PATH)] == ["refused"]


async def test_an_answer_may_be_changed_and_not_given_twice(ingest: IngestService) -> None:
    path = f"{PATH}/{(await the_review(ingest))['id']}"
    for answer in ("refuse", "accept", "refuse"):
        await ingest.done(path, answer=answer)
        assert (await ingest.do(path, {"answer": answer})).status_code == 409
    assert (await known(ingest, user_id="u1"))["user_ids"] == ["u1"]


async def test_a_review_that_other_claims_settled_is_moot_and_needs_no_answer(ingest: IngestService) -> None:
    ana, other = await known(ingest, user_id="u1"), await known(ingest, user_id="u2")
    await ingest.done(f"/v1/people/{ana['id']}/merge", other=other["id"])
    review = await the_review(ingest, state="moot")
    assert await ingest.pages(PATH, state="open") == []
    assert (await ingest.do(f"{PATH}/{review['id']}", {"answer": "accept"})).status_code == 409


async def test_a_moot_review_is_open_again_once_its_cause_is_back(ingest: IngestService) -> None:
    ana, other = await known(ingest, user_id="u1"), await known(ingest, user_id="u2")
    (act_id,) = (await ingest.done(f"/v1/people/{ana['id']}/merge", other=other["id"]))["act_ids"]
    await ingest.done(f"/v1/people/{ana['id']}/split", event_id=act_id)
    assert (await the_review(ingest, state="open"))["event_id"] == event_id("m2")


async def test_the_earliest_event_of_a_review_is_named_whatever_came_first(ingest: IngestService) -> None:
    await ingest.given(identify("m0", 1.5, "ana@ex.org", user_id="u2"))
    assert [review["event_id"] for review in await ingest.pages(PATH)] == [event_id("m0")]


async def test_answers_are_steps_of_the_journeys_of_both(ingest: IngestService) -> None:
    review = await the_review(ingest)
    await ingest.done(f"{PATH}/{review['id']}", answer="refuse")
    for user_id in ("u1", "u2"):
        path = f"/v1/people/{(await known(ingest, user_id=user_id))['id']}/journey"
        (step,) = [item for item in await ingest.pages(path) if item["type"] == "split"]
        assert (step["act"], step["by"], step["event_id"]) == ("refuse", "admin_token", event_id("m2"))


async def test_reviews_come_in_pages(ingest: IngestService) -> None:
    emails = [f"p{number}@ex.org" for number in range(4)]
    await ingest.given(*(identify(f"a{email}", 3, email, user_id=f"a{email}") for email in emails))
    await ingest.given(*(identify(f"b{email}", 4, email, user_id=f"b{email}") for email in emails))
    found = await ingest.pages(PATH, limit=2)
    assert len({review["id"] for review in found}) == len(found) == 5


async def test_a_review_nobody_raised_is_a_404_and_another_answer_a_422(ingest: IngestService) -> None:
    for unknown in (derived("no review"), "no-id"):
        assert (await ingest.do(f"{PATH}/{unknown}", {"answer": "accept"})).status_code == 404
    assert (await ingest.do(f"{PATH}/{derived('x')}", {"answer": "maybe"})).status_code == 422
    assert (await ingest.do(f"{PATH}/{derived('x')}", {"answer": "accept"}, key="wk")).status_code == 403


async def test_postgresql_lists_and_answers(tmp_path: Path, postgres_url: str) -> None:
    async with opened(tmp_path, postgres_url) as ingest:
        await ingest.given(identify("m1", 1, "ana@ex.org", user_id="u1"), identify("m2", 2, "ana@ex.org", user_id="u2"))
        review = await the_review(ingest, state="open", limit="1")
        await ingest.done(f"{PATH}/{review['id']}", answer="accept")
        assert [one["state"] for one in await ingest.pages(PATH, limit=1)] == ["accepted"]
