"""A call came in by a door: make it a collected touchpoint, or refuse it.

Promises: the same call gives the same id, however often it is sent; what is refused is kept with its reason.
Leaves out: who it is about and what it means; that is worked out where order is known.
"""

from collections.abc import Callable, Mapping
from typing import Any, cast

from msgspec import UNSET, Raw, Struct, UnsetType

from services.ingest.domain import calls
from services.ingest.domain.claimed_time import claimed
from services.ingest.domain.limits import Limits
from shared.contracts.touchpoints import CallType, CollectedTouchpoint, RejectedTouchpoint
from shared.kernel.errors import Reject
from shared.kernel.ids import derived, touchpoint_id

_REJECTED_BODY = Limits().item_bytes


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


class Accepted(Struct, frozen=True, gc=False):
    """A touchpoint, and the text that keeps it in order with the others of its sender."""

    touchpoint: CollectedTouchpoint
    subject: str


def accept(call: Call, arrival: Arrival, named: CallType | None = None) -> Accepted:
    """The touchpoint of a call; `named` is the type where the path says it. Raises Reject with the reason."""
    words, parts = call.words, call.parts
    trusted = arrival.trusted
    named = _type(words, named, trusted)
    sent = calls.message_id(words.get("messageId"))
    user_id = words.get("userId")
    if user_id is not None:
        user_id = calls.identifier(user_id, "userId")
    anonymous_id = words.get("anonymousId")
    if anonymous_id is not None:
        anonymous_id = calls.identifier(anonymous_id, "anonymousId")
    subject = anonymous_id or user_id
    if subject is None:
        subject = calls.address(words.get("traits"), _traits(words), words.get("properties"))
        if subject is None and user_id is None and anonymous_id is None:
            raise Reject("missing_identifier", "a call names a userId, an anonymousId or an address", "userId")
    properties = words.get("properties")
    if properties and not trusted and not calls.SALES_WORDS.isdisjoint(properties):
        calls.refuse_sales_claims(properties)
    timestamp, sent_at, flags = _times(words, arrival, call.flags)
    # In the order of the fields: by name it takes seven times as long, for every call that comes.
    touchpoint = CollectedTouchpoint(
        touchpoint_id(arrival.source, sent or arrival.draw_id()),
        arrival.source,
        arrival.door,
        trusted,
        arrival.received_at,
        named,
        sent,
        user_id,
        anonymous_id,
        _required(words, "previousId") if named == "alias" else _given(words, "previousId"),
        _required(words, "groupId") if named == "group" else _given(words, "groupId"),
        _name(words, named, trusted),
        timestamp,
        sent_at,
        parts.properties if properties else UNSET,
        parts.traits if words.get("traits") else UNSET,
        parts.context if words.get("context") else UNSET,
        flags,
    )
    return Accepted(touchpoint, subject or "")


def refuse(text: str, reason: Reject, arrival: Arrival) -> RejectedTouchpoint:
    """What is kept of a call that was refused; the same text from the same source is the same reject."""
    return RejectedTouchpoint(
        id=derived("rejected", arrival.source, text),
        source=arrival.source,
        door=arrival.door,
        received_at=arrival.received_at,
        codes=(reason.code,),
        reasons=(f"{reason.path}: {reason.message}" if reason.path else reason.message,),
        body=text[:_REJECTED_BODY],
    )


def _type(words: Mapping[str, Any], named: CallType | None, trusted: bool) -> CallType:
    said = words.get("type")
    if named is None:
        return cast("CallType", calls.call_type(said, trusted))
    if said != named and isinstance(said, str):
        calls.refuse_our_events(said, "type", trusted)
    return named


def _times(
    words: Mapping[str, Any], arrival: Arrival, flags: tuple[str, ...]
) -> tuple[int | None, int | None, tuple[str, ...]]:
    said = words.get("timestamp")
    if said is None:
        said = words.get("originalTimestamp")
    timestamp = claimed(said)
    if timestamp is None and said is not None:
        flags = (*flags, "bad_timestamp")
    sent_at = arrival.sent_at
    said = words.get("sentAt")
    if said is not None:
        sent_at = claimed(said)
        if sent_at is None:
            flags = (*flags, "bad_sent_at")
    return timestamp, sent_at, flags + arrival.flags


def _traits(words: Mapping[str, Any]) -> object:
    context = words.get("context")
    return context.get("traits") if isinstance(context, dict) else None


def _required(words: Mapping[str, Any], key: str) -> str:
    given = _given(words, key)
    if not given:
        raise Reject("missing_identifier", f"this type of call names a {key}", key)
    return given


def _given(words: Mapping[str, Any], key: str) -> str | None:
    value = words.get(key)
    return None if value is None else calls.identifier(value, key)


def _name(words: Mapping[str, Any], named: str, trusted: bool) -> str | None:
    if named == "track":
        return calls.event_name(words.get("event"), "event", True, trusted)
    value = words.get("name")
    return None if value is None else calls.event_name(value, "name", False, trusted)
