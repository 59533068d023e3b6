"""Spend, from the request to the log."""

from typing import Any

import pytest

from shared.kernel import instant
from tests.handlers.ingest.at_the_door import NOW, SERVER, WRITE, Doors

COLLECTED = "spend.collected"
SPEND = {"channel": "paid_search", "campaign": "Spring", "day": "2026-11-01", "amount": "1250.00", "currency": "eur"}


@pytest.fixture
async def doors() -> Doors:
    return await Doors().open()


async def test_spend_is_on_the_log_under_what_it_was_spent_on(doors: Doors) -> None:
    answer = await doors.post("/v1/spend", SPEND, auth=SERVER)
    assert answer.json() == {"success": True, "accepted": 1, "rejected": []}
    [event] = await doors.events(COLLECTED)
    assert (event.channel, event.campaign, event.source) == ("paid_search", "Spring", "web")
    assert (event.amount_minor, event.currency, event.version) == (1_250_00, "EUR", NOW)
    assert event.day == instant.parse("2026-11-01T00:00:00Z")
    [record] = await doors.records(COLLECTED)
    assert record.key == event.id.encode()


async def test_a_write_key_posts_no_spend(doors: Doors) -> None:
    answer = await doors.post("/v1/spend", SPEND, auth=WRITE)
    assert (answer.status_code, await doors.records(COLLECTED)) == (403, [])


async def test_versions_of_the_same_day_share_an_id_and_other_days_do_not(doors: Doors) -> None:
    said: list[dict[str, Any]] = [
        {"version": 2},
        {"occurred_at": "2026-11-02T00:00:00Z"},
        {"amount": 7},
        {"day": "2026-11-02"},
    ]
    await doors.post("/v1/spend", [SPEND | more for more in said], auth=SERVER)
    events = await doors.events(COLLECTED)
    assert len({event.id for event in events[:3]}) == 1
    assert events[3].id != events[0].id
    assert [event.version for event in events[:3]] == [2, instant.parse("2026-11-02T00:00:00Z"), NOW]


@pytest.mark.parametrize(
    ("change", "code", "path"),
    [
        ({"channel": "billboards"}, "bad_channel", "channel"),
        ({"channel": None}, "missing_field", "channel"),
        ({"campaign": ["Spring"]}, "bad_text", "campaign"),
        ({"campaign": "x" * 257}, "name_too_long", "campaign"),
        ({"campaign": "ana@acme.example"}, "bad_campaign", "campaign"),
        ({"day": None}, "missing_field", "day"),
        ({"day": "2026-02-30"}, "bad_day", "day"),
        ({"day": "2026-11-01T00:00:00Z"}, "bad_day", "day"),
        ({"day": "1999-12-31"}, "bad_day", "day"),
        ({"day": "2028-11-01"}, "bad_day", "day"),
        ({"amount": "-1"}, "bad_amount", "amount"),
        ({"amount": "0.001"}, "bad_amount", "amount"),
        ({"amount_minor": 5}, "bad_amount", "amount"),
        ({"currency": "EURO"}, "bad_currency", "currency"),
        ({"currency": "XXX"}, "bad_currency", "currency"),
        ({"version": -1}, "bad_version", "version"),
        ({"occurred_at": "then"}, "bad_time", "occurred_at"),
    ],
)
async def test_bad_spend_is_refused_alone_with_the_place(
    doors: Doors, change: dict[str, Any], code: str, path: str
) -> None:
    answer = await doors.post("/v1/spend", [SPEND, SPEND | change], auth=SERVER)
    assert (answer.status_code, answer.json()["accepted"]) == (200, 1)
    assert [item["code"] for item in answer.json()["rejected"]] == [code]
    [kept] = await doors.events("touchpoints.rejected")
    assert kept.reasons[0].startswith(f"{path}: ")
