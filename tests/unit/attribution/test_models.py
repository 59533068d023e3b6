"""Each rule model against worked journeys."""

from fractions import Fraction

import pytest

from services.attribution.domain.journey import Journey
from services.attribution.domain.models import AGREED, MODELS
from services.attribution.domain.models.first_last import first_last
from services.attribution.domain.models.single import Named, single
from tests.unit.attribution.builders import met, sequence

SIX = ("organic_search", "email", "event", "direct", "phone", "direct")


def percent(model: str, *channels: str) -> list[Fraction]:
    return [100 * share for share in MODELS[model].shares(sequence(*channels))]


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("first_last", [40, 5, 5, 5, 5, 40]),
        ("linear", [Fraction(100, 6)] * 6),
        ("single", [0, 0, 0, 0, 0, 100]),
        ("first_touch", [100, 0, 0, 0, 0, 0]),
        ("last_touch", [0, 0, 0, 0, 0, 100]),
        ("last_non_direct", [0, 0, 0, 0, 100, 0]),
    ],
)
def test_six_touches_share_the_credit_as_the_rule_says(model: str, expected: list[Fraction]) -> None:
    assert percent(model, *SIX) == expected


@pytest.mark.parametrize("model", MODELS)
def test_one_touch_takes_all_under_every_model(model: str) -> None:
    assert percent(model, "email") == [100]


def test_two_touches_halve_it() -> None:
    assert percent("first_last", "email", "phone") == [50, 50]
    assert percent("linear", "email", "phone") == [50, 50]


def test_three_touches_leave_the_one_between_a_fifth() -> None:
    assert percent("first_last", "email", "phone", "event") == [40, 20, 40]


def test_unlike_ends_share_everything_in_their_proportion_where_nobody_is_between() -> None:
    shares = first_last(Fraction(3, 10), Fraction(1, 2)).shares(sequence("email", "phone"))
    assert shares == (Fraction(3, 8), Fraction(5, 8))


@pytest.mark.parametrize(("first", "last"), [(-1, 1), (0, 0), (1, 1), (1, -1)])
def test_ends_that_are_no_parts_of_a_whole_are_refused(first: int, last: int) -> None:
    with pytest.raises(ValueError, match="at most the whole"):
        first_last(Fraction(first), Fraction(last))


def test_direct_visits_take_all_where_there_is_nothing_else() -> None:
    assert percent("last_non_direct", "direct", "direct") == [0, 100]


def test_single_takes_the_last_demo_request_even_inside_a_visit() -> None:
    found = (met(0, "demo_requested"), met(1, "demo_requested"), met(2, "call"))
    assert list(MODELS["single"].shares(Journey("deal", found))) == [0, 1, 0]


def test_single_names_by_channel_and_campaign_too() -> None:
    by_channel = single(Named(channels=frozenset({"email"})))
    assert list(by_channel.shares(sequence("email", "email", "phone"))) == [0, 1, 0]
    by_campaign = single(Named(campaigns=frozenset({"spring"})))
    assert list(by_campaign.shares(sequence("email", "phone"))) == [0, 1]
    assert "email" in by_channel.rule


def test_the_agreed_model_comes_first_and_every_model_states_its_rule() -> None:
    assert next(iter(MODELS)) == AGREED == "first_last"
    assert MODELS[AGREED].rule.startswith("40 % to the first, 40 % to the last")
    assert all(model.rule.endswith(".") and model.source for model in MODELS.values())
