"""The credit of deals in SQL, written only where it changed: then with why, and where the month is closed already,
with what that adds to its books. A closed month's own figures are never written again.

Months are locked last, after deals, in id order: whoever closes one waits for those who are writing in it.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import Any

from msgspec import json
from sqlalchemy import Row, delete, select

from services.attribution.domain.books import NOTHING, Earned, Entry, Line, adjustments, lines
from services.attribution.domain.cause import Reason, Standing, own_reason
from services.attribution.domain.deal import close_of
from services.attribution.domain.month import month, month_of
from services.attribution.ports.books import Credited
from services.attribution.store import sums
from services.attribution.store.credits import credit_of, credit_row
from services.attribution.store.tables import ADJUSTMENTS, CREDIT_CHANGES, CREDITED, CREDITS, PERIODS
from shared.db.dialect import Upsert
from shared.db.work import Work
from shared.kernel.instant import Instant
from shared.kernel.stand_ins import stands_in

CHANGES_KEPT = 200
"""Of each deal, so that one whose people never rest does not grow for ever."""
_DIGEST_BYTES = 16
_ADD_CREDIT = Upsert(CREDITS)
_ADD_ADJUSTMENT = Upsert(ADJUSTMENTS)
_ENSURE_PERIOD = Upsert(PERIODS, columns=("id", "since", "until"), conflict=("id",))
_KEEP_STANDING = Upsert(
    CREDITED, conflict=("deal_id",), update=tuple(column.name for column in CREDITED.columns if not column.primary_key)
)
_KEEP_CHANGE = Upsert(
    CREDIT_CHANGES,
    conflict=("deal_id", "slot"),
    update=("n", "at", "cause", "event_id", "status", "charter", "currency", "body"),
)


@dataclass(frozen=True, slots=True)
class _Derived:
    """What is derived of a deal now, beside what was before."""

    one: Credited
    before: Row[Any] | None
    rows: Sequence[tuple[object, ...]]
    closed_at: int | None
    """When it closed, where it is won."""
    digest: bytes
    renamed: bool = False
    """The credit is what it was, of somebody who was erased."""

    @property
    def deal_id(self) -> str:
        return self.one.deal.id

    @property
    def standing(self) -> Standing:
        deal = self.one.deal
        return Standing(deal.status, deal.version, deal.revision, self.one.charter)

    @property
    def stood(self) -> Standing | None:
        before = self.before
        return None if before is None else Standing(before.status, before.version, before.revision, before.charter)

    @property
    def changed(self) -> bool:
        return self.rewritten and not self.renamed

    @property
    def rewritten(self) -> bool:
        return self.digest != (self.before.digest if self.before else b"")

    @property
    def number(self) -> int:
        """Which change of the deal's credit this is, from 1; the same as before where it is none."""
        return (self.before.changes if self.before else 0) + self.changed

    @property
    def reason(self) -> Reason:
        return own_reason(self.deal_id, self.stood, self.standing) or self.one.reason

    @property
    def is_of_nobody(self) -> bool:
        return any(
            credit.person_id is not None and stands_in(credit.person_id)
            for earned in self.one.credits.values()
            for credit in earned
        )

    def lines_before(self, kept: Mapping[str, Sequence[Row[Any]]]) -> dict[Line, Earned]:
        """What it earned before, by the credits that were kept of it."""
        stood = self.before
        if stood is None:
            return {}
        earned = {model: [credit_of(row) for row in rows] for model, rows in kept.items()}
        return lines(stood.currency, stood.account_id, earned)

    @property
    def lines_now(self) -> dict[Line, Earned]:
        account = self.one.deal.account
        return lines(self.one.deal.currency, None if account is None else account.id, self.one.credits)

    def earns_the_same(self, kept: Mapping[str, Sequence[Row[Any]]]) -> bool:
        """Whether the books could not tell it from before."""
        stood = self.before
        return stood is not None and stood.closed_at == self.closed_at and self.lines_before(kept) == self.lines_now

    def months(self) -> set[str]:
        """The months that its credit was in and is in."""
        closes = (self.before.closed_at if self.before else None, self.closed_at)
        return {month_of(closed_at).id for closed_at in closes if closed_at is not None}


class SqlBooks:
    """The books port over one transaction, which holds the locks of the deals."""

    def __init__(self, work: Work, now: Instant) -> None:
        self._work = work
        self._now = now

    async def enter(self, credited: Sequence[Credited]) -> None:
        """Keep the credit of deals as it is now; where it changed, also when and why."""
        known = await self._standing([one.deal.id for one in credited])
        derived = [_derived(one, known.get(one.deal.id)) for one in credited]
        moved = await self._told_apart([one for one in derived if one.before or one.rows])
        changed = [one for one in moved if one.changed]
        rewritten = [one for one in moved if one.rewritten]
        former: Sequence[Row[Any]] = ()
        if changed:
            await self._adjust(changed)
            await self._work.write(_KEEP_CHANGE, [_change_row(one, self._now) for one in changed])
        if rewritten:
            former = await self._replace(rewritten)
        standings = [one for one in moved if one.rewritten or one.stood != one.standing]
        await self._work.write(_KEEP_STANDING, [_standing_row(one) for one in standings])
        if rewritten:
            won = [(one.one.won, one.one.credits) for one in rewritten if one.one.won is not None]
            await sums.move(self._work, won, former)

    async def _told_apart(self, moved: Sequence[_Derived]) -> Sequence[_Derived]:
        """The same, with those marked that earn what they earned, under what stands in for somebody erased."""
        of_nobody = [one for one in moved if one.rewritten and one.before and one.is_of_nobody]
        if not of_nobody:
            return moved
        kept = await self._kept([one.deal_id for one in of_nobody])
        same = {one.deal_id for one in of_nobody if one.earns_the_same(kept.get(one.deal_id, {}))}
        return [replace(one, renamed=one.deal_id in same) for one in moved]

    async def _kept(self, deal_ids: Sequence[str]) -> Mapping[str, Mapping[str, Sequence[Row[Any]]]]:
        """Credits as they were kept, by deal and model."""
        wanted = select(CREDITS).where(self._work.among(CREDITS.c.deal_id, deal_ids))
        kept: dict[str, dict[str, list[Row[Any]]]] = {}
        for row in await self._work.rows(wanted):
            kept.setdefault(row.deal_id, {}).setdefault(row.model, []).append(row)
        return kept

    async def _standing(self, deal_ids: Sequence[str]) -> Mapping[str, Row[Any]]:
        wanted = select(CREDITED).where(self._work.among(CREDITED.c.deal_id, deal_ids))
        return {row.deal_id: row for row in await self._work.rows(wanted)}

    async def _adjust(self, changed: Sequence[_Derived]) -> None:
        closed = await self._closed({month for one in changed for month in one.months()})
        late = [one for one in changed if closed & one.months()]
        if not late:
            return
        kept = await self._kept([one.deal_id for one in late])
        rows = [row for one in late for row in _adjusted(one, kept.get(one.deal_id, {}), closed, self._now)]
        await self._work.write(_ADD_ADJUSTMENT, rows)

    async def _closed(self, months: Collection[str]) -> set[str]:
        """Which of these months are closed. All of them stay as they are until this transaction ends."""
        locking = select(PERIODS.c.id, PERIODS.c.closed_at).where(self._work.among(PERIODS.c.id, sorted(months)))
        locking = locking.order_by(PERIODS.c.id)
        rows = await self._work.locked(locking, shared=True)
        if len(rows) < len(months):
            await ensure_months(self._work, months)
            rows = await self._work.locked(locking, shared=True)
        return {row.id for row in rows if row.closed_at is not None}

    async def _replace(self, changed: Sequence[_Derived]) -> Sequence[Row[Any]]:
        """Write credits; answers those that were there before."""
        credited_before = [one.deal_id for one in changed if one.before]
        former: Sequence[Row[Any]] = ()
        if credited_before:
            dropped = delete(CREDITS).where(self._work.among(CREDITS.c.deal_id, credited_before))
            former = await self._work.rows(dropped.returning(*sums.FORMER))
        await self._work.append(_ADD_CREDIT, [row for one in changed for row in one.rows])
        return former


async def ensure_months(work: Work, months: Collection[str]) -> None:
    """Make sure that months have a row to lock."""
    spans = [month(each) for each in sorted(months)]
    await work.write(_ENSURE_PERIOD, [(span.id, span.since, span.until) for span in spans])


def _derived(one: Credited, before: Row[Any] | None) -> _Derived:
    deal = one.deal
    rows = [
        credit_row(deal.id, model, number, credit)
        for model in sorted(one.credits)
        for number, credit in enumerate(one.credits[model])
    ]
    closed_at = close_of(deal.status, deal.closed_at, deal.occurred_at) if rows else None
    # The close, too: in another month the same credit is other news.
    whole = json.encode((deal.currency, closed_at, deal.account and deal.account.id, rows))
    digest = blake2b(whole, digest_size=_DIGEST_BYTES).digest() if rows else b""
    return _Derived(one, before, rows, closed_at, digest)


def _adjusted(
    one: _Derived, kept: Mapping[str, Sequence[Row[Any]]], closed: Collection[str], now: Instant
) -> list[tuple[object, ...]]:
    """What a change adds to closed months, as rows."""
    stood = one.before
    before = NOTHING if stood is None else Entry(_within(stood.closed_at, closed), one.lines_before(kept))
    after = Entry(_within(one.closed_at, closed), one.lines_now)
    reason = one.reason
    return [
        (
            found.period, one.deal_id, one.number, number, now, reason.cause, reason.event_id, found.line.model,
            found.line.currency, found.line.account_id, *found.line.attributes, float(found.earned.deals),
            found.earned.amount_minor,
        )
        for number, found in enumerate(adjustments(before, after))
    ]  # fmt: skip


def _within(closed_at: int | None, closed: Collection[str]) -> str | None:
    """The closed month of a close; None where there is none."""
    found = None if closed_at is None else month_of(closed_at).id
    return found if found in closed else None


def _change_row(one: _Derived, now: Instant) -> tuple[object, ...]:
    totals: dict[str, dict[str, int]] = {}
    for model, earned in one.one.credits.items():
        channels = totals.setdefault(model, {})
        for credit in earned:
            channels[credit.channel] = channels.get(credit.channel, 0) + credit.amount_minor
    reason, deal = one.reason, one.one.deal
    return (
        one.deal_id, one.number % CHANGES_KEPT, one.number, now, reason.cause, reason.event_id, deal.status,
        one.one.charter, deal.currency, json.encode(totals),
    )  # fmt: skip


def _standing_row(one: _Derived) -> tuple[object, ...]:
    deal, standing = one.one.deal, one.standing
    return (
        deal.id, one.digest, one.number, standing.status, standing.version, standing.revision, standing.charter,
        one.closed_at, deal.currency, None if deal.account is None else deal.account.id,
    )  # fmt: skip
