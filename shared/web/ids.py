"""The only place where ids are drawn: at the edge, for what came without one.

Everything past the edge derives its ids (shared/kernel/ids.py).
"""

from uuid import uuid4


def draw_message_id() -> str:
    """A new id for an event whose sender gave it none; a re-send of it cannot be told from a new event."""
    return str(uuid4())


def draw_request_id() -> str:
    """A new id for a request."""
    return uuid4().hex
