"""Addresses of pages: read once, and kept without what opens doors.

Promises: no credentials, no value that is secret by its name or looks like an address or a token, in query or
fragment; never raises, whatever was sent. Leaves out: what an address says about a campaign (campaign.py).
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple
from urllib.parse import unquote, unquote_plus

from services.ingest.domain.call import Call
from services.ingest.domain.text import readable

BAD_URL = "bad_url"
REDACTED = "redacted"

_LONGEST_READ = 8_192
_LONGEST_KEPT = 2_048
_LONGEST_TITLE = 300
_LONGEST_HOST = 253
_LONGEST_CACHED = 1_024
"""A cache of longer ones would let a stranger fill our memory."""
_ADDRESSES = 4_096
_NAMES = 2_048
_LONGEST_NAME = 128
_NO_PAGES = frozenset(("javascript", "data", "vbscript", "blob", "about"))
_SECRET_WORDS = frozenset(
    (
        "auth", "authorization", "code", "credential", "credentials", "email", "jwt", "key", "mail", "mobile", "otp",
        "pass", "passcode", "passphrase", "phone", "pin", "pw", "pwd", "session", "sessionid", "sid", "sig", "ssn",
        "tel", "telephone", "ticket", "iban",
    )
)  # fmt: skip
_SECRET_PARTS = ("token", "passw", "secret", "email", "e-mail", "apikey", "signature", "samlresponse")
_WORD = re.compile(r"[a-z0-9]+")
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_BETWEEN = re.compile("[?&#;]")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*")


class Address(NamedTuple):
    """A URL as it may be kept. `host` is lower case without port, empty where there is none; `query` is decoded."""

    url: str
    host: str
    path: str
    query: tuple[tuple[str, str], ...]


_NOWHERE = Address("", "", "", ())


class Seen(NamedTuple):
    """The page an event is about: what is kept of it, the addresses behind that, and what was wrong with them."""

    page: dict[str, str]
    url: Address
    referrer: Address
    flags: tuple[str, ...]


def page_of(call: Call) -> Seen:
    """The page of a call: for page calls from their properties, then, as for all others, from the context."""
    context = call.context.get("page")
    about = context if isinstance(context, dict) else {}
    own = call.properties if call.type == "page" or call.type == "screen" else about
    url, referrer = _text(own, about, "url"), _text(own, about, "referrer")
    path, title = _text(own, about, "path"), _text(own, about, "title")
    here = address(url) if url else _NOWHERE
    there = address(referrer) if referrer else _NOWHERE
    page: dict[str, str] = {}
    if here.url:
        page["url"] = here.url
    if path := (address(path).path if path and path.startswith("/") else here.path):
        page["path"] = path
    if title:
        page["title"] = readable(title)[:_LONGEST_TITLE]
    if there.url:
        page["referrer"] = there.url
    bad = (url and not here.url) or (referrer and "://" in referrer and not there.url)
    return Seen(page, here, there, (BAD_URL,) if bad else ())


def address(url: str) -> Address:
    """An address without its secrets; all empty where the text is none that a page can have."""
    return _read_before(url) if len(url) <= _LONGEST_CACHED else _read(url)


def _read(url: str) -> Address:
    text = readable(url[:_LONGEST_READ])
    before, hash_sign, fragment = text.partition("#")
    before, question, query = before.partition("?")
    located = _located(before.replace("\\", "/"))
    if located is None:
        return _NOWHERE
    origin, host, path = located
    pairs, query = _without_secrets(query)
    kept = f"{origin}{path}"
    if question:
        kept += f"?{query}"
    if hash_sign:
        # Routes inside a page have queries too, and sign-in hands its tokens over here.
        kept += "#" + "?".join(_without_secrets(part)[1] for part in fragment.split("?"))
    return Address(kept[:_LONGEST_KEPT], host, path[:_LONGEST_KEPT], tuple(pairs))


_read_before = lru_cache(maxsize=_ADDRESSES)(_read)


def without_secrets(value: str) -> str:
    """A text; where it is an address, without its secrets, and empty where it is one that runs when it is opened."""
    if "://" in value:
        return address(value).url or ("" if " " not in value.strip() else value)
    return "" if value.lstrip()[:11].lower() == "javascript:" else value


def looks_personal(value: str) -> bool:
    """Whether a value holds an e-mail address, or begins as signed tokens do, whatever its name promises."""
    if "@" in value or "%40" in value:
        local, _, domain = value.replace("%40", "@").partition("@")
        return bool(local) and "." in domain.strip(".")
    return value.startswith("eyJ")


def is_secret(name: str) -> bool:
    """Whether a query parameter of this name holds something that nobody else should read."""
    return _is_secret(name[:_LONGEST_NAME])


@lru_cache(maxsize=_NAMES)
def _is_secret(name: str) -> bool:
    spread = _HUMP.sub("_", unquote(name)).lower()
    joined = spread.replace("_", "").replace("-", "")
    if any(part in spread or part in joined for part in _SECRET_PARTS):
        return True
    return not _SECRET_WORDS.isdisjoint(_WORD.findall(spread))


def _located(text: str) -> tuple[str, str, str] | None:
    """(scheme and authority as kept, host, path) of what stands before query and fragment."""
    scheme, mark, rest = text.partition("://")
    if not mark:
        if text.startswith("/") and not text.startswith("//"):
            return "", "", _path(text)
        scheme, rest = "", text.removeprefix("//")
    elif scheme != "https" and (scheme.lower() in _NO_PAGES or not _SCHEME.fullmatch(scheme)):
        return None
    authority, slash, path = rest.partition("/")
    host_and_port = authority.rpartition("@")[2].lower()
    host, colon, port = host_and_port.rpartition(":")
    if not colon or host_and_port.endswith("]"):
        host = host_and_port
    elif port and not port.isdigit():
        # Half of a password that holds a slash would look like a port.
        return None
    if " " in host or len(host) > _LONGEST_HOST or not (host or (scheme and path)):
        return None
    if not scheme and "." not in host and host != "localhost":
        return None
    origin = f"{scheme.lower()}://{host_and_port}" if mark else host_and_port
    return origin, host, _path(slash + path)


def _path(path: str) -> str:
    if "@" not in path and "%40" not in path:
        return path
    return "/".join(REDACTED if looks_personal(segment) else segment for segment in path.split("/"))


def _without_secrets(query: str) -> tuple[list[tuple[str, str]], str]:
    """The pairs of a query that hold no secret, decoded, and its text with the secrets replaced."""
    if not query:
        return [], ""
    kept: list[tuple[str, str]] = []
    texts: list[str] = []
    for pair in query.replace(";", "&").split("&") if ";" in query else query.split("&"):
        name, equals, value = pair.partition("=")
        if (equals and is_secret(name)) or looks_personal(pair) or looks_personal(value) or _leads_on(value):
            texts.append(f"{name}={REDACTED}" if equals and not looks_personal(name) else REDACTED)
            continue
        texts.append(pair)
        if value:
            kept.append((_decoded(name), _decoded(value)))
    return kept, "&".join(texts)


def _leads_on(value: str) -> bool:
    """Whether a value is an address itself, or a part of one, with a secret in it."""
    if "=" not in value and "%3" not in value:
        return False
    pairs = (pair.partition("=") for pair in _BETWEEN.split(_decoded(value)))
    return any(equals and is_secret(name) for name, equals, _ in pairs)


def _decoded(text: str) -> str:
    return unquote_plus(text) if "%" in text or "+" in text else text


def _text(first: Mapping[str, Any], second: Mapping[str, Any], name: str) -> str:
    value = first.get(name) or second.get(name)
    return value if isinstance(value, str) else ""
