"""Deals that were won in other currencies, brought to what the rates say now: those may have changed since the start.

Promises: looks at a deal under its lock, as whoever derives it does; a deal whose rate is the same is not written.
Leaves out: what a deal earned in its own currency, which no rate changes.
"""

from collections.abc import Sequence

from sqlalchemy import or_, select

from services.attribution.domain.rates import Rates
from services.attribution.ports import WonDeal
from services.attribution.store import sums
from services.attribution.store.tables import CREDITS, DEALS, SUMMED
from shared.db.engine import Database
from shared.db.work import Work
from shared.kernel.instant import Instant

_DEALS_AT_ONCE = 500


class Converting:
    """Goes through the deals in other currencies, a page at a call."""

    def __init__(self, database: Database, rates: Rates, base: str) -> None:
        self._database = database
        self._rates = rates
        self._base = base
        self._after = ""

    async def due(self, _now: Instant) -> int:
        """Look at the next page; answers how many deals there were, none at the end, where it begins again."""
        foreign = or_(SUMMED.c.currency != self._base, SUMMED.c.reported_in != self._base)
        page = select(SUMMED).where(foreign, SUMMED.c.deal_id > self._after).order_by(SUMMED.c.deal_id)
        async with self._database.work() as work:
            deals = [WonDeal(*tuple(row)) for row in await work.rows(page.limit(_DEALS_AT_ONCE))]
            stale = [deal.deal_id for deal in deals if self._now(deal) != deal]
            if stale:
                await self._bring(work, stale)
        self._after = deals[-1].deal_id if deals else ""
        return len(deals)

    async def _bring(self, work: Work, ids: Sequence[str]) -> None:
        await work.lock(select(DEALS.c.id).where(work.among(DEALS.c.id, ids)).order_by(DEALS.c.id))
        held = await work.rows(select(SUMMED).where(work.among(SUMMED.c.deal_id, ids)))
        kept = await work.rows(select(*sums.FORMER).where(work.among(CREDITS.c.deal_id, ids)))
        credited = sums.former_credits(kept)
        before = [WonDeal(*tuple(row)) for row in held]
        moves = sums.Moves()
        for deal in before:
            moves.reported(deal, credited[deal.deal_id], -1)
            moves.reported(self._now(deal), credited[deal.deal_id], 1)
        await sums.keep(work, map(self._now, before))
        await moves.write(work)

    def _now(self, deal: WonDeal) -> WonDeal:
        amount = self._rates.converted(deal.amount_minor, deal.currency, self._base, deal.closed_at)
        return deal._replace(reported_in=self._base, reported_minor=amount)
