"""What holds of credit under every model, for every journey and every amount."""

from dataclasses import replace
from fractions import Fraction
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from services.attribution.domain.credit import Credit, credit
from services.attribution.domain.deal import ContactScope, Deal
from services.attribution.domain.interactions import interactions
from services.attribution.domain.journey import Journey, JourneyRules, journey
from services.attribution.domain.models import MODELS, Model
from services.attribution.domain.report import KEYS, by, by_department
from services.attribution.domain.touch import Touch
from shared.kernel.instant import HOUR, MINUTE
from tests.properties.attribution.strategies import SPAN, touches
from tests.unit.attribution.builders import RULES, START, deal

AMOUNTS = st.one_of(st.integers(-(10**15), 10**15), st.integers(-7, 7))
LEAD_AT = START + SPAN // 2 * MINUTE
CURRENCIES = st.sampled_from(("EUR", "JPY", "KWD"))


@st.composite
def deals(draw: st.DrawFn) -> Deal:
    """A deal of Ana's, and at times of Ben's, that closes somewhere among the touches or is open."""
    closed = draw(st.one_of(st.none(), st.integers(0, SPAN)))
    return replace(
        deal(
            amount_minor=draw(AMOUNTS), contacts=[("ana", draw(st.sampled_from((None, "buyer"))))], colleagues=["ben"]
        ),
        created_at=START + draw(st.integers(-10, SPAN)) * MINUTE,
        closed_at=None if closed is None else START + closed * MINUTE,
        currency=draw(CURRENCIES),
    )


@st.composite
def rules(draw: st.DrawFn) -> JourneyRules:
    scopes: tuple[ContactScope, ...] = ("explicit", "hybrid", "implicit")
    return JourneyRules(window=draw(st.integers(0, 5)) * HOUR, contact_scope=draw(st.sampled_from(scopes)))


def walked(close: Deal, found: list[Touch], rules: JourneyRules) -> Journey:
    return journey(close, interactions(found, RULES), rules, lead_at=LEAD_AT)


@given(deals(), touches(), rules())
def test_shares_are_parts_of_one_and_sum_to_it(close: Deal, found: list[Touch], rules: JourneyRules) -> None:
    path = walked(close, found, rules)
    for model in MODELS.values() if path.interactions else ():
        shares = model.shares(path)
        assert len(shares) == len(path.interactions)
        assert (min(shares) >= 0, sum(shares)) == (True, 1)


@given(deals(), touches(), rules())
def test_credits_sum_to_the_deal(close: Deal, found: list[Touch], rules: JourneyRules) -> None:
    for model in MODELS.values():
        parts = credit(close, walked(close, found, rules), model)
        assert sum(part.amount_minor for part in parts) == close.amount_minor
        assert sum((part.share for part in parts), Fraction(0)) == 1


@given(deals(), touches(), rules(), st.randoms(use_true_random=False))
def test_the_order_of_arrival_moves_no_cent(
    close: Deal, found: list[Touch], rules: JourneyRules, chance: Random
) -> None:
    met = interactions(chance.sample(found, len(found)), RULES)
    shuffled = journey(close, chance.sample(met, len(met)), rules, lead_at=LEAD_AT)
    in_order = walked(close, found, rules)
    for model in MODELS.values():
        assert credit(close, shuffled, model) == credit(close, in_order, model)


@given(deals(), touches(), rules())
def test_nothing_after_the_close_moves_a_cent(close: Deal, found: list[Touch], rules: JourneyRules) -> None:
    known = [touch for touch in found if close.closed_at is None or touch.occurred_at <= close.closed_at]
    assert walked(close, found, rules).interactions == walked(close, known, rules).interactions


@given(deals(), touches(), rules())
def test_what_a_journey_leaves_out_has_a_reason(close: Deal, found: list[Touch], rules: JourneyRules) -> None:
    path = walked(close, found, rules)
    counted = {touch.id for interaction in path.interactions for touch in interaction.touches}
    left_out = {
        touch.id
        for exclusion in path.exclusions
        for touch in ((exclusion.item,) if isinstance(exclusion.item, Touch) else exclusion.item.touches)
    }
    assert counted.isdisjoint(left_out)
    assert counted | left_out == {touch.id for item in interactions(found, RULES) for touch in item.touches}


@given(
    st.lists(st.tuples(deals(), touches(most=6), st.sampled_from(list(MODELS.values()))), max_size=3),
    st.sampled_from(sorted(KEYS)),
)
def test_rows_of_a_report_sum_to_its_deals(drawn: list[tuple[Deal, list[Touch], Model]], key: str) -> None:
    earned: list[Credit] = []
    for close, found, model in drawn:
        earned.extend(credit(close, walked(close, found, JourneyRules()), model))
    for rows in (by(earned, KEYS[key]), by_department(earned)):
        assert sum(row.amount_minor for row in rows) == sum(close.amount_minor for close, _, _ in drawn)
        assert sum((row.deals for row in rows), Fraction(0)) == len(drawn)
        assert all(0 <= row.share <= 1 for row in rows)
        assert sum((row.share for row in rows), Fraction(0)) == (1 if drawn else 0)
