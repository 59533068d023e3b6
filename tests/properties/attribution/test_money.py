"""What holds of conversion and of periods, for every amount, rate and time."""

from collections.abc import Iterator
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from services.attribution.domain.converted import Converted, Line, apportioned
from services.attribution.domain.period import Cover, Period, cover, day_of, month_of
from services.attribution.domain.rates import rates_of
from shared.kernel.instant import DAY, parse
from shared.kernel.money import exponent, split
from tests.unit.attribution.builders import START

AMOUNTS = st.integers(0, 10**15)
CURRENCIES = st.sampled_from(("USD", "JPY", "KWD"))
RATES = st.decimals(min_value=Decimal("0.000001"), max_value=Decimal(100_000), places=6)
TIMES = st.integers(START - 400 * DAY, START + 400 * DAY)
BORDERS = st.one_of(TIMES, TIMES.map(day_of), TIMES.map(month_of))
FIRST, LAST = parse("0001-01-01T00:00:00Z"), parse("9999-12-31T23:59:59Z")
ENDS = st.none() | BORDERS | st.sampled_from((FIRST, LAST, LAST - 31 * DAY))
PARTS = st.lists(st.integers(1, 9), min_size=1, max_size=5)


@given(AMOUNTS, CURRENCIES, RATES)
def test_an_amount_is_converted_as_decimals_are(amount: int, currency: str, rate: Decimal) -> None:
    row = {"day": "2026-01-05", "currency": currency, "rate": f"{rate:f}"}
    with localcontext(prec=60):
        major = Decimal(amount).scaleb(-exponent(currency)) * rate
        expected = int(major.scaleb(2).quantize(Decimal(1), ROUND_HALF_EVEN))
    assert rates_of([row], "EUR").converted(amount, currency, "EUR", START) == expected


@given(AMOUNTS, CURRENCIES, RATES, PARTS)
def test_credits_in_another_currency_sum_to_the_deal_in_it(
    amount: int, currency: str, rate: Decimal, parts: list[int]
) -> None:
    rates = rates_of([{"day": "2026-01-05", "currency": currency, "rate": f"{rate:f}"}], "EUR")
    shares = [Fraction(part, sum(parts)) for part in parts]
    found = Converted("EUR", rates)
    found.take(
        Line("d", START, currency, amount, "", "linear", (str(place),), str(share), float(share), own)
        for place, (share, own) in enumerate(zip(shares, split(amount, shares), strict=True))
    )
    assert sum(row.amount_minor for row in found.sums["linear"].values()) == found.groups[""].amount_minor
    assert found.groups[""].amount_minor == rates.converted(amount, currency, "EUR", START)


@given(ENDS, ENDS, BORDERS | st.sampled_from((FIRST, LAST)))
def test_a_time_is_in_a_period_once_or_not_at_all(since: int | None, until: int | None, at: int) -> None:
    asked = Period(since, until)
    assert sum(holds(part, at) for part in parts_of(cover(asked))) == holds(asked, at)


@given(st.none() | BORDERS, st.none() | BORDERS)
def test_months_and_days_are_whole_and_ends_shorter_than_a_day(since: int | None, until: int | None) -> None:
    cut = cover(Period(since, until))
    assert all(month_of(at) == at for part in cut.months for at in borders(part))
    assert all(day_of(at) == at for part in cut.days for at in borders(part))
    ends = [(end.since, end.until) for end in cut.ends]
    assert all(first is not None and last is not None and last - first < 2 * DAY for first, last in ends if cut.days)


def parts_of(cut: Cover) -> Iterator[Period]:
    """All of it."""
    yield from (*cut.months, *cut.days, *cut.ends)


def borders(period: Period) -> list[int]:
    """Where it begins and ends."""
    return [at for at in (period.since, period.until) if at is not None]


def holds(period: Period, at: int) -> bool:
    """Whether a time is in it."""
    return (period.since is None or period.since <= at) and (period.until is None or at < period.until)


@given(st.lists(st.fractions(min_value=-(10**9), max_value=10**9, max_denominator=10**6), max_size=8))
def test_what_is_apportioned_sums_to_the_rounded_sum_and_is_nowhere_a_whole_unit_away(exact: list[Fraction]) -> None:
    parts = apportioned(exact)
    assert sum(parts) == round(sum(exact, Fraction(0)))
    assert all(abs(part - one) <= 1 for part, one in zip(parts, exact, strict=True))


@given(AMOUNTS, st.lists(st.floats(0.001, 1), min_size=1, max_size=8))
def test_credits_of_which_only_numbers_are_kept_sum_to_the_converted_deal(amount: int, parts: list[float]) -> None:
    rates = rates_of([{"day": "2020-01-01", "currency": "USD", "rate": "0.3"}], "EUR")
    deal = ("d-1", START, "USD", amount, "", "linear")
    found = Converted("EUR", rates)
    found.take(Line(*deal, (str(number),), "", part / sum(parts), 0) for number, part in enumerate(parts))
    assert sum(one.amount_minor for one in found.sums["linear"].values()) == rates.converted(
        amount, "USD", "EUR", START
    )
