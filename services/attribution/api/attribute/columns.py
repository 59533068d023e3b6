"""Which column of a file holds what: our own names, those of the packages of the field, and a few that are common."""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

PATH = "path"
PERSON = "person"
_DELIMITERS = (",", ";", "\t", "|")

_PATHS: Mapping[str, tuple[str, ...]] = {
    PATH: ("path", "channels", "channels_agg", "channel_path", "journey"),
    "conversions": (
        "conversions", "total_conversions", "conversion", "converted", "converted_agg", "has_transaction",
        "journey_with_conv",
    ),
    "value": ("value", "total_conversion_value", "conversion_value", "revenue"),
    "null": ("null", "total_null", "nulls", "lost"),
    "journeys": ("occurrences", "weight"),
}  # fmt: skip
_TOUCHES: Mapping[str, tuple[str, ...]] = {
    PERSON: ("person", "person_id", "user_id", "customer_id", "client_id", "id"),
    "channel": ("channel", "channels", "touchpoint"),
    "occurred_at": ("occurred_at", "timestamp", "time", "datetime", "date"),
    "conversion": ("conversion", "conversions", "converted", "has_transaction"),
    "value": ("value", "conversion_value", "revenue"),
    "milestone": ("milestone",),
}
_NEEDED = frozenset({PATH, "conversions", PERSON, "channel", "occurred_at", "conversion"})
_PACKAGES = {
    "total_conversions": "ChannelAttribution",
    **dict.fromkeys(("channels", "channels_agg", "has_transaction", "converted_agg", "journey_with_conv"), "mam"),
}


class BadFile(Exception):
    """The file cannot be read as it is; the message says where and why."""


@dataclass(frozen=True, slots=True)
class Columns:
    """Where in a row each thing is; what the file does not have is absent."""

    at: Mapping[str, int]
    names: tuple[str, ...]
    delimiter: str
    layout: str
    """Whose names these are."""
    touches: bool
    """Whether rows are touches, not paths."""

    def named(self, role: str) -> str:
        """What the file calls a column."""
        return self.names[self.at[role]]


def recognise(header: str, delimiter: str | None, *, touches: bool) -> Columns:
    """The columns of a file by its first line; raises BadFile where one that is needed is not there."""
    by = delimiter or max(_DELIMITERS, key=header.count)
    names = tuple(name.strip() for name in next(csv.reader([header], delimiter=by), []))
    wanted = _TOUCHES if touches else _PATHS
    at = {role: index for role, known in wanted.items() if (index := _find(names, known)) is not None}
    lacking = [role for role in wanted if role in _NEEDED and role not in at]
    if lacking:
        looks_like_touches = not touches and _find(names, _TOUCHES[PERSON]) is not None
        hint = "; are these touches? Then add --touches" if looks_like_touches else ""
        raise BadFile(f"line 1: no column {' and no '.join(lacking)} among {', '.join(names) or 'nothing'}{hint}")
    return Columns(at, names, by, _layout(names, at), touches)


def _find(names: Sequence[str], known: Sequence[str]) -> int | None:
    lowered = [name.lower() for name in names]
    return next((lowered.index(name) for name in known if name in lowered), None)


def _layout(names: Sequence[str], at: Mapping[str, int]) -> str:
    found = [_PACKAGES[name] for index in at.values() if (name := names[index].lower()) in _PACKAGES]
    return found[0] if found else "Throughline"
