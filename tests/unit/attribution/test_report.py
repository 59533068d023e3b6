"""Rows of reports: what they sum to, how they are named, in which order they come."""

from fractions import Fraction

from services.attribution.domain.credit import Credit, credit
from services.attribution.domain.journey import Journey
from services.attribution.domain.models import MODELS
from services.attribution.domain.report import KEYS, NONE, Row, by, by_department
from tests.unit.attribution.builders import deal, sequence

UNEARNED = credit(deal(amount_minor=50_00), Journey("deal", ()), MODELS["linear"])


def earned(*channels: str, amount_minor: int = 100_00) -> tuple[Credit, ...]:
    return credit(deal(amount_minor=amount_minor), sequence(*channels), MODELS["linear"])


def test_a_channel_is_one_row_however_often_it_earned() -> None:
    rows = by(earned("email", "phone", "email"), KEYS["channel"])
    assert rows == (
        Row(("email",), Fraction(2, 3), 66_67, Fraction(6667, 10000)),
        Row(("phone",), Fraction(1, 3), 33_33, Fraction(3333, 10000)),
    )


def test_the_most_money_comes_first_however_many_deals_the_others_have() -> None:
    small = (*earned("phone", amount_minor=1), *earned("phone", amount_minor=1))
    assert [row.key for row in by((*small, *earned("email")), KEYS["channel"])] == [("email",), ("phone",)]


def test_two_keys_make_a_row_of_each_pair() -> None:
    rows = by(earned("email", "phone"), KEYS["channel"], KEYS["department"])
    assert {row.key for row in rows} == {("email", "marketing"), ("phone", "marketing")}


def test_what_lacks_the_attribute_has_a_row_of_its_own() -> None:
    assert [row.key for row in by(earned("email"), KEYS["campaign"])] == [(NONE,)]


def test_departments_are_all_there_even_with_nothing() -> None:
    rows = by_department(earned("email"))
    assert [(row.key[0], row.amount_minor) for row in rows] == [("marketing", 100_00), ("sales", 0), ("service", 0)]


def test_what_nobody_earned_follows_the_departments() -> None:
    rows = by_department((*earned("email"), *UNEARNED))
    assert [row.key[0] for row in rows] == ["marketing", "sales", "service", "unattributed"]
    assert rows[-1].share == Fraction(1, 3)


def test_without_money_rows_are_parts_of_the_deals() -> None:
    rows = by(earned("email", "phone", amount_minor=0), KEYS["channel"])
    assert [row.share for row in rows] == [Fraction(1, 2)] * 2


def test_a_refund_keeps_parts_between_nothing_and_the_whole() -> None:
    rows = by((*earned("email"), *earned("phone", amount_minor=-100_00)), KEYS["channel"])
    assert [(row.key[0], row.amount_minor, row.share) for row in rows] == [
        ("email", 100_00, Fraction(1, 2)),
        ("phone", -100_00, Fraction(1, 2)),
    ]


def test_no_credits_are_no_rows() -> None:
    assert by((), KEYS["channel"]) == ()
