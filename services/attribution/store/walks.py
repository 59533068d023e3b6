"""The paths of closed deals, out of their journeys: some at a time, decoded in a thread beside the loop."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct, json
from sqlalchemy import Row, select

from services.attribution.domain.converted import Count
from services.attribution.domain.rates import Rates
from services.attribution.domain.report import NONE
from services.attribution.domain.walks import Walk
from services.attribution.ports import Won
from services.attribution.ports.walks import WalksAsked, WalksFound
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
    source: str | None = None
    utm_source: str | None = None


class _Walked(Struct):
    """Of a journey, no more than what it met."""

    counted: list[_Met]


class SqlWalks:
    """The port of paths over a service's store."""

    def __init__(self, database: Database, rates: Rates) -> None:
        self._database = database
        self._rates = rates

    async def walks(self, asked: WalksAsked) -> WalksFound:
        """The paths of the deals that closed in a time."""
        deals = (DEALS.c.id, DEALS.c.status, DEALS.c.amount_minor, DEALS.c.currency, DEALS.c.closed_at)
        paged = select(*deals, JOURNEYS.c.body).join(JOURNEYS, JOURNEYS.c.deal_id == DEALS.c.id)
        paged = paged.where(DEALS.c.status.in_(asked.outcomes))
        if asked.since is not None:
            paged = paged.where(DEALS.c.closed_at >= asked.since)
        if asked.until is not None:
            paged = paged.where(DEALS.c.closed_at < asked.until)
        paged = paged.order_by(DEALS.c.id).limit(_JOURNEYS_AT_ONCE)
        found: list[Walk] = []
        left: defaultdict[str, Count] = defaultdict(Count)
        after = ""
        while True:
            async with self._database.read() as reader:
                rows = await reader.rows(paged.where(DEALS.c.id > after))
            if not rows:
                return WalksFound(found, [Won(code, one.deals, one.amount_minor) for code, one in sorted(left.items())])
            found.extend(await asyncio.to_thread(self._walks, rows, asked, left))
            after = rows[-1].id

    def _walks(self, rows: Sequence[Row[Any]], asked: WalksAsked, left: Mapping[str, Count]) -> list[Walk]:
        walks = []
        for row in rows:
            amount = self._rates.converted(row.amount_minor, row.currency, asked.currency, row.closed_at)
            if amount is None:
                left[row.currency].add(1, row.amount_minor)
            else:
                walks.append(_walk(row, amount, asked.told_by))
        return walks


def _walk(row: Row[Any], amount_minor: int, told_by: str) -> Walk:
    met = json.decode(row.body, type=_Walked).counted
    steps = tuple(getattr(each, told_by) or NONE for each in met)
    return Walk(steps, row.status, amount_minor, row.closed_at - met[0].occurred_at if met else None)
