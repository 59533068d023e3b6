"""What else the sender sent."""

from typing import Any

import pytest

from services.ingest.domain.call import Call, CallType
from services.ingest.domain.properties import LARGEST, properties_of


def kept(properties: dict[str, Any], call_type: CallType = "track") -> tuple[dict[str, Any], tuple[str, ...]]:
    return properties_of(Call("1", "w", "segment", True, 0, call_type, "x", properties=properties))


def test_plain_data_is_kept_as_it_is() -> None:
    properties = {"seats": 25, "beta": True, "tags": ["a", {"b": None}], "heard_from": "a podcast: the second one"}
    assert kept(properties) == (properties, ())


def test_what_a_page_call_says_of_its_page_is_kept_there_and_not_here() -> None:
    page = {"url": "https://a.example/?token=1", "path": "/", "title": "T", "referrer": "", "search": "?token=1"}
    assert kept({**page, "plan": "pro"}, "page") == ({"plan": "pro"}, ())


def test_addresses_lose_their_secrets_here_too() -> None:
    assert kept({"link": "https://a.example/?key=1"})[0] == {"link": "https://a.example/?key=redacted"}


def test_more_than_there_is_room_for_is_left_out_and_flagged() -> None:
    big = {f"field_{n}": "x" * 1_000 for n in range(60)}
    properties, flags = kept({**big, "nested": [{"deep": "é" * 40_000}], "heard_from": "a friend"})
    assert flags == ("properties_cut",)
    assert (properties["heard_from"], len(properties)) == ("a friend", 33)
    assert sum(len(name) + len(value) for name, value in properties.items()) < LARGEST


@pytest.mark.parametrize(("sent", "amount"), [("1,234.50", "1234.50"), (" 12 ", "12"), (48_000.5, 48_000.5), (0, 0)])
def test_an_amount_reads_as_a_number(sent: object, amount: object) -> None:
    assert kept({"revenue": sent}) == ({"revenue": amount}, ())


@pytest.mark.parametrize("revenue", [-5, "-5", 1e308, float("nan"), "a lot", "1.234,50", True, [1], 10**400])
def test_a_revenue_that_cannot_be_stays_as_sent_and_is_flagged(revenue: object) -> None:
    properties, flags = kept({"revenue": revenue})
    assert (str(properties["revenue"]), flags) == (str(revenue), ("bad_amount",))


def test_a_currency_is_in_capitals_or_flagged() -> None:
    assert kept({"currency": "usd"}) == ({"currency": "USD"}, ())
    assert kept({"currency": "euros"}) == ({"currency": "euros"}, ("bad_currency",))
    assert kept({"currency": "XXX"}) == ({"currency": "XXX"}, ("bad_currency",))
    assert kept({"currency": None}) == ({"currency": None}, ())
