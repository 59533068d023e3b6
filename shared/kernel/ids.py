"""Ids that are derived, never drawn: the same cause gives the same id on every redo and rebuild.

They are version 5 UUIDs (RFC 9562) in one namespace of our own, as lower-case text.
"""

from hashlib import sha1

_NAMESPACE = bytes.fromhex("6f1f4c0a5d0e5b8ba1c37d9f2e4b8a10")
_SEPARATOR = "\x1f"
_VARIANT = {digit: "89ab"[int(digit, 16) % 4] for digit in "0123456789abcdef"}
"""The two bits that tell the variant, set on a hexadecimal digit."""


def derived(*cause: str) -> str:
    """The UUID of a cause, given as its parts; parts are kept apart, so ("ab", "c") is not ("a", "bc")."""
    return _uuid(_SEPARATOR.join(cause))


def touchpoint_id(source: str, message_id: str) -> str:
    """The id of what a source sent under a message id: the dedupe key."""
    return _uuid(f"touchpoint{_SEPARATOR}{source}{_SEPARATOR}{message_id}")


def _uuid(name: str) -> str:
    text = sha1(_NAMESPACE + name.encode(), usedforsecurity=False).hexdigest()
    variant = _VARIANT[text[16]]
    return f"{text[:8]}-{text[8:12]}-5{text[13:16]}-{variant}{text[17:20]}-{text[20:32]}"
