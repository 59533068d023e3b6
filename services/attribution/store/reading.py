"""What the API asks of attribution's store. Reports are summed by the database; no journey is read for one.

Sums and what was won come from one statement, so that they agree whatever is being written meanwhile.
"""

import dataclasses
from collections.abc import Sequence
from typing import Any

from msgspec import Struct, json
from msgspec.structs import replace
from sqlalchemy import Row, and_, or_, select

from services.attribution.domain.paths.closed import Closed
from services.attribution.ports import CreditedDeal, HistoricDeal, KeptJourney, ReportAsked, Reported
from services.attribution.store import reported
from services.attribution.store.credits import credit_of
from services.attribution.store.ledger import deal_of
from services.attribution.store.tables import CREDITS, DEAL_HISTORY, DEALS, JOURNEYS
from shared.contracts.deals import Deal, DealPerson
from shared.db.engine import Database
from shared.db.people import roots_of
from shared.db.work import Reader

_JOURNEYS_AT_ONCE = 1_000
"""A journey with all that is said of it may take kilobytes; of each, its channels are kept."""


class _Met(Struct):
    """Of an interaction, no more than its channel."""

    channel: str


class _Walked(Struct):
    """Of a journey, no more than what it met."""

    counted: list[_Met]


class SqlReading:
    """The reading port over a service's store."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def deals(self, limit: int, after: str | None) -> Sequence[Deal]:
        """Deals by id, those after an id; their people as they are known now."""
        wanted = select(DEALS.c.body).order_by(DEALS.c.id).limit(limit)
        async with self._database.read() as reader:
            rows = await reader.rows(wanted if after is None else wanted.where(DEALS.c.id > after))
            return await as_known([deal_of(row) for row in rows], reader)

    async def deal(self, deal_id: str) -> HistoricDeal | None:
        """A deal with its versions, the first one first."""
        versions = select(DEAL_HISTORY.c.body).where(DEAL_HISTORY.c.deal_id == deal_id)
        async with self._database.read() as reader:
            found = await reader.first(select(DEALS.c.body).where(DEALS.c.id == deal_id))
            if found is None:
                return None
            [deal] = await as_known([deal_of(found)], reader)
            rows = await reader.rows(versions.order_by(DEAL_HISTORY.c.version))
        return HistoricDeal(deal, [deal_of(row) for row in rows])

    async def credits(self, deal_id: str, model: str) -> CreditedDeal | None:
        """A deal with its credits; none where it is not won."""
        of_model = (CREDITS.c.deal_id == DEALS.c.id) & (CREDITS.c.model == model)
        whole = (
            select(DEALS.c.body, JOURNEYS.c.body.label("journey"), CREDITS)
            .join(JOURNEYS, JOURNEYS.c.deal_id == DEALS.c.id)
            .outerjoin(CREDITS, of_model)
        )
        async with self._database.read() as reader:
            rows = await reader.rows(whole.where(DEALS.c.id == deal_id).order_by(CREDITS.c.n))
        if not rows:
            return None
        journey = json.decode(rows[0].journey, type=KeptJourney)
        credited = [credit_of(row) for row in rows if row.model is not None]
        return CreditedDeal(deal_of(rows[0]), journey.charter, credited, journey.missing)

    async def journey(self, deal_id: str) -> KeptJourney | None:
        """The journey of a deal."""
        async with self._database.read() as reader:
            body = await reader.scalar(select(JOURNEYS.c.body).where(JOURNEYS.c.deal_id == deal_id))
        return None if body is None else json.decode(body, type=KeptJourney)

    async def report(self, asked: ReportAsked) -> Reported:
        """What was won, and who earned it."""
        async with self._database.read() as reader:
            rows = await reader.rows(reported.statement(asked, reader))
            names = await _account_names(asked, reader) if "account" in asked.keys else {}
        return dataclasses.replace(reported.told(rows, asked), account_names=names)

    async def closed(self, asked: ReportAsked) -> Sequence[Closed]:
        """The deals that a report is about, and those that were lost in the same time."""
        found: list[Closed] = []
        won = and_(DEALS.c.status == "won", DEALS.c.currency == asked.currency)
        wanted = and_(or_(won, DEALS.c.status == "lost"), *reported.within(DEALS.c.closed_at, asked))
        paged = select(DEALS.c.id, DEALS.c.status, DEALS.c.amount_minor, JOURNEYS.c.body).where(wanted)
        paged = paged.join(JOURNEYS, JOURNEYS.c.deal_id == DEALS.c.id).order_by(DEALS.c.id).limit(_JOURNEYS_AT_ONCE)
        after = ""
        async with self._database.read() as reader:
            while rows := await reader.rows(paged.where(DEALS.c.id > after)):
                found.extend(_closed(row) for row in rows)
                after = rows[-1].id
        return found


async def as_known(deals: Sequence[Deal], reader: Reader) -> list[Deal]:
    """Deals whose people are who they are known to be now, each with a role once."""
    roots = await roots_of(reader, {person.person_id for deal in deals for person in deal.people})
    return [
        replace(
            deal,
            people=tuple(
                DealPerson(person_id=person_id, role=role)
                for person_id, role in dict.fromkeys((roots[one.person_id], one.role) for one in deal.people)
            ),
        )
        for deal in deals
    ]


async def _account_names(asked: ReportAsked, reader: Reader) -> dict[str, str]:
    """What the accounts of these deals are called by the deal that closed last, of those that say so."""
    named = select(DEALS.c.account_id, DEALS.c.account_name).where(
        DEALS.c.status == "won", *reported.within(DEALS.c.closed_at, asked), DEALS.c.account_name.is_not(None)
    )
    rows = await reader.rows(named.order_by(DEALS.c.closed_at, DEALS.c.id))
    return {row.account_id: row.account_name for row in rows}


def _closed(row: Row[Any]) -> Closed:
    walked = json.decode(row.body, type=_Walked)
    return Closed(tuple(met.channel for met in walked.counted), row.amount_minor if row.status == "won" else None)
