"""What attribution needs of the people of a batch, in its own words."""

from collections.abc import Mapping
from typing import NamedTuple, Protocol


class Leaver(NamedTuple):
    """Somebody who left a deal between two revisions of one version."""

    deal_id: str
    person_id: str
    role: str
    version: int


class People(Protocol):
    """The people of a batch, locked."""

    def touch(self, person_id: str) -> None:
        """Something of this id changed."""
        ...

    def alias(self, person_id: str, into: str | None, version: int) -> None:
        """An id became an alias of another, or of nobody."""
        ...

    def erase(self, stand_ins: Mapping[str, str], person_id: str) -> None:
        """Each id of somebody became the alias of what stands in for it, for ever."""
        ...

    def gone(self) -> Mapping[str, str]:
        """The ids of the batch that were erased, with what stands in for each."""
        ...

    async def settle(self) -> Mapping[str, str]:
        """Keep the aliases; the members of everyone who is touched: id -> root."""
        ...
