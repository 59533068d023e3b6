"""Ids that are derived, never drawn: the same cause gives the same id on every redo and rebuild.

They are version 5 UUIDs (RFC 9562) in one namespace of our own, as lower-case text.
"""

from hashlib import sha1

_NAMESPACE = bytes.fromhex("6f1f4c0a5d0e5b8ba1c37d9f2e4b8a10")
_SEPARATOR = "\x1f"


def derived(*cause: str) -> str:
    """The UUID of a cause, given as its parts; parts are kept apart, so ("ab", "c") is not ("a", "bc")."""
    digest = sha1(_NAMESPACE + _SEPARATOR.join(cause).encode(), usedforsecurity=False).digest()
    high = digest[6] & 0x0F | 0x50
    variant = digest[8] & 0x3F | 0x80
    text = bytes((*digest[:6], high, digest[7], variant, *digest[9:16])).hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def touchpoint_id(source: str, message_id: str) -> str:
    """The id of what a source sent under a message id: the dedupe key."""
    return derived("touchpoint", source, message_id)
