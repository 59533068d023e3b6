"""People as they are known: found by any identifier, with their journey and the claims that make them one."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Query

from services.ingest.api.accounts import MatchItem, explained
from services.ingest.api.journey import JourneyItem, journey_page
from services.ingest.api.schemas import ClaimItem, PersonItem, claim_item, person_item
from services.ingest.domain import identifiers
from services.ingest.domain.identity import Identifier, IdentifierKind, PersonLimits
from services.ingest.domain.owners import Place
from services.ingest.domain.telling import told
from services.ingest.ports import AccountReading, Identity, Reading
from shared.kernel.errors import NotFound, Reject
from shared.web import paging
from shared.web.auth import Scope, require
from shared.web.paging import Page

Wanted = Annotated[str | None, Query(max_length=320)]


@dataclass(frozen=True, slots=True)
class Why:
    """The claims that name a person, and what tells their accounts, in event time."""

    claims: list[ClaimItem]
    accounts: list[MatchItem]


def router(reading: Reading, accounts: AccountReading, limits: PersonLimits) -> APIRouter:
    """`/v1/people`, for tokens that may read."""
    routes = APIRouter(tags=["people"], dependencies=[require(Scope.READ)])

    @routes.get("/v1/people")
    async def people(
        asked: paging.Asked,
        email: Wanted = None,
        user_id: Wanted = None,
        anonymous_id: Wanted = None,
        phone: Wanted = None,
    ) -> Page[PersonItem]:
        named = _named({"email": email, "user_id": user_id, "anonymous_id": anonymous_id, "phone": phone})
        after = _place(asked)
        owners = () if named is None else await reading.owners(named, after, asked.limit + 1)
        found = paging.page(owners, asked, lambda owner: owner.person_id, lambda owner: owner.place)
        return Page([person_item(person) for person in await reading.people(found.items)], found.next)

    @routes.get("/v1/people/{person_id}")
    async def person(person_id: str) -> PersonItem:
        identity = await _identity(reading, person_id)
        for found in await reading.people([identity.person_id]):
            return person_item(found)
        raise NotFound

    @routes.get("/v1/people/{person_id}/journey")
    async def journey(person_id: str, asked: paging.Asked) -> Page[JourneyItem]:
        return await journey_page(reading, await _identity(reading, person_id), asked, limits)

    @routes.get("/v1/people/{person_id}/why")
    async def why(person_id: str) -> Why:
        identity = await _identity(reading, person_id)
        claims = await reading.claims(identity)
        matched = await explained(accounts, identity.identifiers, claims)
        return Why([claim_item(one) for one in told(claims, identity.identifiers, limits)], matched)

    return routes


async def _identity(reading: Reading, person_id: str) -> Identity:
    identity = await reading.identity(person_id)
    if identity is None:
        raise NotFound
    return identity


def _place(asked: paging.PageRequest) -> Place | None:
    position = asked.position(int, int, str)
    if position is None:
        return None
    arrived, at, event_id = position
    return Place(int(arrived), int(at), str(event_id))


def _named(asked: Mapping[IdentifierKind, str | None]) -> Identifier | None:
    """The identifier that is asked for, as it is stored; none where nobody can be called that.

    Raises Reject unless exactly one was given.
    """
    given = [(kind, value) for kind, value in asked.items() if value is not None]
    if len(given) != 1:
        raise Reject("one_identifier", f"exactly one of {', '.join(asked)} is needed")
    ((kind, value),) = given
    read = _READ.get(kind)
    return Identifier(kind, value.strip()) if read is None else read(value)


def _phone(value: str) -> Identifier | None:
    """In a query string a plus that was not escaped arrives as a space."""
    return identifiers.phone(f"+{value[1:]}" if value.startswith(" ") else value)


_READ: Mapping[IdentifierKind, Callable[[str], Identifier | None]] = {"email": identifiers.email, "phone": _phone}
