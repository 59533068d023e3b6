"""Endpoints over HTTP: where webhooks go, tried and rotated.

A secret is shown when it is drawn, and again to whoever repeats that very request under its `Idempotency-Key`.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Protocol

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from services.handoff.api import views
from services.handoff.api.handoffs import Nothing
from services.handoff.api.paths import Id
from services.handoff.domain.messages import endpoint_test
from services.handoff.ports import EVERYTHING, Delivery, Endpoint, Message
from services.handoff.ports.outside import Endpoints, Reading
from shared.kernel.instant import Instant
from shared.web import idempotency, paging
from shared.web.auth import Scope, require
from shared.web.idempotency import Answer
from shared.web.paging import Page

EventType = Literal[
    "*", "lead.qualified", "handoff.updated", "handoff.reassigned", "handoff.sla_breached", "person.merged",
    "endpoint.test",
]  # fmt: skip
_Url = Annotated[str, StringConstraints(min_length=1, max_length=2_048)]
_Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
_Events = Annotated[tuple[EventType, ...], Field(min_length=1, max_length=20)]


class NewEndpoint(BaseModel):
    """Where to send what."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: _Url
    events: _Events = (EVERYTHING,)
    name: _Name | None = None


class ChangedEndpoint(BaseModel):
    """What changes; what is not there stays."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: _Url | None = None
    events: _Events | None = None
    name: _Name | None = None
    state: Literal["active", "disabled"] | None = None


@dataclass(frozen=True, slots=True)
class Edge:
    """What only the edge may do: read the clock, draw ids and keys, ask whether a URL may be dialled."""

    now: Callable[[], Instant]
    draw_id: Callable[[], str]
    draw_key: Callable[[], bytes]
    check: Callable[[str], Awaitable[None]]
    """Raises Reject `address_not_allowed` where it may not."""


class Commands(Protocol):
    """Does what is asked, once a key; raises Reject where the key was used for another request."""

    def add(self, endpoint: Endpoint, key: bytes, asked: idempotency.Act | None) -> Awaitable[Answer]:
        """Add an endpoint and the key that signs for it; answers both."""
        ...

    def rotate(self, endpoint_id: str, key: bytes, now: Instant, asked: idempotency.Act | None) -> Awaitable[Answer]:
        """Sign with a new key, which is answered; the one before signs along for a day. Raises NotFound."""
        ...

    def send(
        self, endpoint_id: str, message: Message, now: Instant, asked: idempotency.Act | None
    ) -> Awaitable[Answer]:
        """Leave a message for this endpoint alone; answers the delivery's id. Raises NotFound."""
        ...

    def retry(self, delivery_id: str, now: Instant, asked: idempotency.Act | None) -> Awaitable[Answer]:
        """Try a delivery again now, whatever its schedule says; raises NotFound, Conflict where it was delivered."""
        ...


def router(endpoints: Endpoints, commands: Commands, reading: Reading, edge: Edge) -> APIRouter:
    """The routes under `/v1/endpoints`, and of single deliveries."""
    routes = APIRouter(prefix="/v1/endpoints", tags=["endpoints"])
    _add_reads(routes, endpoints, reading)
    _add_changes(routes, endpoints, edge)
    _add_commands(routes, commands, edge)
    whole = APIRouter()
    whole.include_router(routes)

    @whole.post(
        "/v1/deliveries/{delivery_id}/retry", status_code=202, tags=["endpoints"], dependencies=[require(Scope.OPERATE)]
    )
    async def retry_delivery(delivery_id: Id, asked: idempotency.Asked, _body: Nothing | None = None) -> Response:
        """It is tried again now, under the same `webhook-id`."""
        return _answered(await commands.retry(delivery_id, edge.now(), asked))

    return whole


def _add_reads(routes: APIRouter, endpoints: Endpoints, reading: Reading) -> None:
    readers = [require(Scope.READ)]

    @routes.get("", dependencies=readers)
    async def list_endpoints(page: paging.Asked) -> Page[dict[str, Any]]:
        """All endpoints."""
        found = await endpoints.page(page.position(str), page.limit + 1)
        return paging.page(found, page, views.endpoint, lambda one: (one.id,))

    @routes.get("/{endpoint_id}", dependencies=readers)
    async def get_endpoint(endpoint_id: Id) -> dict[str, Any]:
        """One endpoint."""
        return views.endpoint(await endpoints.get(endpoint_id))

    @routes.get("/{endpoint_id}/deliveries", dependencies=readers)
    async def list_deliveries(endpoint_id: Id, page: paging.Asked) -> Page[dict[str, Any]]:
        """What was sent there, or will be, the oldest first."""
        await endpoints.get(endpoint_id)
        found = await reading.deliveries_to(endpoint_id, page.position(int, str), page.limit + 1)
        return paging.page(found, page, views.delivery, _sort_key)


def _add_changes(routes: APIRouter, endpoints: Endpoints, edge: Edge) -> None:
    operators = [require(Scope.OPERATE)]

    @routes.patch("/{endpoint_id}", dependencies=operators)
    async def change_endpoint(endpoint_id: Id, body: ChangedEndpoint) -> dict[str, Any]:
        """The endpoint after a change; switched on again it gets what has waited."""
        if body.url is not None:
            await edge.check(body.url)
        given = body.model_dump(exclude_unset=True)
        values = {name: value for name, value in given.items() if value is not None or name == "name"}
        return views.endpoint(await endpoints.change(endpoint_id, values))

    @routes.delete("/{endpoint_id}", status_code=204, dependencies=operators)
    async def delete_endpoint(endpoint_id: Id) -> Response:
        """Nothing is sent there any more."""
        await endpoints.delete(endpoint_id)
        return Response(status_code=204)


def _add_commands(routes: APIRouter, commands: Commands, edge: Edge) -> None:
    operators = [require(Scope.OPERATE)]

    @routes.post("", status_code=201, dependencies=operators)
    async def add_endpoint(body: NewEndpoint, asked: idempotency.Asked) -> Response:
        """A new endpoint, and its secret."""
        await edge.check(body.url)
        endpoint = Endpoint(edge.draw_id(), body.url, body.events, body.name, "active", None, edge.now())
        return _answered(await commands.add(endpoint, edge.draw_key(), asked))

    @routes.post("/{endpoint_id}/test", status_code=202, dependencies=operators)
    async def try_endpoint(endpoint_id: Id, asked: idempotency.Asked, _body: Nothing | None = None) -> Response:
        """A sign of life is on its way; whatever the endpoint has asked for."""
        now = edge.now()
        message = Message("endpoint.test", edge.draw_id(), 1, endpoint_test(endpoint_id, now))
        return _answered(await commands.send(endpoint_id, message, now, asked))

    @routes.post("/{endpoint_id}/rotate", dependencies=operators)
    async def rotate(endpoint_id: Id, asked: idempotency.Asked, _body: Nothing | None = None) -> Response:
        """A new secret; the one before is good for another 24 hours."""
        return _answered(await commands.rotate(endpoint_id, edge.draw_key(), edge.now(), asked))


def _answered(answer: Answer) -> Response:
    return Response(answer.body, answer.status, media_type="application/json")


def _sort_key(one: Delivery) -> paging.SortKey:
    return one.created_at, one.id
