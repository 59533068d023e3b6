"""What may be said in a tracking call."""

import pytest

from services.ingest.domain import calls
from services.ingest.domain.claimed_time import claimed
from services.ingest.domain.text import readable
from shared.kernel import instant
from shared.kernel.errors import Reject


@pytest.mark.parametrize(
    ("value", "text"), [("u", "u"), (7, "7"), (7.0, "7"), (1.5, "1.5"), (2**60, str(2**60)), ("", ""), (None, None)]
)
def test_an_id_is_a_text_or_the_text_of_a_number(value: object, text: str | None) -> None:
    assert calls.identifier(value, "userId") == text


@pytest.mark.parametrize("value", [True, [], {}, ["u"], "u" * 257])
def test_what_is_no_id_is_refused_with_its_path(value: object) -> None:
    with pytest.raises(Reject) as refused:
        calls.identifier(value, "userId")
    assert refused.value.path == "userId"


@pytest.mark.parametrize("name", ["deal.closed_won", "Lead.MQL", "throughline.lead.qualified.v1"])
def test_only_a_trusted_sender_names_our_own_events(name: str) -> None:
    with pytest.raises(Reject, match="write key") as refused:
        calls.event_name(name, "event", required=True, trusted=False)
    assert refused.value.code == "not_allowed"
    assert calls.event_name(name, "event", required=True, trusted=True) == name


@pytest.mark.parametrize("name", ["Opportunity Closed Won", "leads.form.sent", "my.deal.closed", "Meeting Held"])
def test_a_name_alone_claims_nothing(name: str) -> None:
    assert calls.event_name(name, "event", required=True, trusted=False) == name


@pytest.mark.parametrize(
    "properties", [{"kind": "call"}, {"kind": " Demo_Held"}, {"department": "SALES"}, {"direction": "outbound"}]
)
def test_an_outright_claim_of_a_sales_act_is_refused(properties: dict[str, str]) -> None:
    with pytest.raises(Reject) as refused:
        calls.refuse_sales_claims(properties)
    assert (refused.value.code, refused.value.path) == ("not_allowed", f"properties.{next(iter(properties))}")


@pytest.mark.parametrize("properties", [{"kind": "demo_requested"}, {"department": "salesforce"}, {"kind": ["call"]}])
def test_other_properties_are_nobodys_claim(properties: dict[str, object]) -> None:
    calls.refuse_sales_claims(properties)


def test_an_address_is_the_first_one_that_can_be_one() -> None:
    assert calls.address(None, {"email": "no"}, {"email": " A@B.example "}) == "a@b.example"
    assert calls.address({"email": "a@b.example\r\nBcc: c@d.example", "phone": "+49 30 1"}) == "+49 30 1"
    assert calls.address({"email": "a" * 300 + "@b.example"}, {"phone": "none"}) is None


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        (" Page Seen ", "Page Seen"), ("a\u202eb\x07", "a b"), ("Größe 👩‍💻", "Größe 👩‍💻"), ("\ufeff\x00", ""),
    ],
)  # fmt: skip
def test_readable_text_neither_rings_nor_turns_around(text: str, clean: str) -> None:
    assert readable(text) == clean


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("2026-11-21T23:00:21.074Z", "2026-11-21T23:00:21.074Z"),
        ("2026-11-21T23:00:21.074567+00:00", "2026-11-21T23:00:21.074Z"),
        ("2026-01-01T00:00:00+14:00", "2025-12-31T10:00:00.000Z"),
        ("2026-01-01 00:00:00", "2026-01-01T00:00:00.000Z"),
        ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00.000Z"),
        ("9999-12-31", "9999-12-31T00:00:00.000Z"),
        (1_795_302_021_074, "2026-11-21T23:00:21.074Z"),
        (1_795_302_021, "2026-11-21T23:00:21.000Z"),
        (1_795_302_021.5, "2026-11-21T23:00:21.500Z"),
        ("1701012930123", "2023-11-26T15:35:30.123Z"),
    ],
)
def test_a_claimed_time_is_read_in_every_form_it_comes_in(value: object, text: str) -> None:
    moment = claimed(value)
    assert moment is not None
    assert instant.to_text(moment) == text


@pytest.mark.parametrize(
    "value",
    [
        "", "yesterday", "0000-00-00", "2026-13-01", "26:60", True, None, {}, -5, 0, 1e308, "9" * 17,
        "9999-12-31T23:59:59-14:00", "9999-12-31T23:59:60Z", "0001-01-01T00:00:00+14:00",
    ],
)  # fmt: skip
def test_what_names_no_time_is_none(value: object) -> None:
    assert claimed(value) is None
