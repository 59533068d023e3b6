"""The charter as attribution reads it."""

import pytest

from services.attribution.domain.journey import JourneyRules
from services.attribution.domain.models import AGREED, MODELS
from services.attribution.settings import rules_of
from shared.contracts import charter_text
from shared.contracts.charter import Charter
from shared.kernel.errors import Reject
from tests.unit.attribution.builders import sequence

SHIPPED = charter_text.default()


def changed(**attribution: object) -> Charter:
    """The shipped charter with another agreement on credit."""
    return SHIPPED.model_copy(update={"attribution": SHIPPED.attribution.model_copy(update=attribution)})


def test_the_shipped_charter_says_what_the_domain_takes_for_granted() -> None:
    rules = rules_of(SHIPPED)
    assert (rules.version, rules.currency, rules.agreed) == ("default", "EUR", AGREED)
    assert rules.journey == JourneyRules()
    assert list(rules.models) == list(MODELS)


def test_the_agreed_model_comes_first() -> None:
    assert list(rules_of(changed(model="linear")).models)[:2] == ["linear", "first_last"]


def test_a_charter_whose_model_nobody_knows_is_refused() -> None:
    with pytest.raises(Reject, match="the models are"):
        rules_of(changed(model="guess"))


def test_the_charter_says_who_takes_all_where_nobody_is_named() -> None:
    single = SHIPPED.attribution.single.model_copy(update={"otherwise": "first_touch"})
    assert list(rules_of(changed(single=single)).models["single"].shares(sequence("email", "phone"))) == [1, 0]
