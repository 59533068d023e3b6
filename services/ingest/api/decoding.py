"""Bytes to calls. What is no JSON document is refused whole, what is no call is refused alone.

Here is the last word on every body, and the only one on those that do not plainly keep to the spec (`fitting` reads
the others). Whatever costs more is looked for only where a cheap sign says that it may be there.
"""

import binascii
import json
import re
from base64 import b64decode
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qs

from msgspec import DecodeError, Raw, Struct
from msgspec.json import Decoder

from services.ingest.api.refusals import Refusal
from services.ingest.domain.limits import PROPERTY_NAME_LENGTH, Limits
from services.ingest.handlers.accept_touchpoints import Call, Parts
from shared.kernel.errors import Reject

_BOM = b"\xef\xbb\xbf"
_FORM = b"data="
_BRACKETS = b"{}[]"
_NOT_BRACKETS = bytes(byte for byte in range(256) if byte not in _BRACKETS)
# Readers differ on which of two equal keys holds; for these, a difference would be a way to smuggle.
DECIDING = ("type", "userId", "messageId", "writeKey")
_ONCE = tuple((key, f'"{key}"'.encode()) for key in DECIDING)
_LEVELS_ABOVE_ITEMS = 2
"""An item stands in the list of a batch, in the batch."""
_FREE_FORM = ("properties", "traits", "context")
_ESCAPED_LETTER = re.compile(rb"\\u00[4-7]", re.IGNORECASE)
_ESCAPED_TROUBLE = re.compile(rb"\\u(?:d[89a-f]|0000|ffff)", re.IGNORECASE)
_ESCAPE = re.compile(
    rb"\\(?:(?P<pair>ud[89ab][0-9a-f]{2}\\ud[c-f][0-9a-f]{2})|(?P<lone>ud[89a-f][0-9a-f]{2})|(?P<nul>u0000)"
    rb"|(?P<mark>uffff)|.)",
    re.IGNORECASE | re.DOTALL,
)
_LONE = rb"\uffff"
"""Stands in for half a surrogate pair: as long, and no character either, so that the rest can still be read."""


class _Items(Struct):
    batch: list[Raw]


class _BatchText(Struct):
    batch: Raw


_plain: Decoder[Any] = Decoder()
_items = Decoder(_Items)
_batch_text = Decoder(_BatchText)
_parts = Decoder(Parts)


class Document(Struct, frozen=True, gc=False):
    """A JSON document: the bytes it was read from, and its plain values."""

    text: bytes
    words: Any
    marked: bool
    """It holds, by their number, characters that are none."""
    spelled: bool
    """It may hold, by their number, letters: keys are not found by looking for them."""
    deep: bool
    """Its items may be nested too deep: that is looked at one by one."""


def document(body: bytes, limits: Limits, items: str = "") -> Document:
    """The JSON object a body holds, plain, in a form's `data` field or base64 in that; raises Refusal. `items`: the
    list of calls in it, if it has one; those that are nested too deep are refused alone."""
    body = stripped(body)
    if body.startswith(_FORM):
        body = _form_data(body)
    read = plain(body, limits, items)
    if not isinstance(read.words, dict):
        raise Refusal(400, "not_an_object", "the body is a JSON object")
    return read


def stripped(body: bytes) -> bytes:
    """The body without a byte order mark and blanks; raises Refusal where nothing is left."""
    body = body.removeprefix(_BOM).strip()
    if not body:
        raise Refusal(400, "empty_body", "the request has no body")
    return body


def plain(body: bytes, limits: Limits, items: str = "") -> Document:
    """Whatever JSON a body holds; raises Refusal. `items` as for `document`."""
    marked, spelled = _escapes(body)
    if marked:
        body = _ESCAPE.sub(_without_lone, body)
    try:
        words = _plain.decode(body)
    except RecursionError:
        raise _too_deep(limits) from None
    except UnicodeDecodeError:
        raise Refusal(400, "bad_text", "the body is JSON in UTF-8") from None
    except (DecodeError, ValueError):
        # The reason names neither the place nor the value: both may be somebody's.
        raise Refusal(400, "bad_json", "the body is no JSON document, or a number in it is out of range") from None
    deep = _nested_deeper(body, limits.depth)
    if deep and _depth(_beside(words, items)) > limits.depth:
        raise _too_deep(limits)
    return Document(body, words, marked, spelled, deep and bool(items))


def is_literal(text: bytes) -> bool:
    """Whether what stands in a text by its number is neither a letter nor what is no character."""
    return not any(_escapes(text))


def batch(read: Document, limits: Limits) -> tuple[Sequence[Any], list[bytes]]:
    """The items of a batch, as plain values and as bytes; raises Refusal where there are none or too many."""
    items = read.words.get("batch")
    if not isinstance(items, list):
        raise Refusal(400, "batch_not_a_list", "a batch is a list of calls", "batch")
    if not items:
        raise Refusal(400, "empty_batch", "the batch is empty", "batch")
    if len(items) > limits.items:
        raise Refusal(413, "batch_too_long", f"a batch holds at most {limits.items} calls", "batch")
    try:
        return items, list(map(bytes, _items.decode(read.text).batch))
    except DecodeError:
        raise Refusal(400, "batch_not_a_list", "the body names its batch twice, and not as a list each time") from None


def call(words: object, text: bytes, read: Document, limits: Limits) -> Call:
    """One call of a document; raises Reject where it is none. `text` is the item as it came."""
    if not isinstance(words, dict):
        raise Reject("not_an_object", "a call is a JSON object")
    if len(text) > limits.item_bytes:
        raise _too_large(limits)
    if read.deep and _depth(words) > limits.depth - _LEVELS_ABOVE_ITEMS:
        raise _too_deep(limits)
    if read.spelled or not all_once(text):
        refuse_doubled(text)
    if read.marked:
        cleaned = _cleaned(text)
        if cleaned != text:
            return _call(_plain.decode(cleaned), cleaned, ("nul_removed",))
    return _call(words, text, ())


def refuse_doubled_beside(read: Document, items: Sequence[Any]) -> None:
    """Raises Reject where a batch names, beside its items, one of the keys that decide twice."""
    text, words = read.text, read.words
    doubled = read.spelled
    for key, quoted in _ONCE:
        if key in words and not doubled:
            once_each = 1 + sum([key in item for item in items if isinstance(item, dict)])
            doubled = text.count(quoted) > once_each
    if doubled:
        refuse_doubled(_envelope(read))


def refuse_doubled(text: bytes) -> None:
    """Raises Reject where an object names one of the keys that decide twice."""
    outermost: list[tuple[str, object]] = []

    def keep(pairs: list[tuple[str, object]]) -> None:
        outermost[:] = pairs  # the outermost object ends last

    json.loads(text, object_pairs_hook=keep)
    names = [name for name, _ in outermost if name in DECIDING]
    if len(names) != len(set(names)):
        raise Reject("duplicate_key", "one of type, userId, messageId and writeKey is there twice")


def _call(words: Mapping[str, Any], text: bytes, flags: tuple[str, ...]) -> Call:
    _refuse_no_parts(words, text)
    return Call(words, _parts.decode(text), flags)


def _envelope(read: Document) -> bytes:
    """A batch's own text without its items."""
    items = _batch_text.decode(read.text).batch
    return read.text.replace(bytes(items), b"[]", 1)


def all_once(text: bytes) -> bool:
    """Whether each key that decides is in a text at most once, wherever it stands."""
    return all(text.count(quoted) <= 1 for _, quoted in _ONCE)


def _refuse_no_parts(words: Mapping[str, Any], text: bytes) -> None:
    long = len(text) > PROPERTY_NAME_LENGTH
    for key in _FREE_FORM:
        value = words.get(key)
        if value is None:
            continue
        if not isinstance(value, dict):
            raise Reject("not_an_object", f"{key} is a JSON object", key)
        if long and value and max(map(len, value)) > PROPERTY_NAME_LENGTH:
            raise Reject("name_too_long", f"a name in {key} has at most {PROPERTY_NAME_LENGTH} characters", key)


def _form_data(body: bytes) -> bytes:
    """The `data` field of a form: JSON, or base64 of it."""
    try:
        fields = parse_qs(body.decode("ascii"), strict_parsing=True, max_num_fields=20)
    except ValueError:
        raise Refusal(400, "bad_form", "the form cannot be read") from None
    value = fields.get("data", [""])[0]
    if value.lstrip().startswith(("{", "[")):
        return value.encode()
    try:
        return b64decode(value.replace(" ", "+"), validate=True)
    except (binascii.Error, ValueError):
        raise Refusal(400, "bad_form", "the form's data is neither JSON nor base64") from None


def _escapes(text: bytes) -> tuple[bool, bool]:
    """Whether a text holds, by their number, characters that are none; and letters."""
    if b"\\" not in text or b"\\u" not in text:  # one byte is found several times faster than two
        return False, False
    return _ESCAPED_TROUBLE.search(text) is not None, _ESCAPED_LETTER.search(text) is not None


def _without_lone(escape: re.Match[bytes]) -> bytes:
    return _LONE if escape["lone"] else escape[0]


def _without_nul(escape: re.Match[bytes]) -> bytes:
    return b"" if escape["nul"] else escape[0]


def _cleaned(text: bytes) -> bytes:
    """The item without NUL, which no store takes; raises Reject where it holds what is no character."""
    if any(escape["mark"] for escape in _ESCAPE.finditer(text)):
        raise Reject("bad_text", "a text holds half a surrogate pair, or what is no character")
    return _ESCAPE.sub(_without_nul, text)


def _beside(words: Any, items: str) -> Any:
    """A document without the list of its items."""
    if isinstance(words, dict) and isinstance(words.get(items), list):
        return {key: value for key, value in words.items() if key != items}
    return words


def _nested_deeper(body: bytes, depth: int) -> bool:
    """Whether a text may be nested deeper: never wrong where it says no."""
    shell = body.translate(None, _NOT_BRACKETS)
    for _ in range(depth // 2):  # a turn takes one level away, or two where a list holds an object
        if not shell:
            return False
        shell = shell.replace(b"{}", b"").replace(b"[]", b"")
    return bool(shell)


def _depth(value: object) -> int:
    deepest, stack = 0, [(value, 1)]
    while stack:
        inner, level = stack.pop()
        if isinstance(inner, dict | list):
            deepest = max(deepest, level)
            stack.extend((child, level + 1) for child in _children(inner))
    return deepest


def _children(value: dict[str, Any] | list[Any]) -> Iterator[Any]:
    return iter(value.values()) if isinstance(value, dict) else iter(value)


def _too_large(limits: Limits) -> Reject:
    return Reject("event_too_large", f"a call has at most {limits.item_bytes} bytes")


def _too_deep(limits: Limits) -> Refusal:
    return Refusal(400, "too_deep", f"the body is nested more than {limits.depth} levels deep")
