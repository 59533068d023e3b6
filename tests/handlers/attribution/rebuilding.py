"""Sums of credit, made again from the credits alone, and held against those that were kept."""

from typing import Any

from sqlalchemy import Table, delete, select

from services.attribution.ports import WonDeal
from services.attribution.store.sums import FORMER, Moves, former_credits
from services.attribution.store.tables import CREDITS, DEALS, MODEL_SUMS, SUMMED, WON_SUMS
from shared.db.work import Work
from tests.handlers.attribution.scene import Scene


async def held(work: Work, table: Table) -> list[tuple[Any, ...]]:
    """The rows of a table of sums that hold anything, in order; its last columns are the sums."""
    columns, keys = list(table.columns), len(table.primary_key)
    return sorted(tuple(row) for row in await work.rows(select(*columns)) if any(row[keys:]))


async def rebuilt_is_live(stage: Scene) -> bool:
    """Sum everything again, from the credits alone, and look whether that changes anything."""
    async with stage.database.work() as work:
        live = [await held(work, table) for table in (WON_SUMS, MODEL_SUMS)]
        deals = [WonDeal(*tuple(row)) for row in await work.rows(select(SUMMED))]
        won = {row[0] for row in await work.rows(select(DEALS.c.id).where(DEALS.c.status == "won"))}
        assert {one.deal_id for one in deals} == won
        credited = former_credits(await work.rows(select(*FORMER).select_from(CREDITS)))
        moves = Moves()
        for one in deals:
            moves.whole(one, credited[one.deal_id], 1)
        for table in (WON_SUMS, MODEL_SUMS):
            await work.execute(delete(table))
        await moves.write(work)
        return live == [await held(work, table) for table in (WON_SUMS, MODEL_SUMS)]
