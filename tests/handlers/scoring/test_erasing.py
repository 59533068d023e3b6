"""Somebody is erased: scoring knows nothing of them any more, whatever comes late."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from msgspec import json, structs
from sqlalchemy import select, update

from services.scoring.store.tables import METADATA, TOUCHES
from shared.contracts.envelope import Emit, decode
from shared.contracts.leads import LeadQualified
from shared.contracts.topics import TYPES
from shared.db import outbox
from shared.kernel.ids import derived
from shared.runtime.cleaning import Cleaning
from tests.handlers.erasing import CANARY, ERASURE, cells, erasure, leaks, receipts
from tests.handlers.scoring.at_scoring import (
    CONSUMING,
    NOW,
    ScoringService,
    accepted,
    card,
    merged,
    opened,
    split,
    touch,
    who,
    won,
)
from tests.handlers.two_at_once import two_at_once

MARKED = {"page": {"path": CANARY}, "properties": {"text": CANARY}, "anonymous_id": CANARY, "message_id": CANARY}
DEMO_ID = derived("ana", "demo_requested", "1")
DEMO = touch("ana", "demo_requested", 1, **MARKED)
CARD = card("ana", emails=(f"{CANARY}@acme.example",), traits={"name": CANARY})
ERASED = erasure(who("ana"), who("bo"))


@pytest.fixture
async def scoring(tmp_path: Path) -> AsyncIterator[ScoringService]:
    async with opened(tmp_path) as service:
        yield service


async def held(scoring: ScoringService) -> list[tuple[str, str]]:
    """What the store holds of the canary."""
    async with scoring.database.read() as reader:
        return leaks(await cells(reader, METADATA))


async def handed_over(scoring: ScoringService) -> list[str]:
    """Whose leads wait to be handed over."""
    async with scoring.database.read() as reader:
        waiting = [one.record for one in await outbox.waiting(reader, 10_000)]
    said = [decode(one.value, one.headers, TYPES).data for one in waiting]
    return [one.person_id for one in said if isinstance(one, LeadQualified)]


async def sent(scoring: ScoringService) -> None:
    """Whatever waits is on the log."""
    async with scoring.database.work() as work:
        await outbox.sent(work, [one.id for one in await outbox.waiting(work, 10_000)])


@pytest.mark.parametrize("path", ["/v1/leads/{}", "/v1/leads/{}/why", "/v1/people/{}/export"])
@pytest.mark.parametrize("name", ["ana", "bo"])
async def test_whatever_is_asked_of_somebody_erased_is_gone(scoring: ScoringService, path: str, name: str) -> None:
    await scoring.given(CARD, DEMO, merged("bo", "ana"))
    await scoring.given(*ERASED)
    answer = await scoring.ask(path.format(who(name)))
    assert (answer.status_code, answer.headers["content-type"]) == (410, "application/problem+json")
    assert ERASURE in answer.json()["detail"]


async def test_no_table_holds_anything_of_somebody_erased(scoring: ScoringService) -> None:
    await scoring.given(CARD, DEMO, merged("bo", "ana"), accepted("ana", DEMO_ID, 2), won("ana", 3))
    assert await held(scoring)
    await scoring.given(*ERASED)
    assert (await held(scoring), (await scoring.get("/v1/leads"))["items"]) == ([], [])


@pytest.mark.parametrize("late", [CARD, DEMO, merged("bo", "ana"), accepted("ana", DEMO_ID, 2), won("ana", 3)])
async def test_what_comes_late_brings_nobody_back(scoring: ScoringService, late: Emit) -> None:
    await scoring.given(CARD, DEMO)
    await scoring.given(*ERASED)
    await scoring.given(late, touch("bo", "page_viewed", 4, **MARKED))
    assert (await held(scoring), (await scoring.get("/v1/leads"))["items"]) == ([], [])
    assert (await scoring.ask(f"/v1/leads/{who('ana')}")).status_code == 410


async def test_what_could_not_be_read_of_them_goes_too(scoring: ScoringService) -> None:
    await scoring.given_records(structs.replace(outbox.outgoing(DEMO), value=f'{{"text": "{CANARY}"}}'.encode()))
    assert {name for name, _ in await held(scoring)} == {"dead_letters", "outbox"}
    await scoring.given(*ERASED)
    assert await held(scoring) == []


async def _comes_late(scoring: ScoringService) -> list[tuple[str, str]]:
    """What is left of what cannot be read of somebody erased, when it comes after the erasure."""
    await scoring.given(*ERASED)
    await scoring.given_records(structs.replace(outbox.outgoing(DEMO), value=f'{{"text": "{CANARY}"}}'.encode()))
    assert {name for name, _ in await held(scoring)} == {"dead_letters", "outbox"}
    await Cleaning(scoring.database).due(NOW)
    return await held(scoring)


async def test_what_cannot_be_read_of_them_goes_when_it_comes_late_too(scoring: ScoringService) -> None:
    assert await _comes_late(scoring) == []


async def test_what_cannot_be_read_of_them_and_comes_late_goes_on_postgresql_too(
    tmp_path: Path, postgres_url: str
) -> None:
    async with opened(tmp_path, postgres_url) as scoring:
        assert await _comes_late(scoring) == []


async def test_an_erasure_holds_on_postgresql_too(tmp_path: Path, postgres_url: str) -> None:
    async with opened(tmp_path, postgres_url) as scoring:
        await scoring.given(CARD, DEMO, merged("bo", "ana"), won("ana", 3))
        assert await held(scoring)
        await scoring.given(*ERASED, CARD, DEMO)
        assert (await held(scoring), (await scoring.get("/v1/leads"))["items"]) == ([], [])


async def test_an_erasure_is_answered_once_with_what_went(scoring: ScoringService) -> None:
    await scoring.given(CARD, DEMO, touch("bo", "page_viewed", 2))
    for told in ERASED:
        await scoring.given(told)
    async with scoring.database.read() as reader:
        [done] = await receipts(reader)
    assert (done.erasure_id, done.service) == (ERASURE, "scoring")
    assert {one.store: one.removed for one in done.stores if one.store in ("touches", "cards", "leads")} == {
        "touches": 2, "cards": 1, "leads": 2
    }  # fmt: skip


async def test_who_was_only_taken_for_the_erased_person_keeps_what_is_theirs(scoring: ScoringService) -> None:
    await scoring.given(card("cleo"), touch("cleo", "demo_requested", 1), merged("cleo", "ana"))
    await scoring.given(*ERASED)
    await scoring.given(split("cleo"))
    assert (await scoring.get(f"/v1/leads/{who('cleo')}"))["stage"] == "mql"


async def test_an_earlier_revision_of_a_touch_does_not_come_back_under_somebody_else(scoring: ScoringService) -> None:
    moved = touch("ana", "demo_requested", 1, revision=2)
    await scoring.given(moved, *ERASED)
    await scoring.given(touch("ana", "demo_requested", 1, person_id=who("cleo")))
    assert (await scoring.get("/v1/leads"))["items"] == []


@pytest.mark.parametrize("first", ["erasure", "revision"])
async def test_what_was_sent_because_of_a_touch_stays_sent_whoever_it_turns_out_to_be_of(
    scoring: ScoringService, first: str
) -> None:
    erased, moved = ERASED, [touch("ana", "demo_requested", 1, revision=2, person_id=who("cleo"))]
    await scoring.given(CARD, DEMO)
    await sent(scoring)
    await scoring.given(*(erased if first == "erasure" else moved))
    await scoring.given(*(moved if first == "erasure" else erased))
    await scoring.given(accepted("ana", DEMO_ID, 2), card("cleo"))
    assert (await scoring.get(f"/v1/leads/{who('cleo')}"))["stage"] == "sal"
    assert await held(scoring) == []


async def test_a_promotion_that_is_not_sent_any_more_is_no_promotion_of_the_touch(scoring: ScoringService) -> None:
    await scoring.given(CARD, DEMO)
    await scoring.given(*ERASED)
    async with scoring.database.read() as reader:
        assert await reader.rows(select(TOUCHES.c.promotion_id).where(TOUCHES.c.promotion_id.is_not(None))) == []


@pytest.mark.parametrize("first", ["erasure", "revision"])
async def test_what_was_not_sent_any_more_is_sent_for_whoever_the_touch_turns_out_to_be_of(
    scoring: ScoringService, first: str
) -> None:
    erased, moved = ERASED, [touch("ana", "demo_requested", 1, revision=2, person_id=who("cleo"))]
    await scoring.given(CARD, DEMO, card("cleo"))
    await scoring.given(*(erased if first == "erasure" else moved))
    await scoring.given(*(moved if first == "erasure" else erased))
    assert await handed_over(scoring) == [who("cleo")]


@pytest.mark.parametrize("first", ["erasure", "touch"])
async def test_whoever_has_the_touch_by_then_does_something_at_that_moment(
    tmp_path: Path, postgres_url: str, first: str
) -> None:
    async with opened(tmp_path, postgres_url) as scoring:
        await scoring.given(CARD, DEMO, card("cleo"))
        await scoring.given(touch("ana", "demo_requested", 1, revision=2, person_id=who("cleo")))
        pair = ERASED[0], touch("cleo", "page_viewed", 2)
        await two_at_once(
            scoring.database, CONSUMING, lambda: NOW, *(pair if first == "erasure" else (pair[1], pair[0]))
        )
        assert await handed_over(scoring) == [who("cleo")]


async def test_that_something_was_sent_is_told_by_the_promotion_alone_whatever_is_kept_of_the_touch(
    scoring: ScoringService,
) -> None:
    await scoring.given(DEMO)
    async with scoring.database.work() as work:
        [row] = await work.rows(select(TOUCHES))
        before = json.encode({**json.decode(row.body), "promoted": True})
        await work.execute(update(TOUCHES).values(body=before))
    await scoring.given(CARD)
    assert await handed_over(scoring) == [who("ana")]
