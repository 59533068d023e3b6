"""What a call says of the person."""

from typing import Any

import pytest

from services.ingest.domain.call import Call, CallType
from services.ingest.domain.traits import traits_of


def said(
    traits: dict[str, Any], beside: Any = None, call_type: CallType = "identify"
) -> tuple[dict[str, Any], tuple[str, ...]]:
    return traits_of(Call("1", "w", "segment", True, 0, call_type, traits=traits, context={"traits": beside}))


def test_known_traits_have_one_name_and_others_their_own() -> None:
    company = {"name": "Acme", "employeeCount": 7}
    sent = {
        "firstName": "Ana",
        "LastName": "Reyes",
        "crmContactId": "c-1",
        "company": company,
        "colour": "red",
    }
    assert said(sent)[0] == {
        "first_name": "Ana", "last_name": "Reyes", "crm_contact_id": "c-1", "company": company, "colour": "red",
    }  # fmt: skip


def test_of_two_spellings_ours_holds() -> None:
    assert said({"first_name": "Ana", "firstName": "ANA"})[0] == {"first_name": "Ana"}
    assert said({"firstName": "ANA", "first_name": "Ana"})[0] == {"first_name": "Ana"}


def test_traits_beside_the_call_count_and_those_of_the_call_win() -> None:
    assert said({"name": "Ana"}, {"name": "Old", "plan": "pro"})[0] == {"name": "Ana", "plan": "pro"}
    assert said({}, {"email": "Ana@Acme.example"}, "track")[0] == {"email": "ana@acme.example"}


def test_the_traits_of_a_group_are_not_the_persons() -> None:
    assert said({"name": "Acme"}, None, "group") == ({}, ())


def test_a_name_that_is_too_long_for_a_trait_is_left_out_and_flagged() -> None:
    assert said({"n" * 257: 1, "m" * 257: 2, "n" * 256: 3}) == ({"n" * 256: 3}, ("trait_name_too_long",))


@pytest.mark.parametrize("email", ["ana", "@acme.example", 7, "null", "a b@acme.example"])
def test_an_email_that_cannot_be_one_is_left_out_and_flagged(email: object) -> None:
    assert said({"email": email, "name": "Ana"}) == ({"name": "Ana"}, ("bad_email",))


@pytest.mark.parametrize("phone", ["call me", 7, "12", "1" * 30])
def test_a_phone_nobody_could_dial_is_left_out_and_flagged(phone: object) -> None:
    assert said({"phone": phone}) == ({}, ("bad_phone",))


@pytest.mark.parametrize("phone", ["+49 30 901820", "030 901820", "(212) 555-0100 ext. 7"])
def test_a_phone_is_kept_as_it_is_written(phone: str) -> None:
    assert said({"phone": phone}) == ({"phone": phone}, ())


def test_what_is_empty_says_nothing() -> None:
    assert said({"email": None, "name": " ", "title": ""}, "no object") == ({}, ())
