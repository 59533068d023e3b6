"""What is asked of the store from outside of any batch, and changed there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from services.handoff.domain.lead import Handoff
from services.handoff.ports import Delivery, Endpoint, Kept
from shared.contracts.charter import Owner as AgreedOwner
from shared.kernel.instant import Instant


@dataclass(frozen=True, slots=True)
class Shown:
    """A hand-off with the person it belongs to now."""

    person_id: str
    kept: Kept


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which hand-offs are asked for; None asks for all."""

    person_id: str | None = None
    owner_id: str | None = None
    status: str | None = None


After = tuple[str | int, ...] | None
"""Where a page goes on: the sort key of the last item before it."""


class Reading(Protocol):
    """What can be read outside of any batch."""

    async def handoffs(self, wanted: Wanted, after: After, limit: int) -> Sequence[Shown]:
        """Up to `limit` hand-offs by (time of assignment, id); raises Erased where one is asked for who was erased."""
        ...

    async def handoff(self, handoff_id: str) -> Shown:
        """One hand-off; raises NotFound, Erased."""
        ...

    async def between(self, first: Instant, end: Instant) -> Sequence[Handoff]:
        """All hand-offs that were assigned from `first` on and before `end`."""
        ...

    async def deliveries_of(self, handoff_id: str) -> Sequence[Delivery]:
        """All deliveries of a hand-off, the oldest first."""
        ...

    async def deliveries_to(self, endpoint_id: str, after: After, limit: int) -> Sequence[Delivery]:
        """Up to `limit` deliveries to an endpoint by (time, id)."""
        ...


class Endpoints(Protocol):
    """The endpoints, as they are read and changed from outside."""

    async def get(self, endpoint_id: str) -> Endpoint:
        """An endpoint; raises NotFound."""
        ...

    async def page(self, after: After, limit: int) -> Sequence[Endpoint]:
        """Up to `limit` endpoints in id order."""
        ...

    async def change(self, endpoint_id: str, values: Mapping[str, object]) -> Endpoint:
        """Change its url, events, name or state; raises NotFound. Switched on it starts with a clean sheet."""
        ...

    async def delete(self, endpoint_id: str) -> None:
        """Send nothing there any more; raises NotFound."""
        ...


class Team(Protocol):
    """The owners, outside of any batch."""

    async def all(self) -> Sequence[AgreedOwner]:
        """Every owner, by id."""
        ...

    async def put(self, owner: AgreedOwner) -> None:
        """Add or replace an owner; the rota starts afresh."""
        ...
