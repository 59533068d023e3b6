"""Promotion: once a qualifying cycle, and only of somebody who can be reached."""

from dataclasses import replace

from services.scoring.domain.facts import NOBODY, Card, Outcome
from services.scoring.domain.lifecycle import refold
from services.scoring.domain.promotion import Promote, promotions_due
from shared.kernel.ids import derived
from tests.unit.scoring.builders import RULES, day, known, touch

DEMO = touch("demo_requested", 1)
SENT = replace(DEMO, promoted=True)
RECYCLED = Outcome("r", day(3), "rejected", "recycled")
DISQUALIFIED = Outcome("r", day(3), "rejected", "disqualified")
EARLIER = touch("trial_started", 0)
LATER = touch("demo_requested", 5)


def due(*touches: object, card: Card = NOBODY, outcomes: tuple[Outcome, ...] = ()) -> tuple[Promote, ...]:
    state = refold(card, RULES, [each for each in touches if isinstance(each, type(DEMO))], outcomes)
    return promotions_due(state, card)


def test_a_demo_request_of_somebody_known_is_promoted_under_the_id_of_its_cause() -> None:
    expected = Promote(derived("promotion", DEMO.id), DEMO.id, day(1), 1)
    assert due(DEMO, card=known()) == (expected,)


def test_a_promotion_waits_until_somebody_can_be_reached() -> None:
    assert due(DEMO) == ()
    assert due(DEMO, card=known(9))[0].cause == DEMO.id
    assert due(DEMO, card=Card(crm_contact_ids=("003",)))[0].at == day(1)


def test_what_was_sent_is_not_sent_again() -> None:
    assert due(SENT, LATER, card=known()) == ()


def test_a_cycle_that_holds_a_sent_promotion_sends_none_for_an_earlier_cause() -> None:
    assert due(EARLIER, SENT, card=known()) == ()


def test_a_sent_promotion_silences_its_cycle_even_where_it_no_longer_counts() -> None:
    assert due(replace(SENT, counts=False), touch("trial_started", 2), card=known()) == ()


def test_a_recycled_lead_is_promoted_again_on_a_new_act() -> None:
    assert [one.cycle for one in due(SENT, LATER, card=known(), outcomes=(RECYCLED,))] == [2]


def test_a_disqualified_lead_is_not_promoted_again() -> None:
    assert due(DEMO, LATER, card=known(), outcomes=(DISQUALIFIED,)) == ()


def test_a_cycle_that_ended_unsent_stays_unsent() -> None:
    assert due(DEMO, card=known(), outcomes=(RECYCLED,)) == ()
