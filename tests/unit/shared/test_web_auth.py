"""Keys and tokens open what is theirs, in every form senders use."""

import base64

import pytest

from shared.web.auth import DoorKey, Holder, KeyLookup, Scope, Tokens, header_secrets
from shared.web.credentials import Credentials

CREDENTIALS = Credentials("wk:a:b", "sk_é", "tl_1", "secret")
KEYS = KeyLookup.of(CREDENTIALS, "web")
WRITE = DoorKey("web", trusted=False)


def basic(text: str) -> bytes:
    return b"Basic " + base64.b64encode(text.encode())


@pytest.mark.parametrize("text", ["wk:a:b", "jitsu:wk:a:b", b"wk:a:b"])
def test_a_write_key_with_colons_is_known_alone_and_behind_an_id(text: str | bytes) -> None:
    assert KEYS.lookup(text) == WRITE


@pytest.mark.parametrize("text", ["", "wk", ":", "wk:a", "wk:a:b:c", "é", "\ud800", "x:\ud800"])
def test_what_is_no_key_opens_nothing(text: str) -> None:
    assert KEYS.lookup(text) is None


@pytest.mark.parametrize("header", [basic("wk:a:b:"), basic("wk:a:b"), basic("id:wk:a:b"), b"bearer wk:a:b"])
def test_a_header_carries_a_key_in_any_of_its_forms(header: bytes) -> None:
    assert KEYS.lookup_header(header) == WRITE


def test_a_key_that_ends_with_a_colon_is_known_in_basic() -> None:
    keys = KeyLookup.of(Credentials("wk:", "s", "a", "secret"), "web")
    assert keys.lookup_header(basic("wk:")) == keys.lookup_header(basic("wk::")) == WRITE


def test_a_server_key_is_trusted_and_has_no_scope() -> None:
    assert KEYS.lookup("sk_é") == DoorKey("web", trusted=True)


def test_the_admin_token_is_trusted_and_has_every_scope() -> None:
    assert KEYS.lookup("tl_1") == DoorKey("web", trusted=True, scopes=frozenset(Scope))


@pytest.mark.parametrize("header", [b"", b"Basic", b"Basic %%%", b"Basic \xff", b"Bearer ", b"Digest x", basic("")])
def test_a_header_that_cannot_be_read_holds_no_secret(header: bytes) -> None:
    assert header_secrets(header) == ()


def test_tokens_tell_whose_a_secret_is() -> None:
    tokens = Tokens.of(CREDENTIALS)
    assert tokens.holder("tl_1") == Holder("admin_token", Scope.ADMIN)
    assert tokens.holder("wk:a:b") == Holder("write_key", None)
    assert tokens.holder("tl_2") is None


def test_each_scope_holds_the_ones_before_it() -> None:
    assert Scope.READ < Scope.OPERATE < Scope.ADMIN
