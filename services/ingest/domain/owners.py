"""Whose an anonymous id is that several people claimed: everybody who did, the last first.

The order is that of the claims that had arrived when it was first asked for: pages go on in it, whatever arrives
meanwhile. Leaves out what is decided meanwhile: who was merged into somebody comes where that person does, and who
lost a claim has the place of the one before it.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from services.ingest.domain.people import Moment


class Place(NamedTuple):
    """A place in the order: of somebody's last claim, of those that had arrived when `arrived` was the newest event."""

    arrived: int
    at: int
    event_id: str

    @property
    def moment(self) -> Moment:
        """By which the order goes: event time, then event id."""
        return self.at, self.event_id


ALONE = Place(0, 0, "")
"""Of whoever has an identifier to themselves."""


class Owner(NamedTuple):
    """Somebody whose an identifier is, and their place among all of them."""

    person_id: str
    place: Place


def following(owners: Iterable[Owner], roots: Mapping[str, str], after: Place | None) -> list[Owner]:
    """Those behind a place, of owners in their order; each person once, as who they stand for, where they are first."""
    first: dict[str, Place] = {}
    for owner in owners:
        first.setdefault(roots[owner.person_id], owner.place)
    return [Owner(root, place) for root, place in first.items() if after is None or place.moment < after.moment]
