"""Whom a text of any shape may speak of: every identifier that stands in it, as far as that can be told.

Promises: it reads what was refused, cut off or set aside, and needs no whole JSON document; it may name too much, and
whoever asks compares. Leaves out names of people: those are told by nothing.
"""

import re
from contextlib import suppress
from json import JSONDecodeError, loads

from services.ingest.domain.identifiers import email, phone
from services.ingest.domain.identity import Identifier, identifier

# Each place of a text is looked at once: what is refused comes from anybody, and may be made to be dear to read. So a
# text that was cut goes to the end and names nobody, and an address begins where nothing that could be of it is before.
_TEXT = re.compile(r'"(?:[^"\\]|\\.)*("|\\?\Z)', re.DOTALL)
_NUMBER = re.compile(r"-?\d+")
_EMAIL = re.compile(
    r"(?<![^\s\"'<>()\[\],;:\\])[^\s\"'<>()\[\],;:\\]+@[^\s\"'<>()\[\],;:\\@]+\.[^\s\"'<>()\[\],;:\\@.]+"
)
_PHONE = re.compile(r"\+\d[\d ()./-]{4,22}\d")
_LONGEST = 256


def texts_in(body: str) -> set[str]:
    """The texts and whole numbers that stand in what should be JSON, trimmed."""
    texts = {_unescaped(found.group()) for found in _TEXT.finditer(body) if found[1] == '"'}
    texts |= {found.group() for found in _NUMBER.finditer(body)}
    return {text.strip() for text in texts}


def identifiers_in(body: str) -> set[Identifier]:
    """Everything in a text that may be called somebody."""
    found: set[Identifier] = set()
    for text in texts_in(body):
        if 0 < len(text) <= _LONGEST:
            found |= {Identifier(kind, text) for kind in ("user_id", "crm_contact_id", "anonymous_id")}
        with suppress(ValueError):
            found.add(identifier(text))  # As our own answers show them, `kind:value`.
    mails = (email(one.group().rstrip(".")) for one in _EMAIL.finditer(body))
    phones = (phone(one.group()) for one in _PHONE.finditer(body))
    return found | {one for one in (*mails, *phones) if one is not None}


def _unescaped(quoted: str) -> str:
    if "\\" not in quoted:
        return quoted[1:-1]
    try:
        return str(loads(quoted))
    except JSONDecodeError:
        return quoted[1:-1]
