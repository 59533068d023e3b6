"""Calls that keep to the spec as they came, as nearly all do: read in C, and what several of them repeat only once.

Promises: a call that is read here is the one that `decoding` would read. Where it is not plain that it would be, the
answer is None, and `decoding` has the last word, on what is wrong too.
"""

from collections.abc import Mapping
from types import GenericAlias
from typing import Any

from msgspec import UNSET, DecodeError, Raw, Struct, UnsetType, field
from msgspec.json import Decoder

from services.ingest.api import decoding
from services.ingest.domain.limits import PROPERTY_NAME_LENGTH, Limits
from services.ingest.handlers.accept_touchpoints import Fit, Said

_Scalar = str | int | float | None
_PART_LEVELS = 8
"""Levels that nearly all free-form parts do with; the size of a reader that tells this doubles with each."""
_LEVELS_ABOVE = 3
"""A part stands in a call, in the list of a batch, in the batch."""
_TYPE, _USER_ID, _MESSAGE_ID, _WRITE_KEY = (f'"{key}"'.encode() for key in decoding.DECIDING)


class _Sent(Said, frozen=True, gc=False, rename="camel", forbid_unknown_fields=True):
    """What a call says, and what SDKs send beside it. All of a text is proven, so no field is passed over."""

    write_key: str | UnsetType = UNSET
    received_at: _Scalar = None
    version: _Scalar = None
    integrations: Raw | UnsetType = UNSET
    options: Raw | UnsetType = UNSET
    metadata: Raw | UnsetType = field(default=UNSET, name="_metadata")


class _Batch(Struct, rename="camel", forbid_unknown_fields=True):
    batch: list[_Sent]
    write_key: str | UnsetType = UNSET
    sent_at: _Scalar = None
    context: Raw | UnsetType = UNSET
    integrations: Raw | UnsetType = UNSET


class _Texts(Struct):
    batch: list[Raw]


class FitBatch(Struct, frozen=True, gc=False):
    """A batch whose calls all keep to the spec, with the write keys it carries."""

    calls: list[Fit]
    write_keys: list[str]
    sent_at: _Scalar


class _UnfitError(Exception):
    """Something has to be read the other way."""


def _nested_in(levels: int) -> Any:
    """The type of whatever JSON is nested in no more levels."""
    scalar = str | int | float | bool | None
    value: Any = scalar
    for _ in range(levels):
        value = scalar | GenericAlias(dict, (str, value)) | GenericAlias(list, value)
    return value


_one = Decoder(_Sent)
_batch = Decoder(_Batch)
_texts = Decoder(_Texts)
_values: Decoder[Any] = Decoder(_nested_in(_PART_LEVELS))


class _Parts(dict[bytes, Mapping[str, Any] | None]):
    """The free-form parts of a request as plain values, by their text; a batch repeats its contexts."""

    def __missing__(self, text: bytes) -> Mapping[str, Any] | None:
        value: Mapping[str, Any] | None = _values.decode(text)
        if value is not None and not isinstance(value, dict):
            raise _UnfitError
        if len(text) > PROPERTY_NAME_LENGTH and value and max(map(len, value)) > PROPERTY_NAME_LENGTH:
            raise _UnfitError
        self[text] = value
        return value


def one(text: bytes, limits: Limits) -> tuple[Fit, list[str]] | None:
    """A body that is one call, and the write keys it carries; None where it is not plain that it keeps to the spec."""
    if not _is_plain(text, limits) or len(text) > limits.item_bytes:
        return None
    try:
        sent = _one.decode(text)
        return _fit(sent, text, _Parts()), [] if sent.write_key is UNSET else [sent.write_key]
    except (DecodeError, RecursionError, _UnfitError):
        return None


def batch(text: bytes, limits: Limits) -> FitBatch | None:
    """A body that is a batch; None where it is not plain that all of it keeps to the spec."""
    if not _is_plain(text, limits):
        return None
    try:
        read = _batch.decode(text)
        texts = list(map(bytes, _texts.decode(text).batch))
        if not 0 < len(texts) <= limits.items or max(map(len, texts)) > limits.item_bytes:
            return None
        parts = _Parts()
        for part in (read.context, read.integrations):
            _prove(part, parts)
        fits = [_fit(sent, item, parts) for sent, item in zip(read.batch, texts, strict=True)]
    except (DecodeError, RecursionError, _UnfitError):
        return None
    keys = [sent.write_key for sent in read.batch if sent.write_key is not UNSET]
    if read.write_key is not UNSET:
        keys.append(read.write_key)
        if text.count(_WRITE_KEY) > len(keys):
            return None
    return FitBatch(fits, keys, read.sent_at)


def _is_plain(text: bytes, limits: Limits) -> bool:
    """Whether a text is UTF-8, keys stand in it as they are looked for, and parts may be as deep as they are read."""
    if limits.depth < _PART_LEVELS + _LEVELS_ABOVE or not decoding.is_literal(text):
        return False
    if text.isascii():
        return True
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True


def _fit(sent: _Sent, text: bytes, parts: _Parts) -> Fit:
    # Looked for only where it is there: looking over the whole text is what costs.
    if (
        (sent.type is not UNSET and text.find(_TYPE) != text.rfind(_TYPE))
        or (sent.message_id is not UNSET and text.find(_MESSAGE_ID) != text.rfind(_MESSAGE_ID))
        or (sent.user_id is not UNSET and text.find(_USER_ID) != text.rfind(_USER_ID))
        or (sent.write_key is not UNSET and text.find(_WRITE_KEY) != text.rfind(_WRITE_KEY))
    ) and not _each_once(sent, text):
        raise _UnfitError
    if sent.integrations is not UNSET or sent.options is not UNSET or sent.metadata is not UNSET:
        for part in (sent.integrations, sent.options, sent.metadata):
            _prove(part, parts)
    properties, traits, context = sent.properties, sent.traits, sent.context
    return Fit(
        sent,
        text,
        None if properties is UNSET else parts[bytes(properties)],
        None if traits is UNSET else parts[bytes(traits)],
        None if context is UNSET else parts[bytes(context)],
    )


def _prove(part: Raw | UnsetType, parts: _Parts) -> None:
    """Read what is kept nowhere, for what is wrong with it."""
    if part is not UNSET:
        parts[bytes(part)]


def _each_once(said: Said, text: bytes) -> bool:
    """Whether a call plainly names each key that decides at most once, free-form parts aside: devices have a `type`.

    A part may be taken out where its bytes stand within another; those, too, are no keys of the call.
    """
    for part in (said.context, said.traits, said.properties):  # pages are told in the context once more
        if part is not UNSET and (value := bytes(part)).startswith(b"{"):
            at = text.rfind(value)  # `find` first prepares for a long text, which takes longer than looking for it
            if at < 0:
                return False
            text = text[:at] + text[at + len(value) :]
    return decoding.all_once(text)
