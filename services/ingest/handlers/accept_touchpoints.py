"""A call came in by a door: make it a collected touchpoint, or refuse it.

Promises: the same call gives the same id, however often it is sent; what is refused is kept with its reason.
Leaves out: who it is about and what it means; that is worked out where order is known.
"""

import re
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal, cast

from msgspec import UNSET, Meta, Raw, Struct, UnsetType

from services.ingest.domain import calls
from services.ingest.domain.claimed_time import claimed
from services.ingest.domain.libraries import door_of
from services.ingest.domain.limits import IDENTIFIER_LENGTH, MESSAGE_ID_LENGTH, Limits
from shared.contracts.touchpoints import CallType, CollectedTouchpoint, RejectedTouchpoint
from shared.kernel.errors import Reject
from shared.kernel.ids import derived, touchpoint_id

_REJECTED_BODY = Limits().item_bytes
_WRITE_KEY = re.compile(r'("writeKey"\s*:\s*)"(?:[^"\\]|\\.)*"?')
_MASKED = r'\1"***"'
"""A key opens doors: whoever may read what was refused may not do all that it allows."""

_Identifier = Annotated[str, Meta(max_length=IDENTIFIER_LENGTH)]
_MessageId = Annotated[str, Meta(max_length=MESSAGE_ID_LENGTH)]


class Arrival(Struct, frozen=True, gc=False):
    """How a request came: what is the same for every call in it. `sent_at`: what the request says of its own."""

    source: str
    door: str
    trusted: bool
    received_at: int
    draw_id: Callable[[], str]
    """Gives the id of a call that came without one."""
    sent_at: int | None = None
    flags: tuple[str, ...] = ()


class Parts(Struct, frozen=True, gc=False):
    """The free-form parts of a call, as the bytes that came."""

    properties: Raw | UnsetType = UNSET
    traits: Raw | UnsetType = UNSET
    context: Raw | UnsetType = UNSET


class Call(Struct, frozen=True, gc=False):
    """One call in Segment's words: as plain values (the free-form parts are objects or null), and those parts."""

    words: Mapping[str, Any]
    parts: Parts
    flags: tuple[str, ...] = ()


class Said(Parts, frozen=True, gc=False, rename="camel"):
    """What a call says, field by field, as the spec has it. What is UNSET was not there."""

    type: CallType | UnsetType = UNSET
    message_id: _MessageId | UnsetType | None = UNSET
    user_id: _Identifier | UnsetType | None = UNSET
    anonymous_id: _Identifier | None = None
    previous_id: _Identifier | None = None
    group_id: _Identifier | None = None
    event: str | None = None
    name: str | None = None
    category: str | int | float | None = None
    timestamp: str | int | float | None = None
    original_timestamp: str | int | float | None = None
    sent_at: str | int | float | None = None
    channel: str | int | float | None = None


class Fit(Struct, frozen=True, gc=False):
    """A call that keeps to the spec as it came: what it says, its text, and its free-form parts as plain values."""

    said: Said
    text: bytes
    properties: Mapping[str, Any] | None
    traits: Mapping[str, Any] | None
    context: Mapping[str, Any] | None


class Accepted(Struct, frozen=True, gc=False):
    """A touchpoint, and the text that keeps it in order with the others of its sender."""

    touchpoint: CollectedTouchpoint
    subject: str


def accept(call: Call, arrival: Arrival, named: CallType | None = None) -> Accepted:
    """The touchpoint of a call; `named` is the type where the path says it. Raises Reject with the reason."""
    words, parts = call.words, call.parts
    named = _type(words.get("type"), named, arrival.trusted)
    said = Said(
        properties=parts.properties,
        traits=parts.traits,
        context=parts.context,
        message_id=calls.message_id(words.get("messageId")),
        user_id=_given(words, "userId"),
        anonymous_id=_given(words, "anonymousId"),
        previous_id=_given(words, "previousId"),
        group_id=_given(words, "groupId"),
        event=words.get("event"),
        name=words.get("name"),
        category=words.get("category"),
        timestamp=words.get("timestamp"),
        original_timestamp=words.get("originalTimestamp"),
        sent_at=words.get("sentAt"),
        channel=words.get("channel"),
    )
    fit = Fit(said, b"", words.get("properties"), words.get("traits"), words.get("context"))
    return _accepted(fit, named, arrival, call.flags)


def accept_fit(fit: Fit, arrival: Arrival, named: CallType | None = None) -> Accepted:
    """The same for a call that keeps to the spec."""
    if named is None:
        named = fit.said.type or _type(None, None, arrival.trusted)
    return _accepted(fit, named, arrival, ())


def refuse(text: str, reason: Reject, arrival: Arrival, message_id: str | None = None) -> RejectedTouchpoint:
    """What is kept of a call that was refused, but not its key; the same text of the same source is the same reject."""
    return RejectedTouchpoint(
        id=derived("rejected", arrival.source, text),
        source=arrival.source,
        door=arrival.door,
        received_at=arrival.received_at,
        codes=(reason.code,),
        reasons=(f"{reason.path}: {reason.message}" if reason.path else reason.message,),
        body=_WRITE_KEY.sub(_MASKED, text)[:_REJECTED_BODY],
        message_id=message_id,
    )


def _type(said: object, named: CallType | None, trusted: bool) -> CallType:
    if named is None:
        return cast("CallType", calls.call_type(said, trusted))
    if said != named and isinstance(said, str):
        calls.refuse_our_events(said, "type", trusted)
    return named


def _accepted(fit: Fit, named: CallType, arrival: Arrival, flags: tuple[str, ...]) -> Accepted:
    said, properties, trusted = fit.said, fit.properties, arrival.trusted
    user_id = said.user_id
    if user_id is UNSET:
        user_id = None
    subject = said.anonymous_id or user_id or _subject(fit, user_id)
    if not trusted and properties and not calls.SALES_WORDS.isdisjoint(properties):
        calls.refuse_sales_claims(properties)
    if named == "alias" or named == "group":
        _refuse_incomplete(said, named)
    timestamp, sent_at, flags = _times(said, arrival, flags)
    message_id = said.message_id or None
    # In the order of the fields: by name it takes seven times as long, for every call that comes.
    touchpoint = CollectedTouchpoint(
        touchpoint_id(arrival.source, message_id or arrival.draw_id()),
        arrival.source,
        door_of(fit.context, said.channel, said.original_timestamp, arrival.door),
        trusted,
        arrival.received_at,
        named,
        message_id,
        user_id,
        said.anonymous_id,
        said.previous_id,
        said.group_id,
        _name(said, named, trusted),
        timestamp,
        sent_at,
        said.properties if properties else UNSET,
        said.traits if fit.traits else UNSET,
        said.context if fit.context else UNSET,
        flags,
        said.category if isinstance(said.category, str) and said.category else None,
    )
    return Accepted(touchpoint, subject)


def _subject(fit: Fit, user_id: str | None) -> str:
    """Whose call it is where no id says so, to keep it in order with others; raises Reject where nobody is named."""
    address = calls.address(fit.traits, fit.context and fit.context.get("traits"), fit.properties)
    if address is None and user_id is None and fit.said.anonymous_id is None:
        raise Reject("missing_identifier", "a call names a userId, an anonymousId or an address", "userId")
    return address or ""


def _times(said: Said, arrival: Arrival, flags: tuple[str, ...]) -> tuple[int | None, int | None, tuple[str, ...]]:
    when = said.timestamp if said.timestamp is not None else said.original_timestamp
    timestamp = None if when is None else claimed(when)
    if timestamp is None and when is not None:
        flags = (*flags, "bad_timestamp")
    sent_at = arrival.sent_at
    if said.sent_at is not None:
        sent_at = claimed(said.sent_at)
        if sent_at is None:
            flags = (*flags, "bad_sent_at")
    return timestamp, sent_at, flags + arrival.flags


def _given(words: Mapping[str, Any], key: str) -> str | None:
    value = words.get(key)
    return None if value is None else calls.identifier(value, key)


def _refuse_incomplete(said: Said, named: Literal["alias", "group"]) -> None:
    key, given = ("previousId", said.previous_id) if named == "alias" else ("groupId", said.group_id)
    if not given:
        raise Reject("missing_identifier", f"this type of call names a {key}", key)


def _name(said: Said, named: CallType, trusted: bool) -> str | None:
    if named == "track":
        return calls.event_name(said.event, "event", True, trusted)
    return None if said.name is None else calls.event_name(said.name, "name", False, trusted)
