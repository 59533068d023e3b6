"""Credits, journeys and deals as files, in pages of deals: each page is one statement in a read of its own, so no
deal is torn and nothing is held open while a slow client reads. Deals that change meanwhile are as they are when
their page comes.
"""

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from typing import Any

from msgspec import json
from sqlalchemy import ColumnElement, Row, Select, Subquery, and_, select

from services.attribution.domain.deal import close_of
from services.attribution.ports import ExportAsked, KeptJourney
from services.attribution.store.ledger import deal_of
from services.attribution.store.reading import as_known
from services.attribution.store.reported import within
from services.attribution.store.tables import CREDITS, DEALS, JOURNEYS
from shared.contracts.deals import Deal
from shared.contracts.touchpoints import AccountRef
from shared.db.engine import Database
from shared.kernel.stand_ins import anybody, stands_in

_DEALS_AT_ONCE = 100
"""With some eighty credits each: a page is some thousands of rows, and well under a megabyte."""
_BETWEEN = "|"
"""Between several values in one cell."""


class SqlExports:
    """The exports port over a service's store."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def credits(self, asked: ExportAsked) -> AsyncIterator[Sequence[tuple[Any, ...]]]:
        """What interactions earned of won deals."""
        async for page in self._pages(lambda deals: _credits(deals, asked.model), asked, DEALS.c.status == "won"):
            # A deal without credits by the model asked for is a row all the same: the next page begins after it.
            yield [_credit(row) for row in page if row.model is not None]

    async def journeys(self, asked: ExportAsked) -> AsyncIterator[Sequence[tuple[Any, ...]]]:
        """The interactions that count for deals."""
        async for page in self._pages(_journeys, asked):
            yield [line for row in page for line in _lines(row)]

    async def deals(self, asked: ExportAsked) -> AsyncIterator[Sequence[tuple[Any, ...]]]:
        """Deals as posted, their people as they are known now."""
        async for page in self._pages(_deals, asked):
            async with self._database.read() as reader:
                known = await as_known([deal_of(row) for row in page], reader)
            yield [_deal(deal) for deal in known]

    async def _pages(
        self, wanted: Callable[[Subquery], Select[Any]], asked: ExportAsked, *only: ColumnElement[bool]
    ) -> AsyncIterator[Sequence[Row[Any]]]:
        """What is wanted of deals, a number of them at a time, in the order of their ids; it begins with the id."""
        some = select(DEALS).where(*only, *within(DEALS.c.closed_at, asked)).order_by(DEALS.c.id).limit(_DEALS_AT_ONCE)
        after = ""
        while True:
            async with self._database.read() as reader:
                rows = await reader.rows(wanted(some.where(DEALS.c.id > after).subquery()))
            if not rows:
                return
            yield rows
            after = rows[-1][0]


def _credits(deals: Subquery, model: str | None) -> Select[Any]:
    """In the order of the columns of the export."""
    own = deals.c.id == CREDITS.c.deal_id
    return (
        select(
            deals.c.id, CREDITS.c.model, CREDITS.c.n, deals.c.closed_at, deals.c.currency, deals.c.account_id,
            CREDITS.c.interaction_id, CREDITS.c.occurred_at, CREDITS.c.person_id, CREDITS.c.kind, CREDITS.c.channel,
            CREDITS.c.campaign, CREDITS.c.department, CREDITS.c.source, CREDITS.c.utm_source, CREDITS.c.content,
            CREDITS.c.part, CREDITS.c.amount_minor, JOURNEYS.c.charter,
        )
        .join_from(deals, JOURNEYS, JOURNEYS.c.deal_id == deals.c.id)
        .outerjoin(CREDITS, own if model is None else and_(own, CREDITS.c.model == model))
        .order_by(deals.c.id, CREDITS.c.model, CREDITS.c.n)
    )  # fmt: skip


def _journeys(deals: Subquery) -> Select[Any]:
    wanted = select(deals.c.id, deals.c.status, deals.c.closed_at, JOURNEYS.c.body)
    return wanted.join_from(deals, JOURNEYS, JOURNEYS.c.deal_id == deals.c.id).order_by(deals.c.id)


def _deals(deals: Subquery) -> Select[Any]:
    return select(deals.c.id, deals.c.body).order_by(deals.c.id)


def _credit(row: Row[Any]) -> tuple[Any, ...]:
    """A credit in the order of the columns of the export, without whom it stands in for."""
    return tuple((row._asdict() | {"person_id": anybody(row.person_id)}).values())


def _lines(row: Row[Any]) -> Iterator[tuple[Any, ...]]:
    """A journey's interactions, in the order of the columns of the export."""
    journey = json.decode(row.body, type=KeptJourney)
    for number, met in enumerate(journey.counted):
        yield (
            row.id, row.status, row.closed_at, number, met.interaction_id, met.occurred_at, anybody(met.person_id),
            met.kind, _BETWEEN.join(met.kinds), met.channel, met.campaign, met.department, len(met.touchpoints),
            journey.charter,
        )  # fmt: skip


def _deal(deal: Deal) -> tuple[Any, ...]:
    """A deal in the order of the columns of the export."""
    account = deal.account or AccountRef(id="")
    return (
        deal.id, deal.version, deal.name, deal.status, deal.stage, deal.deal_type, deal.lost_reason, deal.owner,
        account.id or None, account.name, account.domain, deal.amount_minor, deal.currency, deal.created_at,
        close_of(deal.status, deal.closed_at, deal.occurred_at), deal.occurred_at,
        _BETWEEN.join(person.person_id for person in deal.people if not stands_in(person.person_id)),
    )  # fmt: skip
