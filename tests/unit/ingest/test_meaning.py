"""What a call means as a whole."""

from typing import Any, get_args

import pytest

from services.ingest.domain.call import Call, CallType
from services.ingest.domain.channels import CHANNELS
from services.ingest.domain.kinds import KINDS
from services.ingest.domain.meaning import DEFAULT_RULES, Rules, meaning_of
from shared.contracts import charter_text, charter_words

NOW = 1_795_302_296_000
LANDING = "https://www.acme.example/pricing?utm_source=LinkedIn&utm_medium=paid-social&utm_campaign=q3&gclid=Cj0"


def track(name: str, *, trusted: bool = True, **fields: Any) -> Call:
    return Call("1", "web", "segment", trusted, NOW, "track", name, **fields)


def page(url: str = LANDING, referrer: str = "", **fields: Any) -> Call:
    properties = {"url": url, "referrer": referrer, "path": "/pricing", "title": "Pricing", "plan": "pro"}
    return Call("1", "web", "segment", False, NOW, "page", None, properties=properties, **fields)


def test_the_kinds_and_channels_are_those_of_the_charter() -> None:
    assert frozenset(get_args(charter_words.Kind)) == KINDS
    assert frozenset(get_args(charter_words.Channel)) == CHANNELS


def test_departments_are_those_of_the_default_charter() -> None:
    assert charter_text.default().attribution.departments == DEFAULT_RULES.departments


def test_a_page_call_with_utm_values_is_a_view_with_channel_campaign_and_page() -> None:
    meaning = meaning_of(page(referrer="https://www.linkedin.com/"))
    assert (meaning.kind, meaning.channel, meaning.department) == ("page_viewed", "paid_social", "marketing")
    assert meaning.campaign == {"source": "linkedin", "medium": "paid-social", "name": "q3", "gclid": "Cj0"}
    assert meaning.page["path"] == "/pricing"
    assert meaning.properties == {"plan": "pro"}


def test_a_step_inside_a_site_has_no_channel_but_direct() -> None:
    assert meaning_of(page("https://acme.example/a", "https://blog.acme.example/b")).channel == "direct"


def test_a_back_end_event_about_no_page_did_not_come_directly() -> None:
    assert meaning_of(track("Invoice Paid")).channel == "other"


def test_a_form_sent_without_any_page_is_direct() -> None:
    assert meaning_of(track("Form Submitted")).channel == "direct"


def test_an_ad_that_says_nothing_more_is_display() -> None:
    clicked = meaning_of(track("Ad Clicked"))
    viewed = meaning_of(track("Ad Viewed"))
    assert (clicked.channel, clicked.vanity, viewed.direction, viewed.vanity) == ("display", False, "outbound", True)


def test_a_channel_is_taken_from_the_sender_where_it_is_one() -> None:
    assert meaning_of(track("Call", properties={"channel": "Partner"})).channel == "partner"
    assert meaning_of(track("Call", properties={"channel": "pigeon"})).channel == "phone"


def test_a_clock_that_cannot_be_right_is_flagged_beside_what_the_collector_flagged() -> None:
    meaning = meaning_of(track("Chat", timestamp=1, flags=("gpc",)))
    assert (meaning.occurred_at, meaning.flags) == (NOW, ("gpc", "clock_suspect"))
    assert meaning.consent == {"advertising": False}


def test_a_call_without_a_name_is_named_by_its_type() -> None:
    assert meaning_of(page()).name == "page"


def test_an_address_that_runs_when_opened_is_left_out_and_flagged() -> None:
    meaning = meaning_of(page("javascript:alert(1)", "java\tscript://x"))
    assert meaning.page == {"path": "/pricing", "title": "Pricing"}
    assert meaning.flags == ("bad_url",)


@pytest.mark.parametrize("call_type", ["identify", "alias", "group"])
def test_a_call_that_is_no_act_is_custom_whatever_it_says(call_type: CallType) -> None:
    call = Call("1", "web", "segment", True, NOW, call_type, "Demo Held", properties={"kind": "demo_held"})
    assert meaning_of(call).kind == "custom"


def test_rules_of_a_charter_replace_the_defaults() -> None:
    rules = Rules(departments={"chat": "service"}, vanity_kinds=frozenset(("chat",)), kind_of_name={"ping": "chat"})
    meaning = meaning_of(track("Ping"), rules)
    assert (meaning.kind, meaning.department, meaning.vanity) == ("chat", "service", True)
