"""Owners over HTTP: who takes leads, how many at a time, and when they are at work."""

import re
from collections.abc import Callable
from typing import Annotated, Any, Final

from fastapi import APIRouter
from pydantic import AfterValidator, Field

from services.handoff.domain.sla import Calendar, add_business, calendar
from services.handoff.ports.outside import Team
from services.handoff.settings import Terms
from shared.contracts.charter import Away, Owner
from shared.contracts.charter_words import Count, Name, Part, Text, Week, Zone
from shared.kernel.errors import Reject
from shared.kernel.instant import Instant
from shared.web import paging
from shared.web.auth import Scope, require
from shared.web.paging import Page

_ADDRESS: Final = re.compile(r"[^\s@\"(),:;<>\[\\\]]+@[^\s@\"(),:;<>\[\\\].]+(\.[^\s@\"(),:;<>\[\\\].]+)+")


def _is_an_address(text: str) -> str:
    if not text.isprintable() or not _ADDRESS.fullmatch(text):
        raise ValueError("not an e-mail address, such as bo@example.com")
    return text


class OwnerBody(Part):
    """What is agreed of an owner; the id is in the path, and may be repeated."""

    id: Name | None = None
    name: Text
    email: Annotated[Text, AfterValidator(_is_an_address)] | None = None
    weight: Annotated[int, Field(strict=True, ge=0, le=1000)] = 1
    capacity: Count | None = None
    time_zone: Zone = "UTC"
    hours: Week | None = None
    away: tuple[Away, ...] = ()


def router(team: Team, terms: Terms, now: Callable[[], Instant]) -> APIRouter:
    """The routes under `/v1/owners`."""
    routes = APIRouter(prefix="/v1/owners", tags=["owners"])

    @routes.get("", dependencies=[require(Scope.READ)])
    async def list_owners(page: paging.Asked) -> Page[dict[str, Any]]:
        """All owners, by id."""
        after = page.position(str)
        found = [owner for owner in await team.all() if after is None or (owner.id,) > after]
        return paging.page(found[: page.limit + 1], page, _shown, lambda owner: (owner.id,))

    @routes.put("/{owner_id}", dependencies=[require(Scope.OPERATE)])
    async def put_owner(owner_id: Name, body: OwnerBody) -> dict[str, Any]:
        """The owner as it is from now on; leads they have stay theirs."""
        if body.id not in (None, owner_id):
            raise Reject("bad_id", "the id is the one in the path", "id")
        owner = Owner.model_validate(body.model_dump() | {"id": owner_id})
        if owner.hours is not None:
            week = {str(day): spans for day, spans in owner.hours.items()}
            _check_promises(terms, calendar(owner.time_zone, week, terms.holidays), now())
        await team.put(owner)
        return _shown(owner)

    return routes


def _check_promises(terms: Terms, when: Calendar, now: Instant) -> None:
    """Raise Reject where nothing that leads are promised falls due in these hours."""
    try:
        add_business(now, max(terms.accept_minutes, terms.contact_minutes), when)
    except ValueError:
        raise Reject("bad_hours", "these hours are too few for what leads are promised", "hours") from None


def _shown(owner: Owner) -> dict[str, Any]:
    return owner.model_dump(mode="json")
