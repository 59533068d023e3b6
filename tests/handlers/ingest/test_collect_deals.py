"""Deals, from the request to the log."""

import json
from typing import Any

import pytest

from shared.contracts.deals import DealContact
from shared.contracts.touchpoints import AccountRef
from shared.kernel import instant
from tests.handlers.ingest.at_the_door import NOW, SERVER, WRITE, Doors

COLLECTED = "deals.collected"
CREATED = "2026-01-01T00:00:00Z"
DEAL = {"id": "d-1", "status": "open", "amount": "12500.00", "currency": "eur", "created_at": CREATED}


@pytest.fixture
async def doors() -> Doors:
    return await Doors().open()


async def test_a_deal_is_on_the_log_under_its_id(doors: Doors) -> None:
    deal = DEAL | {
        "name": "Big", "account": {"domain": "https://www.B.example/"}, "owner": "kim",
        "occurred_at": "2026-02-01T00:00:00Z",
        "contacts": [{"email": "a@b.example", "role": "buyer"}, {"user_id": 7}],
    }  # fmt: skip
    answer = await doors.post("/v1/deals", deal, auth=SERVER)
    assert answer.json() == {"success": True, "accepted": 1, "rejected": []}
    [record] = await doors.records(COLLECTED)
    assert record.key == b"d-1"
    [event] = await doors.events(COLLECTED)
    assert (event.amount_minor, event.currency, event.deal_type, event.closed_at) == (1_250_000, "EUR", "new", None)
    assert event.version == event.occurred_at == instant.parse("2026-02-01T00:00:00Z")
    assert event.contacts == (DealContact(email="a@b.example", role="buyer"), DealContact(user_id="7"))
    assert event.account == AccountRef(id="b.example", domain="b.example")


@pytest.mark.parametrize(
    ("given", "account"),
    [
        ({"id": "null", "name": "Acme"}, AccountRef(id="Acme", name="Acme")),
        ({"id": " [object Object]", "domain": "acme.example"}, AccountRef(id="acme.example", domain="acme.example")),
        ({"id": "not_set"}, None),
    ],
)
async def test_an_account_is_not_called_what_says_nothing(
    doors: Doors, given: dict[str, str], account: AccountRef | None
) -> None:
    await doors.post("/v1/deals", DEAL | {"account": given}, auth=SERVER)
    [event] = await doors.events(COLLECTED)
    assert event.account == account


async def test_a_write_key_posts_no_deals(doors: Doors) -> None:
    answer = await doors.post("/v1/deals", DEAL, auth=WRITE)
    assert (answer.status_code, await doors.records(COLLECTED)) == (403, [])


@pytest.mark.parametrize(
    ("name", "status"),
    [
        (r"\\u0000", 200),
        (r"C:\\\\u0000", 200),
        (r"\u0000", 400),
        (r"\\\u0000", 400),
        (r"\ud800", 400),
        (r"\\uffff", 200),
    ],
)
async def test_what_is_no_character_is_refused_and_what_only_tells_of_it_is_taken(
    doors: Doors, name: str, status: int
) -> None:
    body = json.dumps(DEAL | {"name": "NAME"}).replace("NAME", name)
    answer = await doors.post("/v1/deals", content=body, auth=SERVER)
    assert answer.status_code == status
    assert [event.name for event in await doors.events(COLLECTED)] == (
        [json.loads(body)["name"]] if status == 200 else []
    )


@pytest.mark.parametrize("text", ['"0.1"', "0.10", "0.1"])
async def test_an_amount_is_read_from_the_text_as_sent(doors: Doors, text: str) -> None:
    body = f'{{"id": "d", "status": "open", "currency": "EUR", "created_at": "{CREATED}", "amount": {text}}}'
    assert (await doors.post("/v1/deals", content=body, auth=SERVER)).status_code == 200
    [event] = await doors.events(COLLECTED)
    assert event.amount_minor == 10


@pytest.mark.parametrize(
    ("change", "code", "path"),
    [
        ({"amount": "1.234"}, "bad_amount", "amount"),
        ({"amount": "1.5", "currency": "JPY"}, "bad_amount", "amount"),
        ({"amount": "12.000"}, "bad_amount", "amount"),
        ({"amount": "1.00", "currency": "JPY"}, "bad_amount", "amount"),
        ({"amount": None}, "bad_amount", "amount"),
        ({"amount": None, "amount_minor": 1.5}, "bad_amount", "amount_minor"),
        ({"amount": True}, "bad_amount", "amount"),
        ({"currency": "EURO"}, "bad_currency", "currency"),
        ({"status": "maybe"}, "bad_status", "status"),
        ({"id": ""}, "missing_field", "id"),
        ({"created_at": "yesterday"}, "bad_time", "created_at"),
        ({"version": -1}, "bad_version", "version"),
        ({"version": 10**30}, "bad_version", "version"),
        ({"version": f"{0:020}{10**30}"}, "bad_version", "version"),
        ({"version": f"{0:020}{'9' * 5_000}"}, "bad_version", "version"),
        ({"version": ""}, "bad_version", "version"),
        ({"deal_type": "other"}, "bad_deal_type", "deal_type"),
        ({"contacts": [{"role": "x"}]}, "bad_contacts", "contacts[0]"),
        ({"contacts": [{"email": "nobody"}]}, "bad_email", "contacts[0].email"),
        ({"account": "acme"}, "bad_account", "account"),
    ],
)
async def test_a_bad_deal_is_refused_alone_with_the_place(
    doors: Doors, change: dict[str, Any], code: str, path: str
) -> None:
    answer = await doors.post("/v1/deals", [DEAL, DEAL | change], auth=SERVER)
    assert (answer.status_code, answer.json()["accepted"]) == (200, 1)
    assert [item["code"] for item in answer.json()["rejected"]] == [code]
    [kept] = await doors.events("touchpoints.rejected")
    assert kept.reasons[0].startswith(f"{path}: ")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"amount": "12.000"}, "EUR has 2 digits after the point"),
        ({"amount": None, "amount_minor": 1.5}, "minor units are a whole number"),
        ({"amount": None, "amount_minor": "1250000.0", "currency": "JPY"}, "minor units are a whole number"),
    ],
)
async def test_a_refused_amount_says_what_the_sender_can_mend(doors: Doors, change: dict[str, Any], told: str) -> None:
    answer = await doors.post("/v1/deals", DEAL | change, auth=SERVER)
    assert answer.json()["rejected"][0]["message"] == told


async def test_a_deal_in_no_currency_is_taken_and_flagged(doors: Doors) -> None:
    """A deal ends a sale whatever it was worth; no rate is for what is no currency, so no total counts it."""
    won = DEAL | {"status": "won", "currency": "xxx"}
    answer = await doors.post("/v1/deals", [won, DEAL], auth=SERVER)
    assert answer.json()["accepted"] == 2
    flagged, plain = await doors.events(COLLECTED)
    assert (flagged.currency, flagged.flags) == ("XXX", ("no_closed_at", "bad_currency"))
    assert plain.flags == ()


async def test_a_won_deal_without_a_close_closes_when_it_was_said_and_is_flagged(doors: Doors) -> None:
    won = DEAL | {"status": "won"}
    await doors.post("/v1/deals", [won, won | {"occurred_at": CREATED}], auth=SERVER)
    at_arrival, as_said = await doors.events(COLLECTED)
    assert (at_arrival.closed_at, at_arrival.flags) == (NOW, ("no_closed_at",))
    assert (as_said.closed_at, as_said.flags) == (instant.parse(CREATED), ("no_closed_at",))


async def test_zeros_in_front_of_a_version_say_nothing(doors: Doors) -> None:
    await doors.post("/v1/deals", [DEAL | {"version": f"{7:030}"}, DEAL | {"version": "000"}], auth=SERVER)
    assert [event.version for event in await doors.events(COLLECTED)] == [7, 0]


async def test_the_same_version_sent_again_is_the_same_event(doors: Doors) -> None:
    deal = DEAL | {"version": 3}
    await doors.post("/v1/deals", [deal, deal, deal | {"stage": "proposal"}], auth=SERVER)
    first, again, changed = await doors.events(COLLECTED)
    assert first.event_id == again.event_id != changed.event_id
    assert first.version == 3
