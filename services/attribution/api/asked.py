"""What a query string asks for: models, keys to group by, times. What is none of them is a Reject with its place."""

from collections.abc import Collection

from services.attribution.domain.report import KEYS
from services.attribution.domain.rules import Rules
from shared.kernel import instant
from shared.kernel.errors import Reject

GROUPS = (*KEYS, "account")
_MOST_GROUPS = 2


def names_asked(path: str, text: str, known: Collection[str]) -> tuple[str, ...]:
    """The names in a text with commas, each once; raises Reject where one is unknown."""
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    if not set(names) <= set(known):
        raise Reject("unknown_name", f"known are {', '.join(known)}", path)
    return names


def keys_asked(text: str) -> tuple[str, ...]:
    """What is grouped by, one key or two; raises Reject where it is anything else."""
    keys = names_asked("group_by", text, GROUPS)
    if not 0 < len(keys) <= _MOST_GROUPS:
        raise Reject("bad_group", "one or two different ones", "group_by")
    return keys


def model_asked(name: str | None, rules: Rules) -> str:
    """The rule model of a name, the agreed one where there is none; raises Reject where it is unknown."""
    if name is None:
        return rules.agreed
    if name not in rules.models:
        raise Reject("unknown_name", f"known are {', '.join(rules.models)}", "model")
    return name


def time_asked(path: str, text: str | None) -> int | None:
    """The time a text names, in milliseconds UTC; raises Reject where it names none."""
    try:
        return None if text is None else instant.parse(text)
    except (ValueError, OverflowError):
        raise Reject("bad_time", "an RFC 3339 time, such as 2026-11-23T17:46:00.000Z", path) from None
