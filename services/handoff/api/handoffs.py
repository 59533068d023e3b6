"""Hand-offs over HTTP: what there is, and what sales does with one."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, StringConstraints

from services.handoff.api import views
from services.handoff.api.paths import Id, as_id
from services.handoff.domain.lead import (
    Accepted,
    Act,
    Contacted,
    MeetingBooked,
    Qualified,
    Rejected,
    Released,
    Status,
)
from services.handoff.domain.reasons import RejectionOutcome, outcome_of
from services.handoff.ports.outside import Reading, Shown, Wanted
from shared.kernel import instant
from shared.kernel.errors import NotFound, Reject
from shared.kernel.instant import DAY, Instant
from shared.web import idempotency, paging
from shared.web.auth import Scope, require
from shared.web.idempotency import Answer
from shared.web.paging import Page

DoOnce = Callable[[str, Act, idempotency.Act | None], Awaitable[Answer]]
"""Does an act on the hand-off of an id, once a key; answers what it is after it."""

_Word = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=64)]
_Note = Annotated[str, StringConstraints(max_length=2_000)]
_JSON = "application/json"
_EARLIEST: Final = instant.parse("2000-01-01T00:00:00Z")


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Nothing(_Body):
    """An act that needs no words."""


class Rejection(_Body):
    """Why a lead is turned down: a reason of the charter."""

    reason: _Word
    note: _Note | None = None


class Contact(_Body):
    """How somebody was contacted, and when if not now."""

    kind: _Word
    occurred_at: AwareDatetime | None = None


def router(
    reading: Reading, do_once: DoOnce, reasons: Mapping[str, RejectionOutcome], now: Callable[[], Instant]
) -> APIRouter:
    """The routes under `/v1/handoffs`."""
    routes = APIRouter(prefix="/v1/handoffs", tags=["handoffs"])
    _add_reads(routes, reading)
    _add_acts(routes, do_once, reasons, now)
    return routes


def _add_reads(routes: APIRouter, reading: Reading) -> None:
    readers = [require(Scope.READ)]

    @routes.get("", dependencies=readers)
    async def list_handoffs(
        page: paging.Asked,
        person_id: Annotated[str | None, Query(max_length=64)] = None,
        owner: Annotated[str | None, Query(max_length=64)] = None,
        status: Status | None = None,
    ) -> Page[dict[str, Any]]:
        """Hand-offs, the oldest first."""
        try:
            wanted = Wanted(None if person_id is None else as_id(person_id), owner, status)
        except NotFound:
            return Page([], None)
        found = await reading.handoffs(wanted, page.position(int, str), page.limit + 1)
        return paging.page(found, page, views.shown, _sort_key)

    @routes.get("/{handoff_id}", dependencies=readers)
    async def get_handoff(handoff_id: Id) -> dict[str, Any]:
        """One hand-off, how its owner was found, and who has been told."""
        found = await reading.handoff(handoff_id)
        deliveries = await reading.deliveries_of(handoff_id)
        more = {"trail": views.trail(found), "deliveries": list(map(views.delivery, deliveries))}
        return views.shown(found) | more


def _add_acts(
    routes: APIRouter, do_once: DoOnce, reasons: Mapping[str, RejectionOutcome], now: Callable[[], Instant]
) -> None:
    operators = [require(Scope.OPERATE)]

    async def answered(handoff_id: str, what: Act, asked: idempotency.Act | None) -> Response:
        answer = await do_once(handoff_id, what, asked)
        return Response(answer.body, answer.status, media_type=_JSON)

    @routes.post("/{handoff_id}/accept", dependencies=operators)
    async def accept(handoff_id: Id, asked: idempotency.Asked, _body: Nothing | None = None) -> Response:
        """Sales takes it on."""
        return await answered(handoff_id, Accepted(), asked)

    @routes.post("/{handoff_id}/reject", dependencies=operators)
    async def reject(handoff_id: Id, asked: idempotency.Asked, body: Rejection) -> Response:
        """Sales turns it down, for a reason of the charter."""
        what = Rejected(body.reason, outcome_of(body.reason, reasons), body.note)
        return await answered(handoff_id, what, asked)

    @routes.post("/{handoff_id}/contact", dependencies=operators)
    async def contact(handoff_id: Id, asked: idempotency.Asked, body: Contact) -> Response:
        """Sales called, wrote or met them."""
        occurred_at = None if body.occurred_at is None else _moment(instant.from_datetime(body.occurred_at), now())
        return await answered(handoff_id, Contacted(body.kind, occurred_at), asked)

    @routes.post("/{handoff_id}/meeting", dependencies=operators)
    async def meeting(handoff_id: Id, asked: idempotency.Asked, _body: Nothing | None = None) -> Response:
        """A meeting is in the calendar."""
        return await answered(handoff_id, MeetingBooked(), asked)

    @routes.post("/{handoff_id}/qualify", dependencies=operators)
    async def qualify(handoff_id: Id, asked: idempotency.Asked, _body: Nothing | None = None) -> Response:
        """Sales says: there is something to sell."""
        return await answered(handoff_id, Qualified(), asked)

    @routes.post("/{handoff_id}/release", dependencies=operators)
    async def release(handoff_id: Id, asked: idempotency.Asked, _body: Nothing | None = None) -> Response:
        """Sales gives it back to marketing."""
        return await answered(handoff_id, Released(), asked)


def _moment(occurred_at: Instant, now: Instant) -> Instant:
    """A time as doors believe it; raises Reject where nothing can have happened then."""
    if not _EARLIEST <= occurred_at <= now + DAY:
        raise Reject("bad_time", "a contact was not before 2000, and is not more than 24 hours ahead", "occurred_at")
    return occurred_at


def _sort_key(one: Shown) -> paging.SortKey:
    return one.kept.handoff.assigned_at, one.kept.handoff.id
