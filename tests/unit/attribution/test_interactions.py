"""What is one interaction, what is two, and what is none."""

import pytest

from services.attribution.domain.interactions import InteractionRules, interactions
from services.attribution.domain.journey import uncounted
from services.attribution.domain.touch import Touch, Why
from tests.unit.attribution.builders import RULES, START, barred, call, grouped, touch


def test_a_visit_counts_once_however_many_pages_it_has() -> None:
    (visit,) = interactions([touch(minute) for minute in (0, 10, 20, 45)], RULES)
    assert (visit.id, visit.occurred_at, visit.kinds) == (touch(0).id, START, ("page_viewed",))


def test_thirty_quiet_minutes_end_a_visit_and_a_millisecond_less_does_not() -> None:
    assert len(grouped(touch(0), touch(30))) == 2
    assert len(grouped(touch(0), touch(30 - 1 / 60_000))) == 1


def test_a_new_campaign_starts_a_new_visit_and_none_or_the_same_does_not() -> None:
    pages = [touch(0, name="a"), touch(1, name="b", campaign="spring"), touch(2, name="c")]
    pages += [touch(3, name="d", campaign="spring"), touch(4, name="e", campaign="summer")]
    assert grouped(*pages) == [["a"], ["b", "c", "d"], ["e"]]


def test_one_campaign_on_two_networks_is_two_campaigns() -> None:
    def landing(minute: int, network: str) -> Touch:
        return Touch(
            id=network,
            occurred_at=START + minute,
            kind="page_viewed",
            channel="paid_search",
            department="marketing",
            anonymous_id="b1",
            campaign="spring",
            utm_source=network,
        )

    assert grouped(landing(0, "google"), landing(1, "bing")) == [["google"], ["bing"]]


def test_a_new_owner_of_a_browser_starts_a_new_visit() -> None:
    pages = [touch(0, name="a"), touch(1, name="b", person="ben"), touch(2, name="c", person="ben")]
    assert grouped(*pages) == [["a"], ["b", "c"]]


def test_a_shared_browser_holds_a_visit_of_each_of_its_owners() -> None:
    pages = [touch(0, name="a"), touch(1, name="b", person="ben"), touch(2, name="c")]
    assert grouped(*pages) == [["a", "c"], ["b"]]


def test_two_browsers_of_one_person_are_two_visits() -> None:
    pages = [touch(0, name="a"), touch(1, name="b", browser="b2"), touch(2, name="c")]
    assert grouped(*pages) == [["a", "c"], ["b"]]


def test_without_browser_the_person_tells_visits_apart() -> None:
    pages = [touch(0, name="a", browser=None), touch(1, name="b", person="ben", browser=None)]
    assert grouped(*pages, touch(2, name="c", browser=None)) == [["a", "c"], ["b"]]


def test_a_form_that_a_server_reports_is_part_of_the_visit_it_was_sent_in() -> None:
    form = touch(5, "demo_requested", name="form", browser=None)
    assert grouped(touch(0, name="a"), form, touch(6, name="b")) == [["a", "form", "b"]]
    assert grouped(form, touch(6, name="b")) == [["form", "b"]]


def test_touches_of_nobody_are_each_a_visit() -> None:
    pages = [touch(minute, name=str(minute), person=None, browser=None) for minute in (0, 1)]
    assert grouped(*pages) == [["0"], ["1"]]


def test_the_kind_of_a_visit_is_the_strongest_thing_done_in_it() -> None:
    acts = [touch(0), touch(1, "demo_requested"), touch(2, "form_submitted"), touch(3, "trial_started")]
    (visit,) = interactions(acts, RULES)
    assert visit.kind == "demo_requested"
    assert visit.kinds == ("page_viewed", "demo_requested", "form_submitted", "trial_started")


def test_a_visit_speaks_of_its_first_touch_and_of_the_first_campaign_named() -> None:
    click = touch(0, "email_clicked", channel="email", browser=None)
    landing = touch(1, channel="email", campaign="spring")
    (visit,) = interactions([landing, click], RULES)
    assert (visit.id, visit.occurred_at, visit.kind) == (click.id, click.occurred_at, "page_viewed")
    assert (visit.channel, visit.campaign, visit.department) == ("email", "spring", "marketing")
    assert (visit.direction, visit.source, visit.utm_source, visit.content) == ("inbound", None, None, None)


@pytest.mark.parametrize(
    "kind",
    [
        "email_clicked", "email_replied", "call", "prospected", "event_attended", "webinar_attended", "meeting_held",
        "demo_held", "chat", "app_installed", "forum_posted", "review_posted", "referral_made", "ad_clicked",
    ],
)  # fmt: skip
def test_every_other_act_is_an_interaction_of_its_own(kind: str) -> None:
    assert len(grouped(touch(0, kind), touch(1, kind), touch(2, kind))) == 3


@pytest.mark.parametrize(
    "kind",
    [
        "email_sent", "email_delivered", "email_opened", "email_bounced", "email_unsubscribed", "event_registered",
        "webinar_registered", "meeting_booked", "meeting_missed", "support_ticket", "onboarding_step", "product_used",
        "purchase_repeated", "social_followed", "social_engaged", "ad_viewed", "custom",
    ],
)  # fmt: skip
def test_these_kinds_earn_nothing(kind: str) -> None:
    (exclusion,) = uncounted([touch(0, kind)], RULES)
    assert exclusion.why is Why.KIND
    assert grouped(touch(0, kind)) == []


@pytest.mark.parametrize("outcome", ["no_answer", "No answer", "no-answer", "BUSY", "Left voicemail"])
def test_a_call_that_nobody_answered_earns_nothing(outcome: str) -> None:
    (exclusion,) = uncounted([call(0, outcome)], RULES)
    assert exclusion.why is Why.UNANSWERED


@pytest.mark.parametrize("outcome", [None, "connected", "Left live message"])
def test_a_call_that_somebody_answered_counts(outcome: str | None) -> None:
    assert len(grouped(call(0, outcome))) == 1


@pytest.mark.parametrize("why", [Why.BOT, Why.WITHDRAWN, Why.CONSENT, Why.VANITY])
def test_what_is_barred_is_in_no_visit(why: Why) -> None:
    assert not barred(why).counts
    assert grouped(barred(why), touch(1, name="a")) == [["a"]]


def test_a_vanity_kind_counts_where_the_charter_says_so() -> None:
    rules = InteractionRules(vanity_kinds=frozenset({"social_engaged"}))
    assert len(interactions([barred(Why.VANITY, "social_engaged")], rules)) == 1
    assert interactions([barred(Why.BOT, "social_engaged")], rules) == ()


def test_every_reason_has_a_sentence() -> None:
    assert all(why.sentence.endswith(".") for why in Why)
