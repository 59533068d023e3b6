"""What an event names somebody by, and what names nobody."""

from typing import Any

import pytest

from services.ingest.domain.call import Call, CallType
from services.ingest.domain.identifiers import JUNK, email, identifiers_of, is_junk, phone
from services.ingest.handlers.deal_versions import contact_identifiers
from shared.contracts.deals import DealContact


def call(of: CallType = "track", **said: Any) -> Call:
    return Call("1", "web", "segment", trusted=False, received_at=0, type=of, **said)


def texts(of: Call, kind: str = "custom", traits: dict[str, Any] | None = None) -> list[str]:
    return [str(one) for one in identifiers_of(of, kind, traits or {})]


def test_all_that_names_somebody_is_found_the_strongest_first() -> None:
    traits = {"email": "Ada@Example.com", "phone": "+44 20 7946 0958", "crm_contact_id": "c1"}
    assert texts(call(user_id="u", anonymous_id="b"), traits=traits) == [
        "user_id:u", "crm_contact_id:c1", "email:ada@example.com", "phone:+442079460958", "anonymous_id:b",
    ]  # fmt: skip


@pytest.mark.parametrize("kind", ["form_submitted", "demo_requested", "trial_started", "content_downloaded"])
def test_what_somebody_wrote_into_a_form_names_them(kind: str) -> None:
    form = call(properties={"email": "ada@example.com", "phone": "+442079460958"})
    assert texts(form, kind) == ["email:ada@example.com", "phone:+442079460958"]


@pytest.mark.parametrize("kind", ["page_viewed", "custom", "chat", "email_clicked"])
def test_an_address_in_the_properties_of_any_other_kind_names_nobody(kind: str) -> None:
    assert texts(call(properties={"email": "ada@example.com"}), kind) == []


def test_an_address_in_free_text_names_nobody() -> None:
    form = call(properties={"message": "write to ada@example.com", "comment": "+442079460958"})
    assert texts(form, "form_submitted") == []


def test_the_former_id_of_an_alias_may_be_a_persons_or_a_browsers() -> None:
    assert texts(call("alias", user_id="u", previous_id="p")) == ["user_id:p", "user_id:u", "anonymous_id:p"]


def test_a_former_id_outside_of_an_alias_names_nobody() -> None:
    assert texts(call(previous_id="p")) == []


@pytest.mark.parametrize("junk", sorted(JUNK))
def test_a_value_that_says_nothing_names_nobody(junk: str) -> None:
    assert texts(call(user_id=f" {junk.upper()} ", anonymous_id=junk)) == []
    assert texts(call("alias", user_id=junk, previous_id=junk), traits={"crm_contact_id": junk}) == []
    assert contact_identifiers(DealContact(user_id=junk, crm_contact_id=f" {junk}")) == ()


@pytest.mark.parametrize("junk", ["NULL", " undefined ", "NaN", "[object Object]", "{}", "[]", "not_set", "UserID"])
def test_what_broken_clients_send_is_junk(junk: str) -> None:
    assert is_junk(junk)


@pytest.mark.parametrize("text", ["1", "u-1", "nullable@b.example", "00", "tester"])
def test_an_id_that_may_be_somebody_is_no_junk(text: str) -> None:
    assert not is_junk(text)


@pytest.mark.parametrize("value", [None, 0, 17, True, ["u"], {"id": "u"}, "x" * 257])
def test_what_is_no_short_text_names_nobody(value: Any) -> None:
    assert texts(call(user_id=value), traits={"email": value, "phone": value, "crm_contact_id": value}) == []


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (" Ada@Example.COM ", "ada@example.com"),
        ("ada+news@example.com", "ada+news@example.com"),
        ("a.b@sub.example.co.uk", "a.b@sub.example.co.uk"),
        ("ådä@exämple.com", "ådä@exämple.com"),
    ],
)
def test_an_address_is_kept_in_lower_case_with_its_tag(written: str, read: str) -> None:
    assert str(email(written)) == f"email:{read}"


@pytest.mark.parametrize(
    "written",
    ["", "ada", "@example.com", "ada@", "ada@example", "ada@.", "a b@example.com", "a@b@example.com", "a\n@example.com",
     "x" * 250 + "@example.com"],
)  # fmt: skip
def test_what_is_no_address_is_none(written: str) -> None:
    assert email(written) is None


def test_one_phone_however_it_is_written_is_one_identifier() -> None:
    assert phone("+44 (0)20 7946 0958") == phone("+442079460958") == phone(" +44-20-7946-0958 ")


@pytest.mark.parametrize("written", ["020 7946 0958", "+", "+44", "+999999999999999999", "call me", "+44 notanumber"])
def test_a_number_that_nobody_can_dial_from_anywhere_names_nobody(written: str) -> None:
    assert phone(written) is None
