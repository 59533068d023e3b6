"""The lifecycle, fact by fact."""

from dataclasses import replace

import msgspec
import pytest

from services.scoring.domain.facts import NOBODY, Card, DealFact, Outcome, Touch
from services.scoring.domain.lifecycle import continues, fold, refold
from services.scoring.domain.state import State
from tests.unit.scoring.builders import RULES, day, fitting, identify, known, page, touch

ACCEPTED = Outcome("accepted", day(2), "accepted")
RECYCLED = Outcome("rejected", day(3), "rejected", "recycled")
DISQUALIFIED = Outcome("rejected", day(3), "rejected", "disqualified")


def stages(state: State) -> list[str]:
    return [entry.stage for entry in state.history]


def state_of(
    *touches: Touch, card: Card = NOBODY, outcomes: tuple[Outcome, ...] = (), deals: tuple[DealFact, ...] = ()
) -> State:
    return refold(card, RULES, touches, outcomes, deals)


def test_the_first_touch_makes_a_visitor() -> None:
    state = state_of(page("/"))
    assert stages(state) == ["visitor"]
    assert state.first_touch == "/@0"
    assert state.stage_since == day(0)


def test_an_address_makes_a_subscriber() -> None:
    assert stages(state_of(page("/"), identify(1), card=known(1))) == ["visitor", "subscriber"]


def test_page_views_alone_make_no_lead() -> None:
    assert state_of(*(page("/", number) for number in range(1, 5)), card=known()).stage == "subscriber"


def test_an_act_with_the_address_makes_a_lead() -> None:
    assert stages(state_of(touch("form_submitted"), card=known(0))) == ["visitor", "subscriber", "lead"]


def test_an_act_before_the_address_makes_no_lead() -> None:
    assert state_of(touch("form_submitted"), identify(1), card=known(1)).stage == "subscriber"


def test_points_make_a_lead_where_the_charter_says_so() -> None:
    rules = replace(RULES, lead_points=5)
    looks = [page("/pricing", 1)]
    assert refold(known(), rules, looks).stage == "lead"
    assert refold(known(), rules, [page("/", 1)]).stage == "subscriber"


def test_prospecting_makes_a_lead_of_anybody() -> None:
    assert state_of(touch("prospected", direction="outbound", department="sales")).stage == "lead"


def test_what_we_send_makes_nobody_raise_a_hand() -> None:
    assert state_of(touch("demo_requested", direction="outbound"), card=known()).stage == "subscriber"


@pytest.mark.parametrize("name", ["Contact Sales", "contact_sales", "PRICING QUOTE"])
def test_a_named_hand_raiser_is_an_mql_while_anonymous(name: str) -> None:
    state = state_of(touch("custom", name=name))
    assert stages(state) == ["visitor", "mql"]
    assert state.cycle.cause == "custom@0"


def test_a_demo_request_is_a_lead_and_an_mql_at_once() -> None:
    assert stages(state_of(touch("demo_requested", 1), card=known())) == ["visitor", "subscriber", "lead", "mql"]


def test_points_make_an_mql_by_the_grade() -> None:
    acts = [touch("webinar_attended", 1), touch("content_downloaded", 1), touch("content_downloaded", 1.2, id="b"),
            touch("event_attended", 1.3), touch("form_submitted", 1.4)]  # fmt: skip
    assert state_of(*acts, card=known()).stage == "lead"
    assert state_of(*acts, page("/pricing", 1.5), card=fitting()).stage == "mql"


def test_points_make_no_mql_of_somebody_unknown_then() -> None:
    looks = [page("/pricing", number, id=f"{number}") for number in range(3)]
    acts = [touch("form_submitted", 1), touch("content_downloaded", 2), touch("webinar_attended", 2)]
    assert state_of(*looks, *acts, card=fitting(400)).stage == "subscriber"


@pytest.mark.parametrize("call", ["identify", "alias", "group"])
def test_calls_about_who_somebody_is_never_score(call: str) -> None:
    state = state_of(touch("demo_requested", call_type=call), card=known())
    assert (state.stage, state.sums, state.first_touch) == ("subscriber", (), None)


def test_what_does_not_count_moves_nothing() -> None:
    state = state_of(touch("demo_requested", counts=False))
    assert (state.stage, state.history, state.sums) == ("visitor", (), ())


def test_sales_moves_the_lead_forward_and_may_skip() -> None:
    qualified = Outcome("q", day(2), "sales_qualified")
    late = Outcome("z", day(3), "accepted")
    assert stages(state_of(touch("demo_requested"), outcomes=(qualified, late)))[1:] == ["mql", "sql"]


@pytest.mark.parametrize("act", ["assigned", "delivered", "contacted", "meeting_booked", "released", "closed"])
def test_what_only_happened_to_the_hand_off_moves_no_stage(act: str) -> None:
    assert state_of(touch("demo_requested"), outcomes=(Outcome("o", day(1), act),)).stage == "mql"


def test_a_recycled_lead_qualifies_again_only_on_acts_after_it() -> None:
    before = state_of(touch("demo_requested"), page("/", 4), card=known(), outcomes=(RECYCLED,))
    assert (before.stage, before.cycle.number, before.cycle.cause) == ("recycled", 2, None)
    after = state_of(touch("demo_requested"), touch("demo_requested", 4), card=known(), outcomes=(RECYCLED,))
    assert (after.stage, after.cycle.number, after.cycle.cause) == ("mql", 2, "demo_requested@4")


def test_points_from_before_the_recycling_are_shown_and_do_not_qualify() -> None:
    acts = [touch("demo_requested"), touch("trial_started", 1), page("/pricing", 4)]
    state = state_of(*acts, card=fitting(), outcomes=(RECYCLED,))
    assert state.stage == "recycled"
    assert {held.rule for held in state.sums} > {held.rule for held in state.cycle_sums}


def test_recycling_twice_is_one_border_whatever_was_done_between() -> None:
    again = Outcome("again", day(5), "recycled")
    assert state_of(touch("demo_requested", 4), outcomes=(RECYCLED, again)).cycle.number == 2


def test_recycling_a_lead_that_was_handed_over_again_is_a_new_border() -> None:
    again = (Outcome("assigned", day(4), "assigned"), Outcome("again", day(5), "recycled"))
    assert state_of(touch("demo_requested"), outcomes=(RECYCLED, *again)).cycle.number == 3


def test_only_a_deal_leads_back_from_disqualified() -> None:
    clicks = (touch("demo_requested"), touch("demo_requested", 5))
    assert state_of(*clicks, outcomes=(DISQUALIFIED,)).stage == "disqualified"
    assert state_of(*clicks, outcomes=(DISQUALIFIED,), deals=(DealFact("d", "open", day(6)),)).stage == "opportunity"


def test_a_won_deal_makes_a_customer_and_the_second_a_repeat_customer() -> None:
    first, second = DealFact("a", "won", day(1), day(2)), DealFact("b", "won", day(3), day(4))
    assert stages(state_of(deals=(second, first))) == ["opportunity", "customer", "opportunity", "repeat_customer"]


def test_a_customers_new_interest_is_a_new_cycle_and_no_lead_from_cold() -> None:
    state = state_of(touch("form_submitted", 3), touch("demo_requested", 4), card=known(),
                     deals=(DealFact("a", "won", day(1), day(2)),))  # fmt: skip
    assert stages(state)[-2:] == ["customer", "mql"]
    assert state.cycle.number == 2


def test_a_lost_deal_recycles() -> None:
    state = state_of(touch("demo_requested"), deals=(DealFact("a", "lost", day(1), day(2)),))
    assert (state.stage, state.cycle.number) == ("recycled", 2)


def test_a_lost_deal_beside_an_open_one_ends_nothing() -> None:
    state = state_of(deals=(DealFact("a", "lost", day(1), day(3)), DealFact("b", "open", day(2))))
    assert (state.stage, state.cycle.number) == ("opportunity", 1)


def test_a_deal_lost_after_another_was_won_leaves_the_customer_one() -> None:
    assert state_of(deals=(DealFact("a", "won", day(1), day(2)), DealFact("b", "lost", day(1), day(3)))).stage == (
        "customer"
    )


def test_a_deal_that_closes_before_it_was_created_is_still_won_last() -> None:
    assert state_of(deals=(DealFact("a", "won", day(5), day(2)),)).stage == "customer"


def test_a_customers_review_makes_an_advocate_and_a_visitors_does_not() -> None:
    won = (DealFact("a", "won", day(1), day(2)),)
    assert state_of(touch("review_posted", 3), deals=won).stage == "advocate"
    assert state_of(touch("purchase_repeated", 3), deals=won).stage == "repeat_customer"
    assert state_of(touch("review_posted", 3)).stage == "visitor"


def test_a_state_is_kept_as_json_and_comes_back_the_same() -> None:
    state = state_of(touch("demo_requested"), touch("chat", 4), card=known(), outcomes=(ACCEPTED, RECYCLED),
                     deals=(DealFact("a", "won", day(5), day(6)),))  # fmt: skip
    assert msgspec.json.decode(msgspec.json.encode(state), type=State) == state


def test_only_a_fact_after_all_others_may_be_stepped_over() -> None:
    state = fold(state_of(), [touch("chat", 2)], RULES)
    assert continues(state, touch("chat", 3))
    assert not continues(state, touch("chat", 2))
    assert not continues(state, touch("chat", 1))
