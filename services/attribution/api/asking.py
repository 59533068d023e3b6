"""What query strings of reports have in common: names with commas, models, times; what is not understood is a 422."""

from collections.abc import Collection
from typing import Annotated

from fastapi import Query

from services.attribution.domain.rules import Rules
from shared.kernel import instant
from shared.kernel.errors import Reject

MOST_GROUPS = 2

Since = Annotated[str | None, Query(alias="from", description="At this time or later.")]
Until = Annotated[str | None, Query(alias="to", description="Before this time.")]
Currency = Annotated[str | None, Query(description="ISO 4217; the charter's.")]


def named(path: str, text: str, known: Collection[str]) -> tuple[str, ...]:
    """The names in a text, each once; raises Reject where one is unknown."""
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    if not set(names) <= set(known):
        raise Reject("unknown_name", f"known are {', '.join(known)}", path)
    return names


def keys(text: str, known: Collection[str]) -> tuple[str, ...]:
    """What to group by: one or two of those known; raises Reject where it is anything else."""
    names = named("group_by", text, known)
    if not 0 < len(names) <= MOST_GROUPS:
        raise Reject("bad_group", "one or two different ones", "group_by")
    return names


def model(name: str | None, rules: Rules) -> str:
    """A rule model's name, the agreed one's where there is none; raises Reject where it is unknown."""
    if name is None:
        return rules.agreed
    if name not in rules.models:
        raise Reject("unknown_name", f"known are {', '.join(rules.models)}", "model")
    return name


def moment(path: str, text: str | None) -> int | None:
    """A time in milliseconds UTC; raises Reject where a text names none."""
    try:
        return None if text is None else instant.parse(text)
    except ValueError:
        raise Reject("bad_time", "an RFC 3339 time, such as 2026-11-23T17:46:00.000Z", path) from None


def shown_key(names: tuple[str, ...]) -> str | list[str]:
    """The key of a row: a list where it was grouped by two."""
    return names[0] if len(names) == 1 else list(names)
