"""What is taken out of a log line: everything that could tell who somebody is, or open a door.

A value goes by the name it is logged under; a text also loses e-mail addresses and query strings wherever
they stand. An error is logged as its type and where it was raised: messages of drivers quote the rows.
"""

import re
import traceback
from collections.abc import Mapping
from pathlib import PurePath
from typing import Final

REMOVED: Final = "[removed]"

_OF_PEOPLE: Final = ("contact", "contacts", "name", "names", "note", "person", "properties", "trait", "traits")
_OF_PLACES: Final = ("address", "addresses", "email", "emails", "ip", "phone", "phones")
_OF_REQUESTS: Final = ("body", "cookie", "payload", "query", "referrer", "url", "urls")
_OF_DOORS: Final = ("authorization", "password", "secret", "signature", "token")
_PERSONAL_WORDS: Final = frozenset((*_OF_PEOPLE, *_OF_PLACES, *_OF_REQUESTS, *_OF_DOORS))
"""A field is personal when one of the words of its name is here: `contact_email`, `url`, `full_name`."""
_PERSONAL_NAMES: Final = frozenset(("anonymous_id", "crm_contact_id", "server_key", "user_id", "write_key"))
_HARMLESS_NAMES: Final = frozenset(("person_id", "person_ref"))
"""Ids of our own: they name nobody to who has no access to the stores."""
_ADDRESS: Final = re.compile(r"[^\s@\"'<>(),;=]+(?:@|%40)[^\s@\"'<>(),;&]+")
_QUERY: Final = re.compile(r"\?[^\s\"']+")
_MAX_FRAMES: Final = 12
_MAX_DEPTH: Final = 6


def personal(name: str) -> bool:
    """Whether what is logged under this name must not be."""
    lowered = name.lower()
    if lowered in _HARMLESS_NAMES:
        return False
    return lowered in _PERSONAL_NAMES or not _PERSONAL_WORDS.isdisjoint(lowered.replace("-", "_").split("_"))


def text(value: str) -> str:
    """The text without e-mail addresses and query strings."""
    return _QUERY.sub("?" + REMOVED, _ADDRESS.sub(REMOVED, value))


def value(content: object, depth: int = 0) -> object:
    """The content as it may be logged: cleaned all the way down, cut off where it is nested too deep."""
    if content is None or isinstance(content, bool | int | float):
        return content
    if isinstance(content, str):
        return text(content)
    if depth < _MAX_DEPTH:
        if isinstance(content, Mapping):
            return fields(content, depth + 1)
        if isinstance(content, list | tuple | set | frozenset):
            return [value(item, depth + 1) for item in content]
    return f"<{type(content).__name__}>"


def fields(line: Mapping[str, object], depth: int = 0) -> dict[str, object]:
    """The fields of a line or of a mapping in it, each as it may be logged."""
    return {
        text(str(name)): REMOVED if personal(str(name)) else value(content, depth) for name, content in line.items()
    }


def error(raised: BaseException) -> dict[str, object]:
    """What may be said of an error: its type, those it came from, its code, the innermost frames; no message."""
    types: list[str] = []
    cause: BaseException | None = raised
    while cause is not None and len(types) < _MAX_DEPTH:
        types.append(type(cause).__qualname__)
        cause = cause.__cause__ or cause.__context__
    frames = traceback.extract_tb(raised.__traceback__)[-_MAX_FRAMES:]
    told: dict[str, object] = {
        "types": types,
        "frames": [f"{'/'.join(PurePath(each.filename).parts[-3:])}:{each.lineno} {each.name}" for each in frames],
    }
    code = getattr(raised, "sqlstate", None) or getattr(raised, "errno", None)
    if isinstance(code, str | int):
        told["code"] = code
    return told
