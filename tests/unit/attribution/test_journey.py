"""Which interactions are a deal's, and what is said of the others."""

from dataclasses import replace

import pytest

from services.attribution.domain.deal import ContactScope, people_in_scope
from services.attribution.domain.interactions import interactions
from services.attribution.domain.journey import Journey, JourneyRules, journey
from services.attribution.domain.touch import Why
from tests.unit.attribution.builders import RULES, deal, met, touch

DEFAULT = JourneyRules()


def counted(journey: Journey) -> list[str]:
    return [interaction.id for interaction in journey.interactions]


def excluded(journey: Journey) -> list[tuple[str, Why]]:
    return [(exclusion.item.id, exclusion.why) for exclusion in journey.exclusions]


def test_what_comes_after_the_close_does_not_count_and_what_comes_with_it_does() -> None:
    found = journey(deal(closed=10), [met(11), met(10), met(1)], DEFAULT)
    assert counted(found) == ["day 1", "day 10"]
    assert excluded(found) == [("day 11", Why.AFTER_CLOSE)]


def test_a_visit_that_outlasts_the_close_counts_as_it_stood_then() -> None:
    close = deal(closed=1)
    pages = [touch(24 * 60 - 5, name="before"), touch(24 * 60 + 5, "demo_requested", name="after")]
    found = journey(close, interactions(pages, RULES), DEFAULT)
    assert [(item.id, item.kind) for item in found.interactions] == [("before", "page_viewed")]
    assert excluded(found) == [("after", Why.AFTER_CLOSE)]


def test_a_page_at_the_instant_of_the_close_is_still_of_the_visit() -> None:
    pages = [touch(24 * 60 - 1, name="a"), touch(24 * 60, "demo_requested", name="b"), touch(24 * 60 + 1, name="c")]
    (visit,) = journey(deal(closed=1), interactions(pages, RULES), DEFAULT).interactions
    assert ([touch.id for touch in visit.touches], visit.kind) == (["a", "b"], "demo_requested")


def test_a_click_before_the_close_counts_without_the_visit_after_it() -> None:
    click = touch(24 * 60 - 1, "email_clicked", name="click", channel="email")
    visit = interactions([click, touch(24 * 60 + 1, channel="email")], RULES)
    assert [item.kind for item in journey(deal(closed=1), visit, DEFAULT).interactions] == ["email_clicked"]


def test_the_window_is_365_days_and_its_first_instant_counts() -> None:
    found = journey(deal(closed=365), [met(0), met(-0.001)], DEFAULT)
    assert counted(found) == ["day 0"]
    assert excluded(found) == [("day -0.001", Why.BEFORE_WINDOW)]


def test_an_open_deal_takes_all_since_a_window_before_it_was_created() -> None:
    found = journey(deal(closed=None), [met(-365), met(-363), met(900)], DEFAULT)
    assert (counted(found), found.ends_at) == (["day -363", "day 900"], None)


@pytest.mark.parametrize(
    ("scope", "contacts", "expected"),
    [
        ("explicit", [("ana", "buyer"), ("ben", None)], {"ana"}),
        ("explicit", [("ana", None)], set()),
        ("hybrid", [("ana", "buyer"), ("ben", None)], {"ana"}),
        ("hybrid", [("ana", None), ("ben", "")], {"ana", "ben", "cleo"}),
        ("hybrid", [], {"cleo"}),
        ("implicit", [("ana", "buyer"), ("ben", None)], {"ana", "ben", "cleo"}),
    ],
)
def test_the_scope_says_whose_interactions_count(
    scope: ContactScope, contacts: list[tuple[str, str | None]], expected: set[str]
) -> None:
    assert people_in_scope(deal(contacts=contacts, colleagues=["cleo"]), scope) == expected


def test_a_contact_without_a_role_earns_nothing_and_the_journey_says_so() -> None:
    close = deal(contacts=[("ana", "buyer"), ("ben", None)])
    found = journey(close, [met(1), met(2, person="ben")], DEFAULT)
    assert counted(found) == ["day 1"]
    assert excluded(found) == [("day 2", Why.NO_ROLE)]


def test_a_repeat_purchase_starts_after_the_one_before() -> None:
    earlier = [deal(closed=5, name="first"), deal(closed=20, name="second"), deal(closed=None, name="open")]
    found = journey(deal(closed=30), [met(1), met(20), met(21)], DEFAULT, earlier)
    assert counted(found) == ["day 21"]
    assert excluded(found) == [("day 1", Why.PREVIOUS_PURCHASE), ("day 20", Why.PREVIOUS_PURCHASE)]


def test_a_deal_that_was_lost_is_no_purchase_before() -> None:
    lost = replace(deal(closed=20, name="lost"), status="lost")
    assert counted(journey(deal(closed=30), [met(1)], DEFAULT, [lost])) == ["day 1"]


def test_what_does_not_count_is_told_in_event_time_too() -> None:
    found = journey(deal(closed=10), [met(12), met(11), met(1, person="ben")], DEFAULT)
    assert [name for name, _ in excluded(found)] == ["day 1", "day 11", "day 12"]


def test_a_repeat_purchase_takes_the_whole_journey_where_the_charter_says_so() -> None:
    rules = JourneyRules(after_previous_purchase=False)
    assert counted(journey(deal(closed=30), [met(1)], rules, [deal(closed=20, name="first")])) == ["day 1"]


def test_parts_of_one_purchase_have_the_same_journey() -> None:
    twin = deal(closed=30, name="twin")
    assert counted(journey(deal(closed=30), [met(1)], DEFAULT, [twin])) == ["day 1"]


def test_another_accounts_purchase_is_not_the_one_before() -> None:
    other = deal(closed=20, name="other", account="globex")
    assert counted(journey(deal(closed=30), [met(1)], DEFAULT, [other])) == ["day 1"]


def test_without_an_account_a_contact_in_common_makes_a_repeat_purchase() -> None:
    hers = deal(closed=20, name="hers", account=None)
    his = deal(closed=25, name="his", account=None, contacts=[("ben", "buyer")])
    assert counted(journey(deal(closed=30), [met(1), met(21)], DEFAULT, [hers, his])) == ["day 21"]


def test_an_open_deal_starts_after_the_last_purchase() -> None:
    found = journey(deal(closed=None), [met(1), met(3)], DEFAULT, [deal(closed=2, name="first")])
    assert counted(found) == ["day 3"]
