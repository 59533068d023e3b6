"""Which URLs and addresses we dial. Addresses and spellings are those attackers use."""

import pytest

from services.handoff.clients.address import check, networks, permitted
from shared.kernel.errors import Reject

LOOPBACK = networks("127.0.0.0/8, ::1/128")
EVERYTHING = networks("0.0.0.0/0,::/0")

DENIED_ADDRESSES = [
    "0.0.0.1", "0.1.2.3", "10.0.0.1", "100.64.0.1", "127.0.0.1", "127.255.255.254", "169.254.1.1", "172.16.0.1",
    "172.31.255.255", "192.0.0.8", "192.0.2.1", "192.88.99.1", "192.168.1.1", "198.18.0.1", "198.19.255.255",
    "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255",
    "::", "::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "64:ff9b:1::1", "100::1", "2001::1",
    "2001:db8::1", "2002:7f00:1::", "3fff::1", "5f00::1", "fc00::1", "fd12:3456::1", "fe80::1", "fe80::1%eth0",
    "fec0::1", "ff02::1", "not an address", "",
]  # fmt: skip

BAD_URLS = [
    "http://127.0.0.1", "https://127.0.0.1", "http://[::1]", "https://[::1]", "http://0", "https://0",
    "http://2130706433", "https://2130706433", "http://0x7f.1", "https://0x7f.1", "https://0x7f000001", "https://127.0.0.0x1",
    "http://0177.0.0.1", "https://0177.0.0.1", "https://127.1", "https://1.1.1.1.1", "https://256.1.1.1",
    "http://[::ffff:127.0.0.1]", "https://[::ffff:7f00:1]", "http://[64:ff9b::7f00:1]", "https://[2002:7f00:1::]",
    "http://169.254.169.254/latest", "https://169.254.169.254/latest", "http://metadata.google.internal",
    "https://metadata.google.internal", "https://metadata", "http://localhost.", "https://localhost.",
    "https://localhost", "https://LOCALHOST", "https://a.localhost", "https://printer.local", "http://kafka:9092",
    "https://kafka", "https://db.internal", "https://example.com.", "https://a..example.com", "https://.example.com",
    "http://example.com", "https://example.com:22", "https://example.com:80", "https://example.com:0",
    "https://example.com:65536", "https://example.com:x", "https://u:p@example.com", "https://u@example.com",
    "https://@example.com", "https://example.com/#x", "https://example.com#", "https:///x", "https://", "//x", "x", "",
    "file:///etc/passwd", "gopher://example.com", "ftp://example.com", "ws://example.com",
    "https://exa%6dple.com", "https://127.0.0.1%2f.example.com", "https://example.com\\@127.0.0.1",
    "https://example.com /x", "https://example.com\n", "\thttps://example.com", "https://exam\u0000ple.com",
    "https://[fe80::1%25eth0]", "https://[fe80::1%eth0]", "https://[::1", "https://::1", "https://[v1.x]",
    "https://\uff11\uff12\uff17.0.0.1", "https://127\u30020\u30020\u30021", "https://\u24db\u24de\u24d2\u24d0lhost",
    "https://exam_ple!.com", "https://" + "a" * 64 + ".com", "https://" + "a." * 127 + "com",
    "https://example.com/" + "a" * 2_048,
]  # fmt: skip


@pytest.mark.parametrize("address", DENIED_ADDRESSES)
def test_an_address_that_is_not_public_is_not_dialled(address: str) -> None:
    assert not permitted(address, ())


@pytest.mark.parametrize("address", ["1.1.1.1", "93.184.216.34", "172.32.0.1", "100.128.0.1", "2606:4700::1111"])
def test_a_public_address_is_dialled(address: str) -> None:
    assert permitted(address, ())
    assert not permitted(address, (), inside_only=True)


@pytest.mark.parametrize("address", ["127.0.0.1", "::ffff:127.0.0.1", "::1"])
def test_an_address_of_an_allowed_network_is_dialled(address: str) -> None:
    assert permitted(address, LOOPBACK)
    assert permitted(address, LOOPBACK, inside_only=True)
    assert not permitted("10.0.0.1", LOOPBACK)


@pytest.mark.parametrize("address", ["169.254.169.254", "::ffff:169.254.169.254", "fd00:ec2::254", "fd00:ec2::254%1"])
def test_metadata_is_never_dialled_whatever_is_allowed(address: str) -> None:
    assert not permitted(address, EVERYTHING)


@pytest.mark.parametrize("url", BAD_URLS)
def test_a_url_we_do_not_dial_is_rejected_without_saying_why(url: str) -> None:
    with pytest.raises(Reject) as caught:
        check(url, ())
    assert caught.value.code == "address_not_allowed"
    assert caught.value.message == "the address is not allowed: a public https URL is"


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest",
        "http://metadata.google.internal",
        "http://2130706433",
        "http://u:p@127.0.0.1",
        "http://10.0.0.1",
        "http://1.1.1.1",
        "https://1.1.1.1:22",
        "ftp://127.0.0.1",
    ],
)
def test_an_allowed_network_opens_nothing_else(url: str) -> None:
    with pytest.raises(Reject):
        check(url, LOOPBACK)


@pytest.mark.parametrize(
    ("url", "host", "port", "path"),
    [
        ("https://crm.example.com", "crm.example.com", 443, "/"),
        ("HTTPS://CRM.Example.COM:8443/Hook?a=1&b=%20", "crm.example.com", 8443, "/Hook?a=1&b=%20"),
        ("https://m\u00fcller.example/\u00fc", "xn--mller-kva.example", 443, "/%C3%BC"),
        ("https://1.1.1.1/x?", "1.1.1.1", 443, "/x"),
        ("https://[2606:4700::1111]/x", "2606:4700::1111", 443, "/x"),
    ],
)
def test_a_public_url_is_taken_apart(url: str, host: str, port: int, path: str) -> None:
    target = check(url, ())
    assert (target.scheme, target.host, target.port, target.path) == ("https", host, port, path)
    assert not target.inside_only


@pytest.mark.parametrize(
    ("url", "authority"),
    [
        ("http://127.0.0.1:9100/hook", "127.0.0.1:9100"),
        ("http://[::1]:9100/hook", "[::1]:9100"),
        ("http://localhost/hook", "localhost"),
        ("https://crm.corp.internal:9443", "crm.corp.internal:9443"),
    ],
)
def test_an_allowed_network_may_be_reached_in_plain_text_and_on_any_port(url: str, authority: str) -> None:
    target = check(url, LOOPBACK)
    assert target.inside_only
    assert target.authority == authority


def test_a_text_that_names_no_network_is_an_error() -> None:
    assert networks("") == ()
    with pytest.raises(ValueError, match="does not appear"):
        networks("localhost")
    with pytest.raises(ValueError, match="host bits"):
        networks("10.0.0.1/8")
