"""Money as read from texts, and as split."""

from fractions import Fraction

import pytest

from shared.kernel.errors import Reject
from shared.kernel.money import currency_code, exponent, is_currency, letters, minor_units, split

THIRDS = [Fraction(1, 3)] * 3


@pytest.mark.parametrize(
    ("text", "currency", "expected"),
    [
        ("12500.00", "EUR", 1_250_000),
        ("12500", "EUR", 1_250_000),
        (" 0.10 ", "USD", 10),
        ("1250", "JPY", 1_250),
        ("1.234", "KWD", 1_234),
        ("-12.5", "EUR", -1_250),
        ("0", "EUR", 0),
    ],
)
def test_an_amount_is_read_in_the_minor_units_of_its_currency(text: str, currency: str, expected: int) -> None:
    assert minor_units(text, currency) == expected


@pytest.mark.parametrize(
    ("text", "currency"),
    [
        ("1.005", "EUR"),
        ("12.000", "EUR"),
        ("1.5", "JPY"),
        ("1250.00", "JPY"),
        ("a lot", "EUR"),
        ("", "EUR"),
        ("NaN", "EUR"),
        ("Infinity", "EUR"),
    ],
)
def test_an_amount_that_its_currency_cannot_hold_is_refused(text: str, currency: str) -> None:
    with pytest.raises(Reject) as refused:
        minor_units(text, currency)
    assert refused.value.code == "bad_amount"


def test_the_largest_amount_is_ten_to_the_fifteen_minor_units() -> None:
    assert minor_units("10000000000000.00", "EUR") == 10**15
    with pytest.raises(Reject, match="too large"):
        minor_units("10000000000000.01", "EUR")


def test_a_currency_is_three_letters() -> None:
    assert currency_code(" eur ") == "EUR"
    for text in ("EURO", "E1R", "", "éur"):
        with pytest.raises(Reject, match="three letters"):
            currency_code(text)


@pytest.mark.parametrize("text", ["XXX", "xts"])
def test_codes_for_no_currency_name_none(text: str) -> None:
    with pytest.raises(Reject, match="no currency"):
        currency_code(text)
    assert not is_currency(letters(text))


def test_currencies_have_their_own_number_of_digits() -> None:
    assert [exponent(currency) for currency in ("JPY", "EUR", "KWD")] == [0, 2, 3]


@pytest.mark.parametrize(
    ("amount", "expected"), [(100, [34, 33, 33]), (101, [34, 34, 33]), (-100, [-34, -33, -33]), (0, [0, 0, 0])]
)
def test_what_is_left_goes_to_the_earlier_of_equal_remainders(amount: int, expected: list[int]) -> None:
    assert split(amount, THIRDS) == expected


def test_what_is_left_goes_to_the_largest_remainder_wherever_it_stands() -> None:
    assert split(10, [Fraction(1, 8), Fraction(1, 8), Fraction(3, 4)]) == [1, 1, 8]
    assert split(3, [Fraction(1, 5), Fraction(2, 5), Fraction(2, 5)]) == [1, 1, 1]


def test_nothing_among_nobody_is_nothing() -> None:
    assert split(0, []) == []


@pytest.mark.parametrize(("amount", "shares"), [(1, []), (1, [Fraction(1, 2)]), (0, [Fraction(2)])])
def test_shares_that_do_not_sum_to_one_are_refused(amount: int, shares: list[Fraction]) -> None:
    with pytest.raises(ValueError, match="sum to one"):
        split(amount, shares)


def test_shares_that_come_again_are_split_as_if_for_the_first_time() -> None:
    shares = (Fraction(1, 8), Fraction(1, 8), Fraction(3, 4))
    for amount in (10, -10, 0, 1_000_000_007):
        assert split(amount, shares) == split(amount, list(shares)) == split(amount, shares)
    refused = (Fraction(1, 2),)
    for _ in range(2):
        with pytest.raises(ValueError, match="sum to one"):
            split(1, refused)


def test_a_list_of_shares_may_change_between_two_splits() -> None:
    shares = [Fraction(1), Fraction(0)]
    assert split(3, shares) == [3, 0]
    shares.reverse()
    assert split(3, shares) == [0, 3]
