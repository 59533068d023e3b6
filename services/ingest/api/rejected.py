"""What could not be taken, with the reasons: nothing that was sent is lost without a word."""

from dataclasses import dataclass

from fastapi import APIRouter

from services.ingest.api.schemas import text
from services.ingest.ports import Reading, StoredReject
from shared.web import paging
from shared.web.auth import Scope, require
from shared.web.paging import Page


@dataclass(frozen=True, slots=True)
class RejectedItem:
    """Something that was refused. `body` is its text as sent, cut where it was very long."""

    id: str
    received_at: str
    source: str
    codes: tuple[str, ...]
    reasons: tuple[str, ...]
    body: str


def router(reading: Reading) -> APIRouter:
    """`/v1/rejected`, for tokens that may read."""
    routes = APIRouter(tags=["rejected"], dependencies=[require(Scope.READ)])

    @routes.get("/v1/rejected")
    async def rejected(asked: paging.Asked) -> Page[RejectedItem]:
        position = asked.position(int)
        rows = await reading.rejected(0 if position is None else int(position[0]), asked.limit + 1)
        return paging.page(rows, asked, _item, lambda reject: (reject.seq,))

    return routes


def _item(reject: StoredReject) -> RejectedItem:
    return RejectedItem(
        reject.id, text(reject.received_at), reject.source, reject.codes, reject.reasons, reject.body
    )  # fmt: skip
