"""Somebody is erased: what they did goes on earning what it earned, and is nobody's."""

import csv
from collections.abc import AsyncIterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from services.attribution.store.tables import METADATA
from shared.contracts.envelope import Emit
from shared.kernel.ids import touchpoint_id
from tests.handlers.attribution.books_of_all import MONTHS, sums
from tests.handlers.attribution.rebuilding import rebuilt_is_live
from tests.handlers.attribution.sales_news import acted, promoted, stages
from tests.handlers.attribution.scene import Scene, card, deal, merged, person, scene, spent, split, touch
from tests.handlers.erasing import CANARY, ERASURE, cells, erasure, leaks, receipts

SAID: dict[str, Any] = {
    "anonymous_id": CANARY, "message_id": CANARY, "page": {"title": CANARY},
    "properties": {"heard_from": CANARY, "outcome": CANARY},
}  # fmt: skip
VISITS = (
    touch("t0", 0, channel="organic_search", kind="page_viewed", campaign={"name": "spring"}, **SAID),
    touch("t1", 0.001, channel="organic_search", kind="form_submitted", **SAID),
    touch("t2", 2, "bo", channel="email", kind="email_clicked", **SAID),
    touch("t3", 3, channel="phone", kind="call", **SAID),
    touch("t4", 4, "cleo", channel="event", kind="event_attended"),
)
SALES = (stages("ana", lead=1, mql=2), promoted("ana", "t1"), acted("accepted", "ana", "t1", version=2))
DEALS = (
    deal("d-1", "ana", "cleo", account="acme"),
    deal("d-2", "ana", closed=130, account="acme", amount_minor=33_33),
    deal("d-3", "bo", closed=None, account="globex", role=None),
    deal("d-4", "cleo", closed=101, account="acme", role=None),
)
STORY = (
    *VISITS, *SALES, *DEALS, merged("bo", "ana"), card("ana", "acme", "globex"), card("cleo", "acme"),
    spent("email", 5_00),
)  # fmt: skip
ERASED = erasure(person("ana"), person("bo"))


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Scene]:
    async with scene(tmp_path) as found:
        yield found


async def told(stage: Scene, *events: Emit) -> None:
    """Each of these in a batch of its own."""
    for event in events:
        await stage.tell(event)


async def held(stage: Scene, *marks: str) -> list[tuple[str, str]]:
    """Where the store holds the canary, or other marks."""
    async with stage.database.read() as reader:
        return leaks(await cells(reader, METADATA), *marks)


async def test_no_sum_changes(stage: Scene) -> None:
    await stage.tell(*STORY)
    for month in MONTHS:
        assert (await stage.post(f"/v1/periods/{month}/close")).status_code == 200
    before = await sums(stage)
    await told(stage, *ERASED)
    assert await sums(stage) == before
    assert await rebuilt_is_live(stage)


async def test_no_history_has_a_line_for_it(stage: Scene) -> None:
    await stage.tell(*STORY)
    before = await stage.get("/v1/deals/d-1/credits/history")
    await told(stage, *ERASED)
    assert await stage.get("/v1/deals/d-1/credits/history") == before


async def test_what_they_did_is_shown_as_nobodys(stage: Scene) -> None:
    await stage.tell(*STORY)
    before = await stage.get("/v1/deals/d-1/credits")
    await told(stage, *ERASED)
    after = await stage.get("/v1/deals/d-1/credits")
    shown = [(one["channel"], one["share"], one["amount_minor"]) for one in after["credits"]]
    assert shown == [(one["channel"], one["share"], one["amount_minor"]) for one in before["credits"]]
    assert {one["person_id"] for one in after["credits"]} == {None, person("cleo")}
    why = await stage.get("/v1/deals/d-1/why")
    assert {one["person_id"] for one in why["counted"]} == {None, person("cleo")}
    assert [one["person_id"] for one in (await stage.get("/v1/deals/d-1"))["people"]] == [None, person("cleo")]


async def test_no_table_holds_anything_of_them(stage: Scene) -> None:
    await stage.tell(*STORY)
    assert await held(stage)
    await told(stage, *ERASED)
    assert await held(stage) == []


async def test_their_ids_are_left_in_tombstones_alone(stage: Scene) -> None:
    await stage.tell(*STORY)
    await told(stage, *ERASED)
    names = {name for name, _ in await held(stage, person("ana"), person("bo"))}
    assert names == {"people", "erased"}


async def test_no_answer_names_a_touch_of_theirs_by_its_id(stage: Scene) -> None:
    await stage.tell(*STORY)
    assert (await stage.post("/v1/periods/2026-04/close")).status_code == 200
    await stage.tell(touch("t9", 5, channel="chat"))
    await told(stage, *ERASED)
    paths = ("credits", "why", "credits/history")
    answers = [str(await stage.get(f"/v1/deals/d-1/{path}")) for path in paths]
    answers.append(str(await stage.get("/v1/periods/2026-04/adjustments")))
    ids = [touchpoint_id("web", f"t{number}") for number in (0, 1, 2, 3, 9)]
    assert [one for one in ids if any(one in answer for answer in answers)] == []
    assert "late_touch" in answers[-1]


async def test_a_file_of_everything_names_nobody_who_was_erased(stage: Scene) -> None:
    await stage.tell(*STORY)
    await told(stage, *ERASED)
    for name in ("credits", "journeys", "deals"):
        answer = await stage.ask(f"/v1/exports/{name}.csv")
        rows = list(csv.DictReader(StringIO(answer.text, newline="")))
        people = {row.get("person_id") or row.get("people", "") for row in rows}
        assert people <= {"", person("cleo")}, name


async def test_what_is_held_of_them_is_gone(stage: Scene) -> None:
    await stage.tell(*STORY)
    await told(stage, *ERASED)
    answers = [await stage.ask(f"/v1/people/{person(who)}/export") for who in ("ana", "bo")]
    assert [(one.status_code, ERASURE in one.text) for one in answers] == [(410, True)] * 2


async def test_an_erasure_is_answered_once_with_what_went(stage: Scene) -> None:
    await stage.tell(*STORY)
    await told(stage, *ERASED)
    async with stage.database.read() as reader:
        [done] = await receipts(reader)
    removed = {one.store: one.removed for one in done.stores}
    assert (done.service, removed["touches"], removed["deals"], removed["stages"]) == ("attribution", 4, 3, 1)


@pytest.mark.parametrize("first", ["deal", "erasure", "together"])
async def test_a_deal_that_is_published_again_without_them_earns_the_same(stage: Scene, first: str) -> None:
    await stage.tell(*STORY)
    before = await sums(stage)
    again = deal("d-1", "cleo", account="acme", revision=2)
    batches = {"deal": [[again], ERASED], "erasure": [ERASED, [again]], "together": [[*ERASED, again]]}[first]
    for batch in batches:
        await stage.tell(*batch)
    assert await sums(stage) == before


@pytest.mark.parametrize("place", [0, 1, 2])
async def test_a_later_version_of_a_deal_keeps_who_was_erased(stage: Scene, place: int) -> None:
    await stage.tell(*STORY)
    before = await stage.earned()
    again = [
        deal("d-1", "cleo", account="acme", revision=2),
        deal("d-1", "cleo", account="acme", version=2, revision=3, stage="signed"),
    ]
    await told(stage, *again[:place], *ERASED, *again[place:])
    assert await stage.earned() == before


@pytest.mark.parametrize("first", ["deal", "erasure"])
async def test_whoever_left_a_deal_before_does_not_come_back_to_it(stage: Scene, first: str) -> None:
    await stage.tell(*VISITS, deal("d-1", "ana", "cleo"))
    posted = deal("d-1", "cleo", version=2, revision=2)
    await told(stage, *((posted, *ERASED) if first == "deal" else (*ERASED, posted)))
    assert await stage.earned() == {"event": 100_00}


async def test_who_was_only_taken_for_the_erased_person_keeps_what_is_theirs(stage: Scene) -> None:
    await stage.tell(*VISITS, deal("d-1", "cleo"), merged("cleo", "ana"))
    await told(stage, *ERASED)
    await stage.tell(split("cleo"))
    [credit] = (await stage.get("/v1/deals/d-1/credits", model="linear"))["credits"]
    assert (credit["person_id"], credit["channel"]) == (person("cleo"), "event")


async def test_a_touch_that_moves_to_somebody_else_is_theirs(stage: Scene) -> None:
    await stage.tell(*VISITS, deal("d-1", "cleo"))
    await told(stage, *ERASED)
    await stage.tell(touch("t3", 3, "cleo", channel="phone", kind="call", revision=2))
    assert set(await stage.earned(model="linear")) == {"phone", "event"}
    await stage.tell(touch("t3", 3, "ana", channel="phone", kind="call", revision=3))
    assert set(await stage.earned(model="linear")) == {"event"}
