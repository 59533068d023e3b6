"""Keys: the rows that an event may touch, named before anything is read.

Rows are locked table by table in the order of `Kind` and by id within one, everywhere, so that two workers
that touch the same rows wait for each other and never for ever (state.md 6).
"""

from typing import Literal, NamedTuple

Kind = Literal["touchpoint", "promotion", "identifier", "person", "account", "owner", "deal"]
"""In the order in which they are locked. A touchpoint and a promotion are not locked themselves: they lead to the
person they belong to so far, who is."""


class Key(NamedTuple):
    """One row that is to be locked and loaded."""

    kind: Kind
    id: str


def of_kind(keys: frozenset[Key], kind: Kind) -> list[str]:
    """The ids of one kind, in the order in which they are locked."""
    return sorted(key.id for key in keys if key.kind == kind)
