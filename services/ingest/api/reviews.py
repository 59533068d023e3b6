"""Claims that were not followed because they would have joined people who look like two, and what is said of them."""

from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Annotated, Literal, Protocol

from fastapi import APIRouter, Response
from msgspec import json
from pydantic import BaseModel, ConfigDict

from services.ingest.api.schemas import moment_position, text
from services.ingest.domain.identity import Why
from services.ingest.domain.reviews import ReviewState, StoredReview
from services.ingest.ports import Order, Reading
from shared.web import idempotency, paging
from shared.web.auth import Holder, Scope, require
from shared.web.idempotency import Answer
from shared.web.paging import Page

Verb = Literal["accept", "refuse"]


class Answering(Protocol):
    """Answers a review, once a key."""

    def answer(self, review_id: str, answer: Verb, order: Order, asked: idempotency.Act | None) -> Awaitable[Answer]:
        """Accept or refuse what was not followed."""
        ...


class ReviewAnswer(BaseModel):
    """Whether they are one person."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    answer: Verb


@dataclass(frozen=True, slots=True, kw_only=True)
class SideItem:
    """One of the people a review is about, and what names them in the claim."""

    person_id: str
    identifiers: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewItem:
    """A claim that was not followed. `moot`: other claims have settled it since."""

    id: str
    event_id: str
    why: Why
    sides: list[SideItem]
    state: ReviewState
    raised_at: str
    answered_at: str | None
    answered_by: str | None


def router(reading: Reading, answering: Answering) -> APIRouter:
    """`/v1/identity/reviews`: reading them, and answering them with the scope to operate."""
    routes = APIRouter(prefix="/v1/identity/reviews", tags=["reviews"])

    @routes.get("", dependencies=[require(Scope.READ)])
    async def reviews(asked: paging.Asked, state: ReviewState | None = None) -> Page[ReviewItem]:
        """Reviews in the order in which they were raised."""
        rows = await reading.reviews(state, moment_position(asked), asked.limit + 1)
        return paging.page(rows, asked, _item, lambda review: (review.raised_at, review.id))

    @routes.post("/{review_id}", response_model=ReviewItem)
    async def answer(
        review_id: str,
        body: ReviewAnswer,
        holder: Annotated[Holder, require(Scope.OPERATE)],
        asked: idempotency.Asked,
    ) -> Response:
        """Accept: they are one person. Refuse: they are not, whoever says so."""
        done = await answering.answer(review_id, body.answer, Order(holder.name), asked)
        return Response(done.body, done.status, media_type="application/json")

    return routes


def review_body(review: StoredReview) -> bytes:
    """The body of an answer."""
    return json.encode(_item(review))


def _item(review: StoredReview) -> ReviewItem:
    return ReviewItem(
        id=review.id,
        event_id=review.event_id,
        why=review.why,
        sides=[SideItem(person_id=side.person, identifiers=list(map(str, side.identifiers))) for side in review.sides],
        state=review.state,
        raised_at=text(review.raised_at),
        answered_at=None if review.answered_at is None else text(review.answered_at),
        answered_by=review.answered_by,
    )
