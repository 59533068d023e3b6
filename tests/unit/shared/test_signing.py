"""Signatures: known answers of four independent libraries, and everything a verifier must refuse."""

from base64 import b64encode
from collections.abc import Callable

import pytest

from shared.kernel.errors import Reject
from shared.kernel.signing import decode_secret, hmac8, secret_of, sign, verify

SECRETS = (
    "whsec_uNOVtz3xbho4kfTzgq7UrbhX5mfjjbZH",
    "whsec_ojTYQKsA3vU9yNLlC0O5HUpCZTrrn18UVn5/lw9ZLZU=",
    "whsec_C13FztVhwRO6U1JaLYqSdrAcNhRJKaf7daySypiak7/6u9FBgAy1Lc1Yhfty9OvQzeyg9Z/f5s2+0TQBwn6afg==",
)
"""Keys of 24, 32 and 64 bytes."""

KNOWN_ANSWERS = [
    (
        "msg_2KWPBgLlAfxdpx2AI54pPJ85f4W",
        1782897000,
        '{"type":"lead.assigned","timestamp":"2026-07-01T09:30:00Z","data":{"lead_id":"ld_1","owner":"rep-7"}}',
        (
            "8XnBuKHCy0izX9t0m8vnPnOwa3GpC+512l6dqw5awjI=",
            "o29jHnoL6jOz+6j72eAUY+Omr74DYb4OkXnceX+RNlM=",
            "lusv7iRLFm6KTmb+IPPALSUO6/KoAoxoQl1oUZQ9MQA=",
        ),
    ),
    (
        "evt-1",
        1782897001,
        '{ "type": "lead.assigned",  "data": {"a": 1.0, "b": 1e3} }',
        (
            "Nt+JQVWwEAmMEnV0+TQCCmrEFMmIjEF3to3HwSb4464=",
            "uqnxH5Il7GnX9ChPme/EumuZecoeCEN+36ydfkbFKvo=",
            "IIhbS/RWjZpcpjqPwQUpfuATrSml1enY+2FwT82cU6I=",
        ),
    ),
    (
        "018f2f3e-5c1a-7c3e-9a55-5d1f8a7c3e21",
        1782897002,
        '{"type":"lead.assigned","data":{"name":"Reyés-Müller 株","note":"10 % \u2013 „ok“ 🚀"}}',
        (
            "aISMyMLXju2SdnTLgnk3IwI9ZusFZSkD/Jn6XotQ4ZU=",
            "/K8KEYpSZQLfUX8DHJccunJeg1QaNRnh4SM2b4F2sds=",
            "rn1l2qRINmMgGAVxu5O7U+nugffFw5pGcUOEtckj7RY=",
        ),
    ),
    (
        "msg_2KWPBgLlAfxdpx2AI54pPJ85f4W",
        1782897003,
        '{"type":"lead.assigned","data":{"name":"Rey\\u00e9s"}}',
        (
            "CTSwrJslwOIg4K0lHi418hw5kr7W8n3Bf6ux0LW480o=",
            "nd3JydNzgcEshSgx+CQPTvaxMYfrlsI7Iy28hl8BNRo=",
            "tmiy/p+pNKwKWCusutiMBh9v+LTtMIOixIy8UjhRofQ=",
        ),
    ),
    (
        "evt-1",
        1782897004,
        '{"type":"ping"}\n',
        (
            "lCxlauOJ2HhtH5Fvg8SgDwCUQ/odsu74fOEYvNx2j68=",
            "4fv7GJiX+wBredLUCFj4YgUhf1VlTIRqI+qC+tRIYVk=",
            "8fojQvujYkpAOjOYDKblcJdAXj9FqDcKY3F/M4SGDCc=",
        ),
    ),
    (
        "018f2f3e-5c1a-7c3e-9a55-5d1f8a7c3e21",
        1782897005,
        '{"type":"ping",\r\n"data":{}}',
        (
            "WWW1Qt8lsbmdk1opipPJbT25I0AyMCla8MXoZcMXC/A=",
            "gmf3sxKaVcUykkxESbuSQ7hH8JcHiZq+ClRPnK+XW9w=",
            "WS/UCcLqS4A8Jaw5xoQmoXmXhdMKTS0XYx2NI2f4oe8=",
        ),
    ),
    (
        "msg_2KWPBgLlAfxdpx2AI54pPJ85f4W",
        1782897006,
        "{}",
        (
            "gWeIxH+xqLJIhSEu/llAc6nLKdGx5yBVMkMlCzctRvk=",
            "/vQNd2ByUl6tB+reSPyX/lpCihh/Y7VMWhvQzemkm4M=",
            "I3mGxeoAebjYKmnrS1A9ILGH3EN3nDXFfWSefBXRgqE=",
        ),
    ),
    (
        "evt-1",
        1782897007,
        '{"type":"lead.batch","data":{"pad":"' + "x" * 65536 + '"}}',
        (
            "KRDBJTWZmOeKCdtCiOTNqSutdNRgUhiDulAORnVBVpw=",
            "IrwKxOOHPnslQEefnHZKLKJmh0AmueYaO9tu4XxuBBY=",
            "hUck+wVbnjT5mpy+I66WKkc+pbckVlpR0WeQZB+rAPU=",
        ),
    ),
]
"""Message id, timestamp, body, and its signature under each of the secrets, as standardwebhooks and svix
(each on PyPI and npm) give them."""

KEY, OLD_KEY = bytes(range(24)), bytes(range(24, 48))
ID, AT, BODY = "msg_1", 1_674_087_231, b'{"type":"lead.qualified"}'


@pytest.mark.parametrize(("message_id", "timestamp", "body", "signatures"), KNOWN_ANSWERS)
def test_a_signature_is_the_one_every_library_gives(
    message_id: str, timestamp: int, body: str, signatures: tuple[str, ...]
) -> None:
    for secret, signature in zip(SECRETS, signatures, strict=True):
        assert sign([decode_secret(secret)], message_id, timestamp, body.encode()) == f"v1,{signature}"


def test_the_documented_vector_comes_out() -> None:
    body = b'{"type":"lead.mql","timestamp":"2026-01-01T00:00:00Z","data":{"id":"p_1"}}'
    key = decode_secret("whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX")
    signature = sign([key], "msg_2KWPBgLlAfxdpx2AI54pPJ85f4W", AT, body)
    assert signature == "v1,Q8qrIgH1YfY/4nEz7Wr0t/iEcUY4J8+DFY+A+Ki7gJ0="


def test_a_secret_decodes_to_the_key_it_was_made_of() -> None:
    for size in (24, 32, 48, 64):
        key = bytes(range(size))
        assert decode_secret(secret_of(key)) == key


@pytest.mark.parametrize("size", [24, 48])
def test_a_secret_of_24_or_48_bytes_has_no_padding(size: int) -> None:
    assert not secret_of(bytes(size)).endswith("=")


@pytest.mark.parametrize("size", [0, 23, 65])
def test_a_key_that_is_too_short_or_too_long_makes_no_secret(size: int) -> None:
    with pytest.raises(ValueError, match="24 to 64 bytes"):
        secret_of(bytes(size))


@pytest.mark.parametrize(
    "secret",
    [
        "",
        "whsec_",
        "whsec_" + b64encode(bytes(23)).decode(),
        "whsec_" + b64encode(bytes(65)).decode(),
        "whsec_" + b64encode(bytes(32)).decode().rstrip("="),
        "whsec_" + "_" * 32,
        "whsec_not base64 at all, but long enough to be",
        "whsec_" + "\u00e9" * 32,
        b64encode(bytes(24)).decode(),
    ],
)
def test_a_secret_that_is_none_is_rejected(secret: str) -> None:
    with pytest.raises(Reject) as caught:
        decode_secret(secret)
    assert caught.value.code == "bad_secret"


def test_a_rotated_secret_signs_with_the_new_key_first_and_one_space_between() -> None:
    new, old = sign([KEY], ID, AT, BODY), sign([OLD_KEY], ID, AT, BODY)
    assert sign([KEY, OLD_KEY], ID, AT, BODY) == f"{new} {old}"


@pytest.mark.parametrize("message_id", ["msg_1.2", "msg 1", "msg_\u00e9", "msg_1\n"])
def test_an_id_that_could_be_spliced_is_not_signed(message_id: str) -> None:
    with pytest.raises(ValueError, match="message id"):
        sign([KEY], message_id, AT, BODY)


@pytest.mark.parametrize("keys", [[], [KEY] * 12])
def test_no_key_and_too_many_keys_sign_nothing(keys: list[bytes]) -> None:
    with pytest.raises(ValueError, match="keys"):
        sign(keys, ID, AT, BODY)


@pytest.mark.parametrize("keys", [[KEY], [OLD_KEY, KEY], [KEY, OLD_KEY]])
def test_a_signature_verifies_under_any_valid_key(keys: list[bytes]) -> None:
    assert verify(keys, ID, str(AT), BODY, sign([KEY], ID, AT, BODY), AT)


@pytest.mark.parametrize(("age", "fresh"), [(0, True), (300, True), (-300, True), (301, False), (-301, False)])
def test_a_message_is_fresh_for_five_minutes_both_ways(age: int, fresh: bool) -> None:
    assert verify([KEY], ID, str(AT), BODY, sign([KEY], ID, AT, BODY), AT + age) is fresh


@pytest.mark.parametrize("timestamp", ["", "abc", f"{AT}.5", f"{AT}000000", "\u0661", "-1", f" {AT}"])
def test_a_timestamp_that_is_no_number_of_seconds_does_not_verify(timestamp: str) -> None:
    assert not verify([KEY], ID, timestamp, BODY, sign([KEY], ID, AT, BODY), AT)


@pytest.mark.parametrize("mangle", [
    lambda good: "",
    lambda good: good.removeprefix("v1,"),
    lambda good: good.replace("v1,", "v2,"),
    lambda good: good.rstrip("="),
    lambda good: good + ",t=1",
    lambda good: "v1,\u00e9\ud800",
    lambda good: "v1,",
    lambda good: " ".join(["v1,AAAA"] * 20 + [good]),
])  # fmt: skip
def test_a_mangled_signature_does_not_verify_and_does_not_raise(mangle: Callable[[str], str]) -> None:
    assert not verify([KEY], ID, str(AT), BODY, mangle(sign([KEY], ID, AT, BODY)), AT)


def test_another_body_id_or_key_does_not_verify() -> None:
    good = sign([KEY], ID, AT, BODY)
    assert not verify([KEY], ID, str(AT), BODY + b" ", good, AT)
    assert not verify([KEY], "msg_2", str(AT), BODY, good, AT)
    assert not verify([OLD_KEY], ID, str(AT), BODY, good, AT)


def test_a_token_of_another_version_beside_a_good_one_is_passed_over() -> None:
    assert verify([KEY], ID, str(AT), BODY, "v1a,AAAA  " + sign([KEY], ID, AT, BODY), AT)


def test_a_reference_is_sixteen_hex_digits_that_depend_on_the_secret() -> None:
    reference = hmac8(KEY, "ana@example.test")
    assert len(reference) == 16
    assert int(reference, 16) >= 0
    assert reference == hmac8(KEY, "ana@example.test")
    assert reference != hmac8(OLD_KEY, "ana@example.test")
    assert hmac8(KEY, "half of a pair \ud800") != reference
