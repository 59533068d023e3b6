"""Months, and the texts that name none."""

import pytest

from services.attribution.domain.month import month, month_of
from shared.kernel.errors import Reject
from shared.kernel.instant import parse, to_text


def test_a_month_goes_from_midnight_to_midnight() -> None:
    found = month("2028-02")
    assert (to_text(found.since), to_text(found.until)) == ("2028-02-01T00:00:00.000Z", "2028-03-01T00:00:00.000Z")


@pytest.mark.parametrize("text", ["2026-12-31T23:59:59.999Z", "2026-12-01T00:00:00Z", "2027-01-01T00:30:00+01:00"])
def test_an_instant_is_in_the_month_of_its_utc_day(text: str) -> None:
    assert month_of(parse(text)) == month("2026-12")


def test_the_last_month_there_is_has_an_end() -> None:
    assert month("9999-12").until == month("9999-12").since + 31 * 86_400_000


@pytest.mark.parametrize("text", ["2026-13", "2026-00", "0000-01", "2026-1", "2026-Q4", "2026", "٢٠٢٦-01", "2026-01\n"])
def test_what_is_no_month_is_refused(text: str) -> None:
    with pytest.raises(Reject):
        month(text)
