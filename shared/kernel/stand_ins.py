"""Ids that stand in for those of somebody who was erased, and of what they did.

Promises: the same id gives the same stand-in, every stand-in is known by its form (a version 8 UUID, RFC 9562; ids
of ours are version 5), and sorts where the id did, so that what is decided by ids comes out as before.
"""

from shared.kernel.ids import derived

_VERSION_AT = 14
_VERSION = "8"


def stand_in(erased: str, *because: str) -> str:
    """The id in place of another one; `because` tells the stand-ins of one id apart."""
    hashed = derived("stand-in", erased, *because)
    return f"{erased[:_VERSION_AT]}{_VERSION}{hashed[_VERSION_AT + 1 :]}"


def stands_in(some_id: str) -> bool:
    """Whether an id is a stand-in: nobody is behind it."""
    return some_id[_VERSION_AT : _VERSION_AT + 1] == _VERSION


def anybody(some_id: str | None) -> str | None:
    """The id; None where nobody is behind it."""
    return None if some_id is not None and stands_in(some_id) else some_id
