"""Endpoints over HTTP: where webhooks go, tried and rotated. A secret is shown when it is drawn, and never again."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from services.handoff.api import views
from services.handoff.domain.messages import endpoint_test
from services.handoff.ports import EVERYTHING, Delivery, Endpoint, Endpoints, Message, Reading
from shared.kernel import signing
from shared.kernel.instant import Instant
from shared.web import paging
from shared.web.auth import Scope, require
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


def router(endpoints: Endpoints, reading: Reading, edge: Edge) -> APIRouter:
    """The routes under `/v1/endpoints`, and of single deliveries."""
    routes = APIRouter(prefix="/v1/endpoints", tags=["endpoints"])
    _add_reads(routes, endpoints, reading)
    _add_changes(routes, endpoints, edge)
    _add_keys(routes, endpoints, edge)
    whole = APIRouter()
    whole.include_router(routes)

    @whole.post(
        "/v1/deliveries/{delivery_id}/retry", status_code=202, tags=["endpoints"], dependencies=[require(Scope.OPERATE)]
    )
    async def retry_delivery(delivery_id: UUID) -> dict[str, Any]:
        """It is tried again now, under the same `webhook-id`."""
        await endpoints.retry(str(delivery_id), edge.now())
        return {"delivery_id": str(delivery_id)}

    return whole


def _add_reads(routes: APIRouter, endpoints: Endpoints, reading: Reading) -> None:
    readers = [require(Scope.READ)]

    @routes.get("", dependencies=readers)
    async def list_endpoints(page: paging.Asked) -> Page[dict[str, Any]]:
        """All endpoints."""
        found = await endpoints.page(page.position(str), page.limit + 1)
        return paging.page(found, page, views.endpoint, lambda one: (one.id,))

    @routes.get("/{endpoint_id}", dependencies=readers)
    async def get_endpoint(endpoint_id: UUID) -> dict[str, Any]:
        """One endpoint."""
        return views.endpoint(await endpoints.get(str(endpoint_id)))

    @routes.get("/{endpoint_id}/deliveries", dependencies=readers)
    async def list_deliveries(endpoint_id: UUID, page: paging.Asked) -> Page[dict[str, Any]]:
        """What was sent there, or will be, the oldest first."""
        await endpoints.get(str(endpoint_id))
        found = await reading.deliveries_to(str(endpoint_id), page.position(int, str), page.limit + 1)
        return paging.page(found, page, views.delivery, _sort_key)


def _add_changes(routes: APIRouter, endpoints: Endpoints, edge: Edge) -> None:
    operators = [require(Scope.OPERATE)]

    @routes.post("", status_code=201, dependencies=operators)
    async def add_endpoint(body: NewEndpoint) -> dict[str, Any]:
        """A new endpoint, and its secret."""
        await edge.check(body.url)
        key = edge.draw_key()
        endpoint = Endpoint(edge.draw_id(), body.url, body.events, body.name, "active", None, edge.now())
        await endpoints.add(endpoint, key)
        return views.endpoint(endpoint) | {"secret": signing.secret_of(key)}

    @routes.patch("/{endpoint_id}", dependencies=operators)
    async def change_endpoint(endpoint_id: UUID, body: ChangedEndpoint) -> dict[str, Any]:
        """The endpoint after a change; switched on again it gets what has waited."""
        if body.url is not None:
            await edge.check(body.url)
        given = body.model_dump(exclude_unset=True)
        values = {name: value for name, value in given.items() if value is not None or name == "name"}
        return views.endpoint(await endpoints.change(str(endpoint_id), values))

    @routes.delete("/{endpoint_id}", status_code=204, dependencies=operators)
    async def delete_endpoint(endpoint_id: UUID) -> Response:
        """Nothing is sent there any more."""
        await endpoints.delete(str(endpoint_id))
        return Response(status_code=204)


def _add_keys(routes: APIRouter, endpoints: Endpoints, edge: Edge) -> None:
    operators = [require(Scope.OPERATE)]

    @routes.post("/{endpoint_id}/test", status_code=202, dependencies=operators)
    async def test_endpoint(endpoint_id: UUID) -> dict[str, Any]:
        """A sign of life is on its way; whatever the endpoint has asked for."""
        now = edge.now()
        message = Message("endpoint.test", edge.draw_id(), 1, endpoint_test(str(endpoint_id), now))
        return {"delivery_id": await endpoints.send(str(endpoint_id), message, now)}

    @routes.post("/{endpoint_id}/rotate", dependencies=operators)
    async def rotate(endpoint_id: UUID) -> dict[str, Any]:
        """A new secret; the one before is good for another 24 hours."""
        key = edge.draw_key()
        await endpoints.rotate(str(endpoint_id), key, edge.now())
        return views.endpoint(await endpoints.get(str(endpoint_id))) | {"secret": signing.secret_of(key)}


def _sort_key(one: Delivery) -> paging.SortKey:
    return one.created_at, one.id
