"""The message id that something was refused under: a door answers with it, and it is found by it.

Promises: none where it is the reason itself, for what was sent is not repeated; whatever is answered can be stored.
"""

from typing import Any

from msgspec import DecodeError, Struct, field, json

from services.ingest.domain import calls
from shared.kernel.errors import Reject

_NO_CHARACTER = "\uffff"


class _Sent(Struct):
    """As much of what was sent as names it."""

    message_id: Any = field(name="messageId", default=None)


def readable_id(said: object) -> str | None:
    """A `messageId` as it is answered; numbers as their text, and without NUL, which no store takes."""
    try:
        message_id = calls.message_id(said)
    except Reject:
        return None
    if message_id is None or _NO_CHARACTER in message_id:
        return None
    return message_id.replace("\0", "") or None


def id_in(body: str) -> str | None:
    """The one in a text that was refused; none where that is cut, or says none."""
    try:
        return readable_id(json.decode(body, type=_Sent).message_id)
    except (DecodeError, RecursionError):
        return None


def with_id(message_id: str | None, body: str) -> str:
    """All that is kept of somebody, as one text; the id as JSON, for a quote in it would turn the others around."""
    return f"{json.encode(message_id).decode()} {body}"
