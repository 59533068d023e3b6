"""A call as it was collected, and what it means: the input and the output of everything the resolver decides
about one event by itself, before anybody asks whose it is."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

CallType = Literal["track", "identify", "page", "screen", "group", "alias"]


@dataclass(frozen=True, slots=True)
class Call:
    """One call in Segment's words. Times are UTC milliseconds; `timestamp` is what the sender says, uncorrected."""

    id: str
    source: str
    door: str
    trusted: bool
    received_at: int
    type: CallType
    name: str | None = None
    timestamp: int | None = None
    sent_at: int | None = None
    user_id: str | None = None
    anonymous_id: str | None = None
    previous_id: str | None = None
    group_id: str | None = None
    properties: Mapping[str, Any] = field(default_factory=dict)
    traits: Mapping[str, Any] = field(default_factory=dict)
    context: Mapping[str, Any] = field(default_factory=dict)
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Meaning:
    """What an event says once its sender's words are understood (01-events.md)."""

    occurred_at: int
    kind: str
    name: str
    direction: Literal["inbound", "outbound"]
    department: Literal["marketing", "sales", "service"]
    channel: str
    campaign: Mapping[str, str]
    page: Mapping[str, str]
    properties: Mapping[str, Any]
    traits: Mapping[str, Any]
    """What it says of the person, cleaned: the traits of an identify call, wherever they stood."""
    consent: Mapping[str, bool]
    vanity: bool
    bot: bool
    flags: tuple[str, ...]
