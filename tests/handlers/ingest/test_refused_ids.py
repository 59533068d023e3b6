"""What a door refused is found by the message id that it answered with, whatever the text looks like that is kept."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from services.ingest.domain.limits import Limits
from shared.contracts.touchpoints import RejectedTouchpoint
from shared.kernel.ids import derived
from tests.handlers.ingest.at_ingest import IngestService, day, identify, opened, refused, reject
from tests.handlers.ingest.at_the_door import Doors

EMAIL = "ana@acme.example"
LONG = "x" * Limits().item_bytes
CUT = f'{{"properties":{{"note":"{LONG}"'
"""A text that is kept of a call whose message id stood behind it."""


@pytest.fixture
async def doors() -> Doors:
    return await Doors().open()


@pytest.fixture
async def ingest(tmp_path: Path) -> AsyncIterator[IngestService]:
    async with opened(tmp_path, alone=True) as service:
        yield service


async def passed_on(doors: Doors, ingest: IngestService) -> list[Any]:
    """Have the service take what the doors refused; answers what it is."""
    rejects = await doors.events("touchpoints.rejected")
    await ingest.given(*map(refused, rejects))
    return rejects


def cut(message_id: str | None, body: str = CUT) -> RejectedTouchpoint:
    return RejectedTouchpoint(
        id=f"00000000-0000-5000-8000-{len(message_id or ''):012d}", source="web", door="segment", received_at=day(5),
        codes=("event_too_large",), reasons=("a call is too large",), body=body, message_id=message_id,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("sent", "answered"),
    [
        ('"m-1"', "m-1"),
        ("4711", "4711"),
        ("4711.0", "4711"),
        ('"m\\u00fcller"', "müller"),
        ('"m\\u0000-1"', "m-1"),
        (f'"m-1", "properties": {{"note": "{LONG}"}}', "m-1"),
    ],
    ids=["text", "whole", "decimal", "escaped", "nul", "cut"],
)
@pytest.mark.parametrize("path", ["/v1/track", "/v1/batch"])
async def test_it_is_found_by_the_id_that_the_door_answered(
    doors: Doors, ingest: IngestService, path: str, sent: str, answered: str
) -> None:
    call = f'{{"event": "E", "context": {{"note": "{LONG if "note" in sent else ""}"}}, "messageId": {sent}}}'
    body = call if path == "/v1/track" else f'{{"batch": [{call}]}}'
    answer = await doors.ask("POST", path, content=body, auth=("wk", ""))
    assert answer.status_code == (413 if path == "/v1/track" and "note" in sent else 400)
    assert [one["message_id"] for one in answer.json()["rejected"]] == [answered]
    (whole,) = await passed_on(doors, ingest)
    assert whole.id == derived("rejected", "web", body if path == "/v1/track" else call)
    items = await ingest.pages("/v1/events", message_id=answered)
    assert [(one["message_id"], one["state"]) for one in items] == [(answered, "rejected")]
    assert await ingest.pages("/v1/events") == items


@pytest.mark.parametrize(
    "sent", ["true", '["m-1"]', f'"{"m" * 101}"', '"m\\ud800"'], ids=["truth", "list", "long", "half a pair"]
)
async def test_an_id_that_is_the_reason_itself_is_not_repeated(doors: Doors, ingest: IngestService, sent: str) -> None:
    call = f'{{"type": "track", "event": "E", "userId": "u", "messageId": {sent}}}'
    answer = await doors.ask("POST", "/v1/batch", content=f'{{"batch": [{call}]}}', auth=("wk", ""))
    assert [one["message_id"] for one in answer.json()["rejected"]] == [None]
    (whole,) = await passed_on(doors, ingest)
    assert whole.message_id is None
    assert [one["message_id"] for one in await ingest.pages("/v1/events")] == [None]


async def test_what_says_no_id_on_the_log_is_found_by_the_one_in_its_text(ingest: IngestService) -> None:
    await ingest.given(refused(cut(None, '{"messageId":4711}')))
    assert [one["message_id"] for one in await ingest.pages("/v1/events", message_id="4711")] == ["4711"]


async def test_a_quote_in_an_id_does_not_hide_whom_the_text_speaks_of(ingest: IngestService) -> None:
    await ingest.given(identify("m1", 1, EMAIL, user_id="ana"))
    (ana,) = await ingest.found(email=EMAIL)
    await ingest.given(refused(cut('m"', '{"userId": "ana"}')))
    await ingest.finished((await ingest.erase(ana["id"])).json()["id"])
    assert await ingest.rows("rejected") == 0


async def test_an_id_that_names_somebody_is_exported_and_goes_with_them(ingest: IngestService) -> None:
    await ingest.given(identify("m1", 1, EMAIL, user_id="ana"), refused(cut(EMAIL)), refused(cut("m2")))
    await ingest.given(refused(cut("ana")))
    (ana,) = await ingest.found(email=EMAIL)
    whole = await ingest.get(f"/v1/people/{ana['id']}/export")
    assert [one["message_id"] for one in whole["rejected"]] == [EMAIL, "ana"]
    receipt = await ingest.finished((await ingest.erase(ana["id"])).json()["id"])
    assert {line["store"]: line["removed"] for line in receipt["stores"]}["rejected"] == 2
    await ingest.given(refused(cut(EMAIL)), reject("m3", 6))
    assert [one["message_id"] for one in await ingest.pages("/v1/events")] == [None, "m2", "m3"]
    assert await ingest.pages("/v1/events", message_id=EMAIL) == []
