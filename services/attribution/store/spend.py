"""What was spent, in SQL: kept in its highest version, read by day."""

from collections.abc import Collection, Sequence

from sqlalchemy import ColumnElement, func, not_, select, tuple_, union_all

from services.attribution.domain.period import Period
from services.attribution.domain.spend import Spend, SpendLine
from services.attribution.store.tables import SPEND
from shared.contracts.spend import CollectedSpend
from shared.db.dialect import Upsert
from shared.db.engine import Database
from shared.db.work import Work

_COLUMNS = tuple(column.name for column in SPEND.columns)
_KEEP = Upsert(SPEND, conflict=("id",), update=_COLUMNS[1:], newer=("version", "event_id"))
_READ = select(
    SPEND.c.id, SPEND.c.source, SPEND.c.channel, SPEND.c.campaign, SPEND.c.day, SPEND.c.amount_minor, SPEND.c.currency,
    SPEND.c.version, SPEND.c.received_at,
).order_by(SPEND.c.day, SPEND.c.id)  # fmt: skip


async def keep_spend(work: Work, spend: Collection[CollectedSpend]) -> None:
    """Keep what was spent; what is there in a higher version stays."""
    ordered = sorted(spend, key=lambda one: one.id)
    await work.write(_KEEP, [tuple(getattr(one, name) for name in _COLUMNS) for one in ordered])


class SpendReading:
    """What was spent, as whoever reads asks for it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(self, period: Period, limit: int, after: tuple[int, str] | None) -> Sequence[Spend]:
        """What was spent on the days of a period, by day, then id; those after one of them."""
        wanted = _READ.where(*_within(period)).limit(limit)
        if after is not None:
            wanted = wanted.where(tuple_(SPEND.c.day, SPEND.c.id) > after)
        async with self._database.read() as reader:
            return [Spend(*tuple(row)) for row in await reader.rows(wanted)]

    async def lines(self, period: Period, currency: str) -> Sequence[SpendLine]:
        """What was spent on those days: summed where it is in a currency, else as posted."""
        own, amount = SPEND.c.currency == currency, SPEND.c.amount_minor
        keys = (SPEND.c.channel, SPEND.c.campaign)
        summed = select(*keys, func.min(SPEND.c.day).label("day"), func.sum(amount).label("amount"), SPEND.c.currency)
        singles = select(*keys, SPEND.c.day, amount, SPEND.c.currency).where(not_(own), *_within(period))
        both = union_all(summed.where(own, *_within(period)).group_by(*keys, SPEND.c.currency), singles)
        async with self._database.read() as reader:
            rows = await reader.rows(both)
        return [SpendLine(row.channel, row.campaign, row.day, int(row.amount), row.currency) for row in rows]


def _within(period: Period) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if period.since is not None:
        conditions.append(SPEND.c.day >= period.since)
    if period.until is not None:
        conditions.append(SPEND.c.day < period.until)
    return conditions
