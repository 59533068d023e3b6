"""What operators do to people: two are made one, or what an event says of somebody is withdrawn."""

from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Annotated, Protocol

from fastapi import APIRouter, Response
from msgspec import json
from pydantic import BaseModel, ConfigDict, StringConstraints

from services.ingest.api.schemas import PersonItem, person_item
from services.ingest.ports import Decided, Order
from shared.contracts.touchpoints import PersonMerged, PersonSplit, Touchpoint
from shared.web import idempotency
from shared.web.auth import Holder, Scope, require
from shared.web.idempotency import Answer

Operator = Annotated[Holder, require(Scope.OPERATE)]
_Id = Annotated[str, StringConstraints(min_length=1, max_length=64)]
_JSON = "application/json"


class Commands(Protocol):
    """Does what is asked, once a key."""

    def split(self, person_id: str, event_id: str, order: Order, asked: idempotency.Act | None) -> Awaitable[Answer]:
        """Withdraw what an event says of a person."""
        ...

    def merge(self, person_id: str, other_id: str, order: Order, asked: idempotency.Act | None) -> Awaitable[Answer]:
        """Make two people one."""
        ...


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    dry_run: bool = False


class Split(_Body):
    """The event whose claim does not hold; with `dry_run` only what would come of it."""

    event_id: _Id


class Merge(_Body):
    """Who is the same person; with `dry_run` only what would come of it."""

    other: _Id


@dataclass(frozen=True, slots=True, kw_only=True)
class MergedItem:
    """An id that is an alias of another from now on."""

    from_id: str
    into_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of an act, or would come of it: whoever it is about, as they are then."""

    dry_run: bool
    act_ids: tuple[str, ...]
    people: list[PersonItem]
    merged: list[MergedItem]
    split: list[str]
    """Ids that are nobody's alias any more."""
    touchpoints_moved: int
    """How many are published again because they are somebody else's now."""


def router(commands: Commands) -> APIRouter:
    """`POST /v1/people/{id}/split` and `/merge`, for tokens that may operate."""
    routes = APIRouter(prefix="/v1/people", tags=["people"])

    @routes.post("/{person_id}/split", response_model=Outcome)
    async def split(person_id: str, body: Split, holder: Operator, asked: idempotency.Asked) -> Response:
        """Withdraw what an event says of this person, whoever else says the same."""
        answer = await commands.split(person_id, body.event_id, Order(holder.name, body.dry_run), asked)
        return Response(answer.body, answer.status, media_type=_JSON)

    @routes.post("/{person_id}/merge", response_model=Outcome)
    async def merge(person_id: str, body: Merge, holder: Operator, asked: idempotency.Asked) -> Response:
        """Make this person and another one."""
        answer = await commands.merge(person_id, body.other, Order(holder.name, body.dry_run), asked)
        return Response(answer.body, answer.status, media_type=_JSON)

    return routes


def outcome_body(decided: Decided) -> bytes:
    """The body of an answer."""
    told = [event.data for event in decided.published]
    return json.encode(
        Outcome(
            dry_run=decided.dry_run,
            act_ids=tuple(act.id for act in decided.acts),
            people=list(map(person_item, decided.people)),
            merged=[MergedItem(from_id=m.from_id, into_id=m.into_id) for m in told if isinstance(m, PersonMerged)],
            split=[one.person_id for one in told if isinstance(one, PersonSplit)],
            touchpoints_moved=sum(isinstance(one, Touchpoint) for one in told),
        )
    )
