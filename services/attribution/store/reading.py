"""What the API asks of attribution's store about single deals."""

from collections.abc import Sequence

from msgspec import json
from msgspec.structs import replace
from sqlalchemy import select

from services.attribution.ports import CreditedDeal, HistoricDeal, KeptJourney
from services.attribution.store.credits import credit_of
from services.attribution.store.ledger import deal_of
from services.attribution.store.tables import CREDITS, DEAL_HISTORY, DEALS, JOURNEYS
from shared.contracts.deals import Deal, DealPerson
from shared.db.engine import Database
from shared.db.people import roots_of
from shared.db.work import Reader


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
