"""Deals with their credits, line by line and in pages: what is read where no sum is kept."""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Column, ColumnElement, Row, Select, Table, and_, func, literal, select

from services.attribution.domain.converted import Line
from services.attribution.domain.report import NONE
from services.attribution.ports import ReportAsked
from services.attribution.store.tables import CARDS, DEALS, LEADS
from shared.db.work import Reader

OF_PEOPLE: Mapping[str, Column[Any]] = {"persona": CARDS.c.persona, "heard_from": LEADS.c.heard_from}
"""What is known of whose interaction it was, and kept with them."""
_DEALS_AT_ONCE = 1_000
_KEYS_FROM = 9
"""The first column of a row that is a key."""


async def lines_in(
    reader: Reader,
    asked: ReportAsked,
    deals: Table,
    earned: Table,
    wanted: ColumnElement[bool],
    keys: Mapping[str, ColumnElement[Any]],
) -> AsyncIterator[Sequence[Line]]:
    """The deals that are wanted, each whole in one page; those without a credit have one line of their own."""
    time, group = ("closed_at", literal("")) if "closed_at" in deals.c else ("created_at", deals.c.stage)
    after = ""
    while True:
        chosen = select(deals.c.deal_id).where(wanted, deals.c.deal_id > after)
        chosen = chosen.order_by(deals.c.deal_id).limit(_DEALS_AT_ONCE)
        together = [earned.c[name] == deals.c[name] for name in ("deal_id", "period") if name in deals.c]
        of_models = and_(*together, reader.among(earned.c.model, asked.models))
        share = earned.c.share if "share" in earned.c else literal("").label("share")
        whole = (
            select(
                *(
                    deals.c.deal_id,
                    deals.c[time].label("at"),
                    deals.c.currency,
                    deals.c.amount_minor.label("deal_minor"),
                ),
                *(group.label("told_apart"), earned.c.model, share, earned.c.part, earned.c.amount_minor),
                *(func.coalesce(keys[name], "") for name in asked.keys),
            )
            .join_from(deals, earned, of_models, isouter=True)
            .where(wanted, deals.c.deal_id.in_(chosen.subquery().select()))
            .order_by(deals.c.deal_id, earned.c.model, earned.c.n)
        )
        rows = await reader.rows(beside(whole, asked.keys, deals, earned))
        if not rows:
            return
        yield [_line(row) for row in rows]
        after = rows[-1].deal_id


def beside(wanted: Select[Any], keys: Sequence[str], deals: Table, earned: Table) -> Select[Any]:
    """A statement of credits, joined with what they have to be grouped by and do not hold themselves."""
    if "account" in keys:
        wanted = wanted.join(DEALS, DEALS.c.id == deals.c.deal_id)
    for table in (OF_PEOPLE[name].table for name in keys if name in OF_PEOPLE):
        wanted = wanted.outerjoin(table, table.c.person_id == earned.c.person_id)
    return wanted


def _line(row: Row[Any]) -> Line:
    return Line(
        deal_id=row.deal_id,
        at=row.at,
        currency=row.currency,
        deal_minor=row.deal_minor,
        group=row.told_apart or "",
        model=row.model,
        key=tuple(value or NONE for value in row[_KEYS_FROM:]),
        share=row.share,
        part=row.part,
        amount_minor=row.amount_minor,
    )
