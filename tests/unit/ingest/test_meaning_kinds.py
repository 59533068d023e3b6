"""What happened, and who acted."""

from typing import Any

import pytest

from services.ingest.domain.call import Call
from services.ingest.domain.channels import CHANNELS
from services.ingest.domain.kinds import CHANNEL_OF_KIND, KINDS, department_of, direction_of, kind_of, snake_case
from services.ingest.domain.meaning import DEFAULT_RULES


def track(name: str, properties: dict[str, Any] | None = None, *, trusted: bool = True) -> Call:
    return Call("1", "crm", "segment", trusted, 0, "track", name, properties=properties or {})


@pytest.mark.parametrize(
    "name", ["Demo Requested", "DemoRequested", "demo-requested", " demo_requested ", "demoRequested"]
)
def test_one_name_in_any_spelling_is_one_kind(name: str) -> None:
    assert snake_case(name) == "demo_requested"


def test_a_kind_said_outright_holds_over_the_name() -> None:
    assert kind_of(track("Demo Requested", {"kind": "Chat"})) == "chat"


def test_a_kind_nobody_knows_leaves_the_name_to_decide() -> None:
    assert kind_of(track("Demo Requested", {"kind": "handshake"})) == "demo_requested"


def test_a_name_nobody_knows_is_custom() -> None:
    assert kind_of(track("Invoice Paid")) == "custom"


def test_segments_word_for_a_clicked_mail_is_understood() -> None:
    assert kind_of(track("Email Link Clicked")) == "email_clicked"


@pytest.mark.parametrize("name", ["Call", "Prospected", "Meeting Held", "Demo Held", "Email Sent", "Email Delivered"])
def test_a_public_key_never_makes_what_we_did_ourselves(name: str) -> None:
    assert kind_of(track(name)) == snake_case(name)
    assert kind_of(track(name, trusted=False)) == "custom"
    assert kind_of(track("x", {"kind": snake_case(name)}, trusted=False)) == "custom"


def test_a_public_key_may_book_a_meeting_but_not_for_sales() -> None:
    booked = track("Meeting Booked", trusted=False)
    assert department_of(booked, "meeting_booked", "meeting", DEFAULT_RULES.departments) == "marketing"


def test_a_call_by_sales_is_ours_and_one_to_the_service_desk_is_the_buyers() -> None:
    assert direction_of(track("Call"), "call", "sales") == "outbound"
    assert direction_of(track("Call"), "call", "service") == "inbound"
    assert direction_of(track("Call", {"direction": "Inbound"}), "call", "sales") == "inbound"


def test_a_public_key_cannot_say_that_we_acted() -> None:
    claimed = track("Chat", {"direction": "outbound", "department": "sales"}, trusted=False)
    assert direction_of(claimed, "chat", "marketing") == "inbound"
    assert department_of(claimed, "chat", "chat", DEFAULT_RULES.departments) == "marketing"


def test_a_server_key_may_say_that_we_acted() -> None:
    assert direction_of(track("Chat", {"direction": "Outbound"}), "chat", "marketing") == "outbound"


def test_support_belongs_to_service_and_sales_acts_to_sales() -> None:
    assert department_of(track("x"), "support_ticket", "other", {}) == "service"
    assert department_of(track("x"), "prospected", "email", {"email": "marketing"}) == "sales"
    assert department_of(track("x", {"department": "Service"}), "chat", "chat", {}) == "service"


def test_every_kind_with_a_channel_of_its_own_is_a_kind_and_the_channel_a_channel() -> None:
    assert CHANNEL_OF_KIND.keys() <= KINDS
    assert set(CHANNEL_OF_KIND.values()) <= CHANNELS
