"""A deal's amount, split to the last cent."""

from fractions import Fraction

import pytest

from services.attribution.domain.credit import UNATTRIBUTED, credit
from services.attribution.domain.journey import Journey
from services.attribution.domain.models import MODELS, Model
from tests.unit.attribution.builders import deal, sequence

THREE = sequence("email", "phone", "event")


def amounts(amount_minor: int, model: str = "linear") -> list[int]:
    return [part.amount_minor for part in credit(deal(amount_minor=amount_minor), THREE, MODELS[model])]


def test_the_cent_that_is_left_goes_to_the_earlier_interaction() -> None:
    assert amounts(100_00) == [33_34, 33_33, 33_33]
    assert amounts(2) == [1, 1, 0]


def test_a_negative_amount_is_split_as_its_opposite() -> None:
    assert amounts(-100_00) == [-33_34, -33_33, -33_33]


def test_an_amount_of_nothing_is_shared_all_the_same() -> None:
    found = credit(deal(amount_minor=0), THREE, MODELS["linear"])
    assert [(part.share, part.amount_minor) for part in found] == [(Fraction(1, 3), 0)] * 3


def test_a_credit_says_what_earned_it() -> None:
    first = credit(deal(), THREE, MODELS["first_last"])[0]
    opening = THREE.interactions[0]
    assert (first.interaction_id, first.occurred_at) == (opening.id, opening.occurred_at)
    assert (first.person_id, first.kind, first.channel, first.department) == ("ana", "chat", "email", "marketing")
    assert (first.share, first.amount_minor) == (Fraction(2, 5), 40_00)


def test_what_has_no_share_has_no_credit() -> None:
    (only,) = credit(deal(), THREE, MODELS["last_touch"])
    assert (only.channel, only.share, only.amount_minor) == ("event", Fraction(1), 100_00)


@pytest.mark.parametrize("model", MODELS.values(), ids=lambda model: model.name)
def test_a_deal_without_interaction_is_one_credit_of_nobodys(model: Model) -> None:
    (only,) = credit(deal(), Journey("deal", ()), model)
    assert (only.interaction_id, only.occurred_at, only.person_id, only.kind) == (None, None, None, None)
    assert (only.channel, only.department) == (UNATTRIBUTED, UNATTRIBUTED)
    assert (only.share, only.amount_minor) == (Fraction(1), 100_00)


def test_a_model_whose_shares_do_not_sum_to_one_is_refused() -> None:
    broken = Model("broken", lambda journey: (Fraction(1, 2),) * len(journey.interactions), "", "")
    with pytest.raises(ValueError, match="sum to one"):
        credit(deal(), THREE, broken)
