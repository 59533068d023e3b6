"""The milestone models and time decay against one worked journey, and where a journey does not fit them."""

from fractions import Fraction

import pytest

from services.attribution.domain.journey import Journey, JourneyRules, Milestone, journey
from services.attribution.domain.models import MODELS
from services.attribution.domain.models.time_decay import halved, time_decay
from shared.kernel.instant import DAY
from tests.unit.attribution.builders import START, at_days, deal, met

GOLDEN = at_days(0, 10, 20, 30, 40, 50, lead=10, deal=30, won=50)
"""A is the first, B made the lead, D came before the deal, F closed it."""


def percent(model: str, path: Journey) -> list[Fraction]:
    return [100 * share for share in MODELS[model].shares(path)]


def decayed(half_life_days: float) -> list[float]:
    return [round(float(100 * share), 4) for share in time_decay(round(half_life_days * DAY)).shares(GOLDEN)]


@pytest.mark.parametrize(
    ("half_life_days", "expected"),
    [
        (7, [0.4459, 1.2003, 3.2309, 8.6969, 23.4103, 63.0158]),
        (22.5, [6.7442, 9.1775, 12.4886, 16.9944, 23.1258, 31.4694]),
        (30, [8.6640, 10.9160, 13.7533, 17.3281, 21.8320, 27.5066]),
    ],
)
def test_time_decay_is_continuous(half_life_days: float, expected: list[float]) -> None:
    assert decayed(half_life_days) == expected


def test_time_decay_is_the_same_to_the_last_bit_everywhere() -> None:
    earlier = Fraction(16_707_652_636_181_729_327, 35_154_396_709_891_280_943)
    assert MODELS["time_decay"].shares(at_days(0, 1)) == (earlier, 1 - earlier)


def test_an_interaction_a_half_life_earlier_gets_half() -> None:
    assert MODELS["time_decay"].shares(at_days(0, 7)) == (Fraction(1, 3), Fraction(2, 3))
    assert MODELS["time_decay"].shares(at_days(0, 7, won=300)) == (Fraction(1, 3), Fraction(2, 3))


def test_what_is_older_than_64_half_lives_gets_nothing() -> None:
    assert [halved(64 * DAY, DAY), halved(65 * DAY, DAY)] == [1, 0]


def test_no_half_life_is_refused() -> None:
    with pytest.raises(ValueError, match="longer than nothing"):
        time_decay(0)


def test_an_interaction_that_is_two_milestones_gets_both_parts() -> None:
    assert percent("u_shaped_hubspot", at_days(0, 1, 2, lead=0)) == [80, 10, 10]
    assert percent("full_path", at_days(0, 1, 2, lead=0, deal=2, won=2)) == [45, 10, 45]


def test_where_nobody_is_left_for_the_rest_the_milestones_grow() -> None:
    assert percent("w_shaped", at_days(0, 1, 2, lead=1, deal=2)) == [Fraction(100, 3)] * 3
    assert percent("u_shaped_hubspot", at_days(0, 1, lead=1)) == [50, 50]
    assert percent("w_shaped_bizible", at_days(0, 1, 2, 3, lead=1, deal=2)) == [Fraction(100, 3)] * 3 + [0]


def test_where_a_milestone_is_missing_the_others_grow_and_the_model_says_which() -> None:
    path = at_days(0, 1, 2, 3, lead=1)
    assert percent("w_shaped", path) == [Fraction(300, 7), Fraction(300, 7), Fraction(50, 7), Fraction(50, 7)]
    assert MODELS["w_shaped"].missing(path) == (Milestone.DEAL_CREATION,)
    assert MODELS["w_shaped"].missing(GOLDEN) == MODELS["linear"].missing(path) == ()


def test_lead_creation_falls_back_on_the_first() -> None:
    assert percent("lead_creation", at_days(0, 1)) == [100, 0]


def test_a_milestone_is_of_the_interaction_at_it_or_last_before_it() -> None:
    assert [at_days(1, 2, 3, lead=day).position(Milestone.LEAD_CREATION) for day in (0.5, 1, 1.5, 3, 9)] == [
        None, 0, 0, 2, 2,
    ]  # fmt: skip


def test_a_journey_knows_the_moments_of_its_deal() -> None:
    found = journey(deal(closed=10), [met(0), met(5), met(9)], JourneyRules(), lead_at=START + 6 * DAY)
    assert [found.position(milestone) for milestone in Milestone] == [1, 0, 2]


def test_an_open_deal_has_no_milestone_of_its_close() -> None:
    found = journey(deal(closed=None), [met(0), met(5)], JourneyRules())
    assert MODELS["full_path"].missing(found) == (Milestone.LEAD_CREATION, Milestone.CLOSED_WON)
