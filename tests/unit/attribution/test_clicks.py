"""A click and the visit it leads to are one interaction."""

import pytest

from tests.unit.attribution.builders import grouped, touch


@pytest.mark.parametrize("kind", ["email_clicked", "ad_clicked"])
def test_a_click_is_the_first_touch_of_the_visit_it_leads_to(kind: str) -> None:
    click = touch(0, kind, name="click", channel="email", browser=None)
    assert grouped(touch(1, name="a", channel="email"), touch(2, name="b"), click) == [["click", "a", "b"]]


def test_the_campaign_is_enough_where_the_channels_differ() -> None:
    click = touch(0, "ad_clicked", name="click", channel="display", campaign="spring")
    assert grouped(click, touch(1, name="a", channel="paid_search", campaign="spring")) == [["click", "a"]]


def test_a_click_and_a_visit_that_share_neither_are_two() -> None:
    click = touch(0, "email_clicked", name="click", channel="email")
    assert grouped(click, touch(1, name="a", channel="organic_search")) == [["click"], ["a"]]


def test_a_click_waits_thirty_minutes_for_its_visit_and_no_longer() -> None:
    click = touch(0, "email_clicked", name="click", channel="email")
    assert grouped(click, touch(30, name="a", channel="email")) == [["click", "a"]]
    assert grouped(click, touch(30.01, name="a", channel="email")) == [["click"], ["a"]]


def test_a_click_does_not_open_a_visit_that_began_before_it() -> None:
    click = touch(1, "email_clicked", name="click", channel="email")
    assert grouped(touch(0, name="a", channel="email"), click, touch(2, name="b")) == [["a", "b"], ["click"]]


def test_a_click_at_the_instant_of_its_visit_comes_first_whatever_the_ids() -> None:
    click = touch(0, "email_clicked", name="z", channel="email")
    assert grouped(touch(0, name="a", channel="email"), click) == [["z", "a"]]


def test_somebody_elses_click_opens_no_visit() -> None:
    page = touch(1, name="a", channel="email")
    for owner in ("ben", None):
        click = touch(0, "email_clicked", name="click", channel="email", person=owner, browser=None)
        assert grouped(click, page) == [["click"], ["a"]]


def test_a_visit_of_nobody_is_opened_by_no_click() -> None:
    click = touch(0, "email_clicked", name="click", channel="email")
    assert grouped(click, touch(1, name="a", channel="email", person=None)) == [["click"], ["a"]]


def test_of_two_clicks_the_last_opens_the_visit_and_the_other_stays_by_itself() -> None:
    clicks = [touch(minute, "email_clicked", name=f"click {minute}", channel="email") for minute in (0, 1)]
    assert grouped(*clicks, touch(2, name="a", channel="email")) == [["click 0"], ["click 1", "a"]]


def test_a_click_opens_the_first_visit_that_it_fits() -> None:
    click = touch(0, "email_clicked", name="click", channel="email")
    other = touch(1, name="other", channel="direct", browser="b2")
    fitting = touch(2, name="a", channel="email")
    later = touch(3, name="later", channel="email", browser="b3")
    assert grouped(click, other, fitting, later) == [["click", "a"], ["other"], ["later"]]
