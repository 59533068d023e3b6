"""Somebody is erased, and the receipt of it: what each service has removed, and whether anything is left."""

from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Literal, Protocol

from fastapi import APIRouter, Response
from msgspec import json

from services.ingest.api.schemas import text
from services.ingest.ports.erasures import Receipt
from shared.web.auth import Scope, require
from shared.web.idempotency import Answer

_JSON = "application/json"


class Erasing(Protocol):
    """Erases people."""

    def erase(self, person_id: str) -> Awaitable[Answer]:
        """Erase somebody by any id of theirs."""
        ...

    def receipt(self, erasure_id: str) -> Awaitable[Answer]:
        """How far an erasure is."""
        ...


@dataclass(frozen=True, slots=True)
class RemovedItem:
    """How many rows of a store were removed, or made anonymous, last at a time."""

    service: str
    store: str
    removed: int
    at: str


@dataclass(frozen=True, slots=True)
class ErasureItem:
    """A receipt. `finishes_at`: when nothing is left at the latest; none while that only depends on us."""

    id: str
    state: Literal["running", "finished"]
    stores: list[RemovedItem]
    finishes_at: str | None


def router(erasing: Erasing) -> APIRouter:
    """`DELETE /v1/people/{id}`, for tokens that may do everything, and `GET /v1/erasures/{id}`."""
    routes = APIRouter(tags=["privacy"])

    @routes.delete(
        "/v1/people/{person_id}", dependencies=[require(Scope.ADMIN)], response_model=ErasureItem, status_code=202
    )
    async def erase(person_id: str) -> Response:
        """Erase this person, in every service; nothing is taken under their names from now on."""
        answer = await erasing.erase(person_id)
        return Response(answer.body, answer.status, media_type=_JSON)

    @routes.get("/v1/erasures/{erasure_id}", dependencies=[require(Scope.READ)], response_model=ErasureItem)
    async def erasure(erasure_id: str) -> Response:
        """How far an erasure is."""
        answer = await erasing.receipt(erasure_id)
        return Response(answer.body, answer.status, media_type=_JSON)

    return routes


def erasure_body(receipt: Receipt) -> bytes:
    """The body of an answer."""
    ends = receipt.due_at if receipt.finished_at is None else receipt.finished_at
    return json.encode(
        ErasureItem(
            id=receipt.id,
            state="running" if receipt.finished_at is None else "finished",
            stores=[RemovedItem(one.service, one.store, one.removed, text(one.at)) for one in receipt.lines],
            finishes_at=None if ends is None else text(ends),
        )
    )
