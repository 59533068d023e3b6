"""CloudEvents 1.0 in the Kafka binding's binary mode: attributes as `ce_*` headers, the data as the value.

Every event of ours is written and read here and nowhere else. Headers that are no attribute are kept.
"""

from typing import NamedTuple

from msgspec import DecodeError, Struct, ValidationError, json

from shared.kernel import instant
from shared.kernel.instant import Instant

PREFIX = "throughline."
_SUFFIX = ".v1"
_FIXED = (("content-type", b"application/json"), ("ce_specversion", b"1.0"))


class Event(NamedTuple):
    """Something that happened: `type` is the short name (`touchpoint`, `lead.qualified`), `at` is UTC ms."""

    id: str
    type: str
    source: str
    at: Instant
    data: Struct


class Emit(NamedTuple):
    """An event to publish under a topic and a key."""

    topic: str
    key: str
    event: Event


class Unreadable(ValueError):
    """A record is not an event we know; the message names the reason and none of the content."""


def full_type(event_type: str) -> str:
    """The type as it stands in the headers."""
    return f"{PREFIX}{event_type}{_SUFFIX}"


def headers(event_id: str, event_type: str, source: str, at: Instant) -> tuple[tuple[str, bytes], ...]:
    """The headers of an event."""
    return (
        *_FIXED,
        ("ce_id", event_id.encode()),
        ("ce_type", full_type(event_type).encode()),
        ("ce_source", source.encode()),
        ("ce_time", instant.to_text(at).encode()),
    )


def encode(event: Event) -> tuple[bytes, tuple[tuple[str, bytes], ...]]:
    """The value and the headers of an event."""
    return json.encode(event.data), headers(event.id, event.type, event.source, event.at)


def decode(value: bytes, record_headers: tuple[tuple[str, bytes], ...], types: dict[str, type[Struct]]) -> Event:
    """The event of a record; raises Unreadable where its type is unknown, or its attributes or data are bad."""
    attributes = dict(record_headers)
    try:
        event_id = attributes["ce_id"].decode()
        full_type = attributes["ce_type"].decode()
        source = attributes.get("ce_source", b"").decode()
        at = instant.parse(attributes["ce_time"].decode())
    except (KeyError, ValueError):
        raise Unreadable("a CloudEvents attribute is missing or unreadable") from None
    short = full_type.removeprefix(PREFIX).removesuffix(_SUFFIX)
    if short not in types:
        raise Unreadable("unknown event type")
    try:
        data = json.decode(value, type=types[short])
    except (DecodeError, ValidationError, UnicodeDecodeError) as error:
        raise Unreadable(f"data does not fit {short}: {type(error).__name__}") from None
    return Event(event_id, short, source, at, data)
