"""What may be said in a tracking call, field by field, in the words of Segment's spec.

Promises: what is refused is refused with a stable code and the path of the field. Leaves out: what a call
means (kinds, channels, people), and whatever is free-form in it.
"""

import re
from collections.abc import Mapping
from typing import Any

from services.ingest.domain.limits import EMAIL_LENGTH, IDENTIFIER_LENGTH, MESSAGE_ID_LENGTH, NAME_LENGTH
from services.ingest.domain.text import readable
from shared.kernel.errors import Reject

CALL_TYPES = frozenset(("track", "identify", "page", "screen", "group", "alias"))

SALES_KINDS = frozenset(("call", "prospected", "meeting_held", "demo_held"))
"""Acts of sales: only a server key or a source can say that they happened."""

SALES_WORDS = frozenset(("kind", "department", "direction"))
"""The properties that can say so: where none of them is there, nothing is claimed."""

_OUR_EVENTS = re.compile(r"(?:throughline\.)?(?:deal|handoff|lead|person|touchpoint|spend|charter)\.[a-z_.]+[a-z0-9]")
"""Names of events that only this system makes."""
_EMAIL = re.compile(r"[^@\s\x00-\x1f\x7f]+@[^@\s\x00-\x1f\x7f]+")


def identifier(value: object, path: str, longest: int = IDENTIFIER_LENGTH) -> str | None:
    """An id as text, None where there is none; numbers are taken as their text, all else raises Reject."""
    if isinstance(value, str) and len(value) <= longest:
        return value
    if value is None:
        return None
    if not isinstance(value, str):
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise Reject("bad_identifier", "an id is a text or a number", path)
        value = as_text(value)
    if len(value) > longest:
        raise Reject("identifier_too_long", f"an id has at most {longest} characters", path)
    return value


def as_text(number: float) -> str:
    """A number that is an id, as text: 77.0 is 77, as readers of JSON differ on which of them was sent."""
    return str(int(number)) if number == int(number) else str(number)


def message_id(value: object) -> str | None:
    """The sender's own id of the call, None where it gave none."""
    return identifier(value, "messageId", MESSAGE_ID_LENGTH) or None


def call_type(value: object, trusted: bool) -> str:
    """The type an item of a batch names; raises Reject where it is no tracking call."""
    if isinstance(value, str):
        if value in CALL_TYPES:
            return value
        refuse_our_events(value, "type", trusted)
    elif value is None:
        raise Reject("missing_type", "an item of a batch names its type", "type")
    raise Reject("unknown_type", "a type is track, identify, page, screen, group or alias", "type")


def event_name(value: object, path: str, required: bool, trusted: bool) -> str | None:
    """The name of a track, page or screen call, readable; raises Reject where it is missing, long or ours."""
    if value is None:
        name = ""
    elif isinstance(value, str):
        name = readable(value)
    else:
        raise Reject("bad_name", "a name is a text", path)
    if not name:
        if required:
            raise Reject("missing_event", "a track call names its event", path)
        return None
    if len(name) > NAME_LENGTH:
        raise Reject("name_too_long", f"a name has at most {NAME_LENGTH} characters", path)
    if "." in name:
        refuse_our_events(name, path, trusted)
    return name


def refuse_our_events(name: str, path: str, trusted: bool) -> None:
    """Raises Reject where a public key names an event that only this system makes."""
    if not trusted and _OUR_EVENTS.fullmatch(name.strip().lower()):
        raise _not_allowed(path)


def refuse_sales_claims(properties: Mapping[str, Any]) -> None:
    """Raises Reject where a public key claims outright that sales acted."""
    kind = properties.get("kind")
    if isinstance(kind, str) and kind.strip().lower() in SALES_KINDS:
        raise _not_allowed("properties.kind")
    department = properties.get("department")
    if isinstance(department, str) and department.strip().lower() == "sales":
        raise _not_allowed("properties.department")
    direction = properties.get("direction")
    if isinstance(direction, str) and direction.strip().lower() == "outbound":
        raise _not_allowed("properties.direction")


def address(*places: object) -> str | None:
    """The first e-mail address or phone number that one of these objects holds, as it sorts events of one person."""
    for place in places:
        if isinstance(place, dict):
            email = place.get("email")
            if isinstance(email, str) and len(email) <= EMAIL_LENGTH and _EMAIL.fullmatch(email.strip()):
                return email.strip().lower()
            phone = place.get("phone")
            if isinstance(phone, str) and any(map(str.isdigit, phone)) and len(phone) <= EMAIL_LENGTH:
                return phone.strip()
    return None


def _not_allowed(path: str) -> Reject:
    return Reject("not_allowed", "a write key cannot say this; it takes a server key or a source", path)
