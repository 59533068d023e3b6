"""The paths of closed deals, out of their journeys: some at a time, decoded in a thread beside the loop."""

import asyncio
from collections.abc import Sequence
from typing import Any

from msgspec import Struct, json
from sqlalchemy import Row, select

from services.attribution.domain.report import NONE
from services.attribution.domain.walks import Walk
from services.attribution.ports import WalksAsked
from services.attribution.store.tables import DEALS, JOURNEYS
from shared.db.engine import Database

_JOURNEYS_AT_ONCE = 1_000
"""A journey with all that is said of it may take kilobytes."""


class _Met(Struct):
    """Of an interaction, what a path may be told by."""

    occurred_at: int
    kind: str
    channel: str
    department: str
    campaign: str | None = None


class _Walked(Struct):
    """Of a journey, no more than what it met."""

    counted: list[_Met]


class SqlWalks:
    """The port of paths over a service's store."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def walks(self, asked: WalksAsked) -> Sequence[Walk]:
        """The paths of the deals that closed in a time."""
        paged = (
            select(DEALS.c.id, DEALS.c.status, DEALS.c.amount_minor, DEALS.c.closed_at, JOURNEYS.c.body)
            .join(JOURNEYS, JOURNEYS.c.deal_id == DEALS.c.id)
            .where(DEALS.c.status.in_(asked.outcomes), DEALS.c.currency == asked.currency)
        )
        if asked.since is not None:
            paged = paged.where(DEALS.c.closed_at >= asked.since)
        if asked.until is not None:
            paged = paged.where(DEALS.c.closed_at < asked.until)
        paged = paged.order_by(DEALS.c.id).limit(_JOURNEYS_AT_ONCE)
        found: list[Walk] = []
        after = ""
        while True:
            async with self._database.read() as reader:
                rows = await reader.rows(paged.where(DEALS.c.id > after))
            if not rows:
                return found
            found.extend(await asyncio.to_thread(_walks, rows, asked.told_by))
            after = rows[-1].id


def _walks(rows: Sequence[Row[Any]], told_by: str) -> list[Walk]:
    return [_walk(row, told_by) for row in rows]


def _walk(row: Row[Any], told_by: str) -> Walk:
    met = json.decode(row.body, type=_Walked).counted
    steps = tuple(getattr(each, told_by) or NONE for each in met)
    return Walk(steps, row.status, row.amount_minor, row.closed_at - met[0].occurred_at if met else None)
