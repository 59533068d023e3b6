"""Which domain a host speaks for, by the lists that are shipped."""

import pytest

from services.ingest.domain.mail_hosts import Refusal, host_of, upwards
from services.ingest.settings import mail_domain, mail_hosts


@pytest.mark.parametrize(
    ("host", "registered"),
    [
        ("acme.com", "acme.com"),
        ("mail.sub.acme.com", "acme.com"),
        ("sub.acme.co.uk", "acme.co.uk"),
        ("acme.example", "acme.example"),
        ("a.foo.ck", "a.foo.ck"),
        ("a.www.ck", "www.ck"),
        ("xn--bcher-kva.de", "xn--bcher-kva.de"),
    ],
)
def test_a_host_is_of_the_domain_that_somebody_registered(host: str, registered: str) -> None:
    assert mail_hosts().domain_of(host) == registered


@pytest.mark.parametrize(
    ("host", "why"),
    [
        ("gmail.com", "free_mail"),
        ("post.gmail.com", "free_mail"),
        ("mailinator.com", "disposable"),
        ("co.uk", "no_company"),
        ("foo.ck", "no_company"),
        ("acme.com", None),
    ],
)
def test_a_host_where_anybody_gets_an_address_names_no_account(host: str, why: Refusal | None) -> None:
    assert mail_hosts().refusal(host) == why


@pytest.mark.parametrize(
    ("text", "host"),
    [
        (" https://www.Acme.com/pricing?x=1", "acme.com"),
        ("acme.com:8080", "acme.com"),
        ("ana@sub.acme.com", "sub.acme.com"),
        ("bücher.de", "xn--bcher-kva.de"),
        ("Acme Inc.", None),
        ("127.0.0.1", None),
        ("localhost", None),
        ("a..b.com", None),
        ("", None),
    ],
)
def test_what_is_given_as_a_website_is_read_as_a_host(text: str, host: str | None) -> None:
    assert host_of(text) == host


def test_the_way_up_from_a_host_ends_at_the_registered_domain() -> None:
    assert upwards("a.b.acme.com", "acme.com") == ["a.b.acme.com", "b.acme.com", "acme.com"]


def test_an_address_without_a_company_is_nowhere() -> None:
    assert mail_domain("ana@gmail.com") is None
    assert mail_domain("no address") is None
