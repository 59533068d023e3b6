"""What a person allows: a fold over what was said under each of their identifiers."""

from services.ingest.domain.consent import Said, heard, of_person


def test_the_later_statement_holds_whichever_is_heard_first() -> None:
    earlier, later = {"scoring": False}, {"scoring": True}
    one = heard(heard({}, earlier, 1, "a"), later, 2, "b")
    other = heard(heard({}, later, 2, "b"), earlier, 1, "a")
    assert one == other == {"scoring": Said(2, "b", allowed=True)}


def test_of_two_statements_of_one_instant_the_larger_id_holds() -> None:
    said = heard(heard({}, {"scoring": True}, 1, "b"), {"scoring": False}, 1, "a")
    assert of_person([said]) == {"scoring": True}


def test_a_statement_about_one_purpose_leaves_the_others() -> None:
    said = heard(heard({}, {"scoring": False, "analytics": True}, 1, "a"), {"scoring": True}, 2, "b")
    assert of_person([said]) == {"analytics": True, "scoring": True}


def test_a_refusal_under_one_identifier_holds_for_the_person_however_old_it_is() -> None:
    refused, allowed = heard({}, {"sales_handoff": False}, 1, "a"), heard({}, {"sales_handoff": True}, 9, "b")
    assert of_person([refused, allowed]) == of_person([allowed, refused]) == {"sales_handoff": False}


def test_of_whom_nothing_was_said_nothing_is_told() -> None:
    assert of_person([]) == of_person([{}, {}]) == {}
