"""Google's default channel grouping, and what we add to it."""

import pytest

from services.ingest.domain.channels import category_of, channel, channel_of_visit, same_site
from services.ingest.domain.page import address

NOWHERE = address("")


@pytest.mark.parametrize(
    ("source", "medium", "campaign", "expected"),
    [
        ("(direct)", "(none)", "", "direct"),
        ("", "", "", "direct"),
        ("google", "cpc", "Cross-network", "other"),
        ("google", "cpm", "", "paid_search"),
        ("Facebook", "CPM", "", "paid_social"),
        ("linkedin", "paid-social", "", "paid_social"),
        ("linkedin", "social-paid", "", "organic_social"),
        ("youtube.com", "cpv", "", "paid_video"),
        ("youtube", "cpc", "", "paid_video"),
        ("somewhere", "cpm", "", "display"),
        ("somewhere", "banner", "", "display"),
        ("somewhere", "cpc", "", "other"),
        ("newsletter", "social", "", "organic_social"),
        ("youtube.com", "referral", "", "organic_video"),
        ("google", "organic", "", "organic_search"),
        ("anything", "organic", "", "organic_search"),
        ("mail.google.com", "referral", "", "referral"),
        ("hubspot", "e-mail", "", "email"),
        ("email", "newsletter", "", "email"),
        ("partner-x", "affiliate", "", "affiliates"),
        ("spotify", "audio", "", "audio"),
        ("sms", "", "", "sms"),
        ("app", "web-push", "", "push"),
        ("firebase", "x", "", "push"),
        ("chatgpt.com", "", "", "ai_assistant"),
        ("g2", "listing", "", "review_site"),
        ("capterra", "cpc", "", "review_site"),
        ("hannover", "tradeshow", "", "event"),
        ("spring", "direct-mail", "", "direct_mail"),
        ("x", "y", "", "other"),
    ],
)
def test_a_source_and_a_medium_have_one_channel(source: str, medium: str, campaign: str, expected: str) -> None:
    assert channel(source, medium, campaign) == expected


@pytest.mark.parametrize(
    ("referrer", "expected"),
    [
        ("https://www.google.com/", "organic_search"),
        ("https://google.co.uk/search?q=x", "organic_search"),
        ("https://search.brave.com/", "organic_search"),
        ("https://uk.search.yahoo.com/", "organic_search"),
        ("https://mail.google.com/", "referral"),
        ("https://finance.yahoo.com/", "referral"),
        ("https://google.evil.example/", "referral"),
        ("https://lm.facebook.com/", "organic_social"),
        ("https://x.com/", "organic_social"),
        ("https://t.co/abc", "organic_social"),
        ("android-app://com.linkedin.android/", "organic_social"),
        ("https://www.youtube.com/watch", "organic_video"),
        ("https://chatgpt.com/", "ai_assistant"),
        ("https://www.perplexity.ai/search", "ai_assistant"),
        ("https://gemini.google.com/", "ai_assistant"),
        ("https://www.g2.com/products/x", "review_site"),
        ("https://blog.example.org/post", "referral"),
        ("$direct", "direct"),
        ("", "direct"),
    ],
)
def test_a_referrer_has_one_channel(referrer: str, expected: str) -> None:
    assert channel_of_visit({}, address("https://acme.example/"), address(referrer)) == expected


@pytest.mark.parametrize(
    ("click_id", "expected"),
    [("gclid", "paid_search"), ("li_fat_id", "paid_social"), ("dclid", "display"), ("fbclid", "organic_social")],
)
def test_a_click_id_tells_where_no_utm_does(click_id: str, expected: str) -> None:
    assert channel_of_visit({click_id: "1"}, NOWHERE, address("https://blog.example.org/")) == expected
    assert channel_of_visit({click_id: "1", "medium": "email"}, NOWHERE, NOWHERE) == "email"


@pytest.mark.parametrize(
    ("host", "other", "same"),
    [
        ("www.acme.example", "shop.acme.example", True),
        ("a.acme.co.uk", "b.other.co.uk", False),
        ("a.acme.co.uk", "acme.co.uk", True),
        ("ana.github.io", "ben.github.io", False),
        ("127.0.0.1", "10.0.0.1", False),
        ("localhost", "localhost", True),
        ("", "", False),
    ],
)
def test_two_hosts_are_one_site_where_somebody_registered_them_together(host: str, other: str, same: bool) -> None:
    assert same_site(host, other) is same


def test_a_campaign_with_only_a_name_leaves_the_channel_to_the_referrer() -> None:
    assert channel_of_visit({"name": "spring"}, NOWHERE, address("https://www.bing.com/")) == "organic_search"


def test_a_network_is_found_under_any_of_its_hosts_and_an_engine_is_not() -> None:
    assert category_of("de.linkedin.com") == "social"
    assert category_of("docs.google.com") == ""
