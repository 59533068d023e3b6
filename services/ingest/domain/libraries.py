"""Whose library sent a call: RudderStack's speak Segment's words, and come to the same doors.

Promises: told by what a call says of its library, and by what only RudderStack's say beside it. Leaves out: calls that
name no library; they came by the door they came by.
"""

from collections.abc import Mapping
from typing import Any, Literal

from shared.kernel.remembered import Remembered

_RUDDER = "rudder"
_FROM_SEGMENT = "analytics-"
"""RudderStack's server libraries kept the names of Segment's that they were made from (`analytics-node`)."""
_MOST = 256

_Whose = Literal["rudder", "either", "other"]


def door_of(context: Mapping[str, Any] | None, channel: object, original_timestamp: object, door: str) -> str:
    """The door of a call that came by `door`. `channel` and `original_timestamp`: what it says under these names."""
    if not context or "library" not in context:
        return door
    try:
        whose = _names[context["library"]["name"]]
    except (KeyError, TypeError):  # what says nothing that can be looked up
        return door
    if whose != "other" and (whose == "rudder" or channel == "server" or original_timestamp is not None):
        return _RUDDER
    return door


def _whose(name: object) -> _Whose:
    if not isinstance(name, str):
        return "other"
    if _RUDDER in name.lower():
        return "rudder"
    return "either" if name.startswith(_FROM_SEGMENT) else "other"


_names: Remembered[object, _Whose] = Remembered(_whose, _MOST)
