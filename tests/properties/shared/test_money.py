"""Whatever is split sums to what it was, and nobody is a whole unit away from the exact part."""

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from shared.kernel.money import split

AMOUNTS = st.integers(-(10**15), 10**15)
WEIGHTS = st.lists(st.integers(0, 1_000), min_size=1, max_size=30).filter(any)


def shares_of(weights: list[int]) -> list[Fraction]:
    return [Fraction(weight, sum(weights)) for weight in weights]


@given(AMOUNTS, WEIGHTS)
def test_parts_sum_to_the_amount(amount: int, weights: list[int]) -> None:
    assert sum(split(amount, shares_of(weights))) == amount


@given(AMOUNTS, WEIGHTS)
def test_no_part_is_a_unit_away_from_its_exact_share(amount: int, weights: list[int]) -> None:
    shares = shares_of(weights)
    assert all(abs(part - amount * share) < 1 for part, share in zip(split(amount, shares), shares, strict=True))


@given(AMOUNTS, WEIGHTS)
def test_no_share_is_no_part(amount: int, weights: list[int]) -> None:
    assert all(part == 0 for part, weight in zip(split(amount, shares_of(weights)), weights, strict=True) if not weight)


@given(AMOUNTS, WEIGHTS)
def test_a_larger_share_is_never_a_smaller_part(amount: int, weights: list[int]) -> None:
    by_weight = sorted(zip(weights, split(abs(amount), shares_of(weights)), strict=True), key=lambda pair: pair[0])
    parts = {weight: [part for one, part in by_weight if one == weight] for weight in weights}
    ladder = [bound for weight in sorted(parts) for bound in (min(parts[weight]), max(parts[weight]))]
    assert ladder == sorted(ladder)


@given(AMOUNTS, WEIGHTS)
def test_a_refund_is_split_as_the_amount_was(amount: int, weights: list[int]) -> None:
    shares = shares_of(weights)
    assert split(-amount, shares) == [-part for part in split(amount, shares)]
