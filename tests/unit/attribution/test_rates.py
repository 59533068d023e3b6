"""Rates: which one holds, how an amount is rounded, what a file may hold."""

from pathlib import Path

import pytest

from services.attribution.domain.rates import NO_RATES, rates_of
from services.attribution.store.rates_file import read_rates
from shared.kernel.instant import DAY
from tests.unit.attribution.builders import START

ROWS = (
    {"day": "2026-01-05", "currency": "usd", "rate": "0.5"},
    {"day": "2026-01-07", "currency": "USD", "rate": "0.25"},
    {"day": "2026-01-05", "currency": "JPY", "rate": "0.0061"},
    {"day": "2026-01-05", "currency": "KWD", "rate": "3"},
)
RATES = rates_of(ROWS, "EUR")


def test_the_last_rate_on_or_before_the_day_holds() -> None:
    days = {day: RATES.converted(100, "USD", "EUR", START + day * DAY) for day in (-1, 0, 1, 2, 900)}
    assert days == {-1: None, 0: 50, 1: 50, 2: 25, 900: 25}


def test_currencies_have_their_own_digits() -> None:
    assert RATES.converted(1_000, "JPY", "EUR", START) == 6_10
    assert RATES.converted(1_500, "KWD", "EUR", START) == 4_50
    assert RATES.converted(1_00, "EUR", "JPY", START) == 164


def test_a_half_is_rounded_to_even() -> None:
    assert [RATES.converted(amount, "USD", "EUR", START) for amount in (1, 3, 5, 7)] == [0, 2, 2, 4]


def test_two_foreign_currencies_meet_in_the_charters_with_one_rounding() -> None:
    assert RATES.converted(1, "KWD", "USD", START) == 1
    assert RATES.converted(100_00, "USD", "KWD", START) == 16_667


def test_without_a_rate_nothing_is_converted_but_into_itself() -> None:
    assert (NO_RATES.converted(7, "EUR", "EUR", START), NO_RATES.converted(7, "EUR", "USD", START)) == (7, None)
    assert RATES.converted(7, "CHF", "EUR", START) is None


@pytest.mark.parametrize(
    "row",
    [
        {"currency": "USD", "rate": "1"},
        {"day": "5 Jan", "currency": "USD", "rate": "1"},
        {"day": "2026-02-30", "currency": "USD", "rate": "1"},
        {"day": "2026-01-05", "currency": "DOLLAR", "rate": "1"},
        {"day": "2026-01-05", "currency": "USD", "rate": "0"},
        {"day": "2026-01-05", "currency": "USD", "rate": "-1"},
        {"day": "2026-01-05", "currency": "USD", "rate": "1e3"},
        {"day": "2026-01-05", "currency": "USD", "rate": "nan"},
        {"day": "2026-01-05", "currency": "EUR", "rate": "1"},
        ROWS[0],
    ],
)
def test_a_row_that_is_wrong_is_named(row: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="row 2"):
        rates_of([ROWS[0], row], "EUR")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("rates.csv", "\ufeffday,currency,rate\n2026-01-05,USD,0.1\n"),
        ("rates.yaml", "- {day: 2026-01-05, currency: USD, rate: 0.1}\n"),
        ("rates.yml", "- day: 2026-01-05\n  currency: USD\n  rate: '0.1'\n"),
    ],
)
def test_a_file_is_read_as_the_text_it_holds(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    assert read_rates(tmp_path / name, "EUR") == rates_of([ROWS[0] | {"rate": "0.1"}], "EUR")


@pytest.mark.parametrize("text", ["a: b", "- 7", "- [", "{"])
def test_a_file_that_is_no_list_of_rows_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "rates.yaml").write_text(text)
    with pytest.raises(ValueError, match="rates"):
        read_rates(tmp_path / "rates.yaml", "EUR")
