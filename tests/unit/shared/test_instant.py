"""Instants as texts and as datetimes."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from shared.kernel.instant import DAY, HOUR, MINUTE, SECOND, Instant, from_datetime, parse, to_datetime, to_text


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("1970-01-01T00:00:00.001Z", 1),
        ("1970-01-01T01:00:00+01:00", 0),
        ("1969-12-31T23:59:59.999Z", -1),
        ("2026-11-23T17:46:00.1239Z", 1_795_455_960_123),
        ("2026-11-23 17:46:00.123", 1_795_455_960_123),
    ],
)
def test_a_text_names_the_millisecond_it_lies_in(text: str, instant: int) -> None:
    assert parse(text) == instant


@pytest.mark.parametrize("text", ["", "yesterday", "2026-13-01T00:00:00Z", "1795455960", "2026-11-23T25:00:00Z"])
def test_what_names_no_instant_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        parse(text)


@pytest.mark.parametrize("instant", [0, -1, 1, 999, 1_000, 1_795_455_960_123, -62_135_596_800_000, 253_402_300_799_999])
def test_a_text_is_read_as_what_it_was_written_from(instant: int) -> None:
    assert parse(to_text(Instant(instant))) == instant


def test_a_text_has_three_decimals_and_a_z() -> None:
    assert to_text(Instant(1_795_455_960_000)) == "2026-11-23T17:46:00.000Z"
    assert to_text(Instant(-1)) == "1969-12-31T23:59:59.999Z"


def test_a_datetime_without_a_zone_is_read_as_utc() -> None:
    naive = datetime(2026, 11, 23, 17, 46)  # noqa: DTZ001 - that it has no zone is the point
    assert from_datetime(naive) == from_datetime(naive.replace(tzinfo=UTC))
    assert from_datetime(naive.replace(tzinfo=timezone(timedelta(hours=2)))) == from_datetime(naive) - 2 * HOUR


def test_a_year_beyond_the_calendar_is_refused() -> None:
    with pytest.raises(OverflowError):
        to_datetime(Instant(10**18))


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z", "0001-01-01T14:00:00+14:00"])
def test_the_first_and_the_last_there_is_are_read(text: str) -> None:
    assert to_text(parse(text))[:10] == text[:10]


@pytest.mark.parametrize("text", ["9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00", "9999-12-31T10:00-14.000Z"])
def test_what_only_an_offset_leads_to_is_beyond_the_calendar(text: str) -> None:
    with pytest.raises(ValueError, match="the years 1 to 9999"):
        parse(text)


def test_the_units_add_up() -> None:
    assert (60 * SECOND, 60 * MINUTE, 24 * HOUR) == (MINUTE, HOUR, DAY)
