"""Addresses without what opens doors."""

import pytest

from services.ingest.domain.call import Call
from services.ingest.domain.page import address, page_of, without_secrets


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://user:pass@acme.example/a", "https://acme.example/a"),
        ("https://acme.example/a?token=abc&x=1", "https://acme.example/a?token=redacted&x=1"),
        ("https://acme.example/?Reset-Code=1&apiKey=2&accessToken=3",
         "https://acme.example/?Reset-Code=redacted&apiKey=redacted&accessToken=redacted"),
        ("https://acme.example/?q=ana%40acme.example", "https://acme.example/?q=redacted"),
        ("https://acme.example/?ana@acme.example", "https://acme.example/?redacted"),
        ("https://acme.example/?x=eyJhbGciOi", "https://acme.example/?x=redacted"),
        ("https://acme.example/?a=1;password=x", "https://acme.example/?a=1&password=redacted"),
        ("https://acme.example/#access_token=1&state=2", "https://acme.example/#access_token=redacted&state=2"),
        ("https://acme.example/#/reset?email=a", "https://acme.example/#/reset?email=redacted"),
        ("https://acme.example/off/ana@acme.example/x", "https://acme.example/off/redacted/x"),
        ("HTTPS://WWW.Acme.example:8443/A", "https://www.acme.example:8443/A"),
        ("/a?next=/b?token=1&x=2", "/a?next=redacted&x=2"),
        ("/a?next=https%3A%2F%2Fb.example%3Fkey%3D1", "/a?next=redacted"),
        ("/a?next=%2Fb%3Fpage%3D1", "/a?next=%2Fb%3Fpage%3D1"),
        ("/pricing?keyword=robots#top", "/pricing?keyword=robots#top"),
        ("acme.example/pricing", "acme.example/pricing"),
        ("http://[::1]:8080/a", "http://[::1]:8080/a"),
    ],
)  # fmt: skip
def test_an_address_is_kept_without_its_secrets(url: str, kept: str) -> None:
    assert address(url).url == kept


@pytest.mark.parametrize(
    "url",
    ["javascript:alert(1)", "java\tscript://%0aalert(1)", "JAVASCRIPT://x", "data:text/html,x", "$direct", "a b",
     "https://ana:half/of@acme.example/", "https://", "", "//"],
)  # fmt: skip
def test_what_no_page_can_have_is_no_address(url: str) -> None:
    assert address(url).url == ""


def test_a_long_address_is_cut_after_its_secrets_are_gone() -> None:
    long = address("https://acme.example/?" + "a=1&" * 3_000 + "token=abc").url
    assert (len(long), "abc" in long) == (2_048, False)


def test_a_secret_that_goes_on_past_what_is_read_is_still_one() -> None:
    assert "ssss" not in address("https://acme.example/?token=" + "s" * 20_000).url


def test_a_page_call_is_about_its_own_page_and_another_about_the_one_it_happened_on() -> None:
    here, there = {"url": "https://acme.example/here"}, {"page": {"url": "https://acme.example/there", "title": "T"}}
    page = Call("1", "w", "segment", False, 0, "page", properties=here, context=there)
    track = Call("1", "w", "segment", False, 0, "track", "x", properties=here, context=there)
    assert page_of(page).page == {"url": "https://acme.example/here", "path": "/here", "title": "T"}
    assert page_of(track).page["path"] == "/there"


def test_a_path_given_beside_the_address_loses_its_query() -> None:
    call = Call("1", "w", "segment", False, 0, "page", properties={"path": "/reset?token=abc"})
    assert page_of(call).page == {"path": "/reset"}


def test_pages_that_are_no_texts_are_passed_over() -> None:
    call = Call("1", "w", "segment", False, 0, "page", properties={"url": 7, "title": []}, context={"page": "x"})
    assert page_of(call).page == {}


def test_a_text_with_an_address_in_it_is_no_address() -> None:
    assert without_secrets("see https://acme.example") == "see https://acme.example"
    assert without_secrets("https://a.example/?key=1") == "https://a.example/?key=redacted"
    assert without_secrets("javascript:alert(1)") == ""
