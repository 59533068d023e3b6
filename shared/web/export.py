"""`GET /v1/people/{id}/export`: one JSON document of all that a service holds of somebody, streamed."""

from collections.abc import AsyncIterator, Awaitable, Callable

from fastapi import APIRouter
from fastapi.responses import StreamingResponse
from msgspec import json

from shared.db.export import Exported
from shared.kernel.errors import NotFound
from shared.web.auth import Scope, require

Export = Callable[[str], Awaitable[Exported | None]]


def router(service: str, export: Export) -> APIRouter:
    """The route, for tokens that may do everything: nobody else may take out what is held of a person."""
    routes = APIRouter(tags=["privacy"], dependencies=[require(Scope.ADMIN)])

    @routes.get("/v1/people/{person_id}/export", response_class=StreamingResponse)
    async def export_person(person_id: str) -> StreamingResponse:
        """What this service holds of a person, by any id of theirs."""
        found = await export(person_id)
        if found is None:
            raise NotFound
        return StreamingResponse(_document(service, found), media_type="application/json")

    return routes


async def _document(service: str, exported: Exported) -> AsyncIterator[bytes]:
    head = {"service": service, "person_id": exported.person_id, "aliases": exported.aliases}
    yield json.encode(head)[:-1]
    for name, rows in exported.sections.items():
        yield b"," + json.encode(name) + b":["
        between = b""
        async for row in rows:
            yield between + json.encode(row)
            between = b","
        yield b"]"
    yield b"}"
