"""What people read of a lead."""

import pytest

from services.scoring.domain.engagement import explain
from services.scoring.domain.facts import NOBODY, Card, DealFact, Outcome, Touch
from services.scoring.domain.lifecycle import refold
from services.scoring.domain.telling import journey_lines, next_stage, reasons
from tests.unit.scoring.builders import RULES, day, fitting, identify, known, page, touch

DEMO = touch("demo_requested")


def needs(*touches: Touch, card: Card = NOBODY, outcomes: tuple[Outcome, ...] = ()) -> tuple[str | None, str]:
    told = next_stage(refold(card, RULES, touches, outcomes), card, day(3), RULES)
    return told.stage, told.needs


def test_the_three_strongest_reasons_are_sentences_strongest_first() -> None:
    touches = [page("/pricing", 0), page("/pricing", 1, id="b"), touch("email_clicked", 1), touch("demo_requested", 2)]
    told = reasons(explain(touches, RULES, day(2)), RULES)
    assert [reason.text for reason in told] == [
        "asked for a demo on 2024-10-06",
        "looked at pricing 2 times, last on 2024-10-05",
        "viewed a page 2 times, last on 2024-10-05",
    ]
    assert told[0].points == pytest.approx(25)


def test_nothing_bad_is_a_reason_to_call() -> None:
    assert reasons(explain([page("/careers")], RULES, day(0)), RULES)[0].text.startswith("viewed a page")


def test_the_journey_has_ten_lines_and_the_first_touch_among_them() -> None:
    touches = [touch("email_clicked", number) for number in range(30)]
    lines = journey_lines(touches, RULES)
    assert len(lines) == 10
    assert (lines[0].touch_id, lines[1].touch_id, lines[-1].touch_id) == (
        "email_clicked@0", "email_clicked@21", "email_clicked@29",
    )  # fmt: skip


def test_pages_of_one_visit_share_a_line() -> None:
    lines = journey_lines([page("/", 0), page("/pricing", 0.01), page("/", 0.02, id="c"), DEMO], RULES)
    assert [line.text for line in lines] == ["viewed 3 pages: /, /pricing", "demo requested: Demo Requested"]


def test_a_new_channel_starts_a_line() -> None:
    assert len(journey_lines([page("/", 0), page("/", 0.01, channel="paid_search")], RULES)) == 2


def test_what_is_no_interaction_is_no_line() -> None:
    silent = [identify(), touch("email_sent"), touch("social_followed"), touch("chat", counts=False)]
    assert journey_lines(silent, RULES) == ()


def test_each_stage_says_what_the_next_one_needs() -> None:
    assert needs(page("/"))[0] == "subscriber"
    assert "form submitted" in needs(page("/"), card=known())[1]
    assert needs(touch("form_submitted", 1), card=fitting())[1].endswith("20.2 more points (25 at fit A)")
    assert "not qualify by points" in needs(touch("prospected", 1))[1]
    assert needs(DEMO, card=known()) == ("sal", "sales accepts the hand-off")


def test_an_mql_whom_nobody_can_reach_needs_an_address() -> None:
    assert "e-mail address" in needs(DEMO)[1]


def test_a_recycled_lead_needs_to_qualify_again() -> None:
    assert needs(DEMO, card=known(), outcomes=(Outcome("r", day(1), "recycled"),))[0] == "mql"


def test_a_disqualified_lead_needs_a_deal() -> None:
    assert needs(DEMO, outcomes=(Outcome("r", day(1), "rejected", "disqualified"),))[0] == "opportunity"


def test_an_opportunity_needs_its_deal_won() -> None:
    state = refold(NOBODY, RULES, [], deals=(DealFact("a", "open", day(1)),))
    assert next_stage(state, NOBODY, day(2), RULES).stage == "customer"
