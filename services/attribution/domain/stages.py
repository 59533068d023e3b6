"""A person's way down the line, as far as credit asks: when they became a lead, and when they qualified.

A stage that was skipped is entered with the next one. What only a deal tells (opportunity, customer) says nothing of
how somebody became a lead, and whoever never was one before it stays out.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

LEAD = "lead"
LINE = (LEAD, "mql", "sal", "sql")
"""The stages that marketing and sales give, in order."""


class Entered(NamedTuple):
    """A stage and when it was entered, in milliseconds UTC."""

    stage: str
    at: int


class Moments(NamedTuple):
    """When somebody entered each stage of the line, or one past it, in milliseconds UTC; None where they did not."""

    lead: int | None
    mql: int | None
    sal: int | None
    sql: int | None


def reached(history: Iterable[Entered], stage: str) -> int | None:
    """When a stage of the line, or one past it, was first entered; None where none was."""
    past = LINE[LINE.index(stage) :]
    return min((entered.at for entered in history if entered.stage in past), default=None)


def first_of(moments: Iterable[int | None]) -> int | None:
    """The earliest of some moments, of those that are known."""
    return min((moment for moment in moments if moment is not None), default=None)


def by_root(said: Mapping[str, int | None], members: Mapping[str, str]) -> dict[str, int]:
    """By root, the moment that is said of a person under their own id; until one is, the earliest of their aliases'.

    What is said of a root is said with the facts of all its aliases, so theirs count no more, even where they say
    something else. Roots without a moment are left out.
    """
    aliases: dict[str, list[int | None]] = {}
    for member, root in members.items():
        if member in said:
            aliases.setdefault(root, []).append(said[member])
    found = {root: said[root] if root in said else first_of(moments) for root, moments in aliases.items()}
    return {root: moment for root, moment in found.items() if moment is not None}
