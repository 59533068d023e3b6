"""Everything that came through the doors, in the order of arrival: how anyone checks that what they sent is there.

What went on record in one batch has no order in itself. While events are being written, the last page may lack one
that a page asked for once ingest has caught up does not.
"""

from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from msgspec import Struct, json

from services.ingest.api.schemas import text
from services.ingest.ports import ArrivedEvent, EventPosition, Reading
from shared.web import paging
from shared.web.auth import Scope, require
from shared.web.paging import Page

_START = EventPosition(0, 0)


@dataclass(frozen=True, slots=True)
class EventItem:
    """What became of something that was sent. `type` is the call's; what was refused may have had none, and of what was
    erased or suppressed neither it nor the message id is known any more."""

    id: str
    message_id: str | None
    source: str
    type: str | None
    state: Literal["stored", "rejected", "erased", "suppressed"]
    person_id: str | None
    received_at: str


class _Typed(Struct):
    type: str


def router(reading: Reading) -> APIRouter:
    """`/v1/events`, for tokens that may read."""
    routes = APIRouter(tags=["events"], dependencies=[require(Scope.READ)])

    @routes.get("/v1/events")
    async def events(
        asked: paging.Asked, message_id: Annotated[str | None, Query(max_length=1_000)] = None
    ) -> Page[EventItem]:
        position = asked.position(int, int)
        after = _START if position is None else EventPosition(*map(int, position))
        rows = await reading.events(after, asked.limit + 1, message_id)
        return paging.page(rows, asked, _item, lambda event: event.position)

    return routes


def _item(event: ArrivedEvent) -> EventItem:
    called = json.decode(event.body, type=_Typed).type if event.state == "stored" else None
    return EventItem(
        event.id, event.message_id, event.source, called, event.state, event.person, text(event.received_at)
    )  # fmt: skip
