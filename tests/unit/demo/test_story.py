"""The story: the same seed tells it the same way, and it looks like a market."""

from collections import Counter

from tests.demo.player import parcels
from tests.demo.plot import DAY, DAYS
from tests.demo.story import Story, tell

_ENDS_AT = 1_764_000_000_000


def _story(seed: int = 7, people: int = 300) -> Story:
    return tell(seed=seed, people=people, ends_at=_ENDS_AT, tag="t")


def test_the_same_seed_tells_the_same_story() -> None:
    assert _story() == _story()


def test_another_seed_tells_another_story() -> None:
    assert _story(seed=7).calls != _story(seed=8).calls


def test_nothing_happens_before_the_ninety_days_or_after_now() -> None:
    story = _story()
    times = sorted(call.body["timestamp"] for call in (*story.calls, *story.late_calls))
    assert times[0] >= "2025-08-26"
    assert times[-1] <= "2025-11-24T16:00:00.000Z"
    assert all(_ENDS_AT - DAYS * DAY <= call.due <= _ENDS_AT + DAY for call in story.calls)


def test_most_visitors_stay_anonymous_and_some_ask() -> None:
    expected = _story().expected
    assert 0.3 * 300 < len(expected.addresses) < 0.7 * 300
    assert 0.1 * 300 < len(expected.asked) < 0.35 * 300
    assert expected.asked.keys() < expected.addresses


def test_sales_takes_most_leads_and_every_lead_it_sold_to() -> None:
    expected = _story().expected
    rejected = {email for email, reason in expected.asked.items() if reason is not None}
    assert 0 < len(rejected) < len(expected.asked) / 2
    assert not rejected & {email for deal in expected.deals.values() for email in deal.contacts}


def test_deals_are_won_and_lost_and_open() -> None:
    deals = _story().expected.deals.values()
    assert set(Counter(deal.status for deal in deals)) == {"won", "lost", "open"}
    assert any(deal.versions[0]["version"] > 1 for deal in deals), "some versions come out of order"
    assert any("amount_minor" in body for deal in deals for body in deal.versions)
    assert any("amount" in body for deal in deals for body in deal.versions)


def test_every_sort_of_touch_is_in_it() -> None:
    events = {call.body.get("event", call.body.get("type")) for call in _story().calls}
    assert events >= {
        "page", "identify", "Form Submitted", "Content Downloaded", "Demo Requested", "Trial Started",
        "Email Clicked", "Call", "Prospected", "Meeting Held", "Event Attended", "Webinar Attended",
    }  # fmt: skip


def test_some_calls_are_sent_again_and_some_are_bad() -> None:
    story = _story()
    times = Counter(call.message_id for call in story.calls)
    assert 0.02 < sum(count > 1 for count in times.values()) / len(times) < 0.06
    assert {call.fault for call in story.calls} == {
        "", "names nobody", "has no type", "claims a sales act", "has an object for a user id",
    }  # fmt: skip


def test_some_calls_arrive_out_of_order_and_some_after_the_sale() -> None:
    story = _story()
    told = [call.body["timestamp"] for call in story.calls if not call.fault]
    assert told != sorted(told)
    assert story.late_calls


def test_only_back_ends_hold_the_server_key() -> None:
    story = _story()
    assert all(("anonymousId" in call.body) == (call.key == "write") for call in story.calls if not call.fault)


def test_no_parcel_mixes_keys_or_holds_a_message_twice() -> None:
    story = _story()
    sent = list(parcels(story.calls))
    assert sum(map(len, sent)) == len(story.calls)
    for parcel in sent:
        assert len({call.key for call in parcel}) == 1
        assert len({call.message_id for call in parcel}) == len(parcel)
