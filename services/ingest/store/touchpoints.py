"""The record of all touchpoints in SQL: the one place that keeps them; the log only carries them."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Row, select

from services.ingest.domain.identity import BrowserClaim, Identifier, identifier
from services.ingest.ports import StoredTouchpoint
from services.ingest.store.tables import BROWSER_CLAIMS, REJECTED, TOUCHPOINTS
from shared.db.dialect import Upsert, among_given
from shared.db.work import Work
from shared.kernel.errors import NotLoaded

_COLUMNS = (
    "id", "message_id", "source", "received_at", "occurred_at", "holder", "person", "revision", "body", "statement",
)  # fmt: skip
_ON_RECORD = select(TOUCHPOINTS.c.id).where(among_given(TOUCHPOINTS.c.id, "ids"))
_HELD = select(TOUCHPOINTS).where(among_given(TOUCHPOINTS.c.holder, "holders"))
_ADD = Upsert(TOUCHPOINTS, columns=_COLUMNS, conflict=("id",))
_CLAIM = Upsert(BROWSER_CLAIMS, conflict=("browser", "touchpoint_id"))
_REVISE = Upsert(TOUCHPOINTS, columns=_COLUMNS, conflict=("id",), update=("person", "revision"))
_REJECT = Upsert(
    REJECTED, columns=("id", "received_at", "source", "codes", "reasons", "body", "message_id"), conflict=("id",)
)


class SqlTouchpoints:
    """The touchpoints port over one transaction."""

    def __init__(self, work: Work) -> None:
        self._work = work

    async def known(self, ids: Collection[str]) -> set[str]:
        """Which of these are on record."""
        return {row.id for row in await self._work.rows(_ON_RECORD, ids=sorted(ids))}

    async def held_by(self, holders: Collection[Identifier]) -> Sequence[StoredTouchpoint]:
        """All whose strongest identifier is one of these."""
        return [stored(row) for row in await self._work.rows(_HELD, holders=sorted(map(str, holders)))]

    async def browser_claims(
        self, browsers: Collection[Identifier], withdrawn: Collection[str]
    ) -> Mapping[Identifier, list[BrowserClaim]]:
        """The events under these anonymous ids that name somebody, but for those whose statement is withdrawn."""
        claims: defaultdict[Identifier, list[BrowserClaim]] = defaultdict(list)
        found = select(BROWSER_CLAIMS).where(self._work.among(BROWSER_CLAIMS.c.browser, sorted(map(str, browsers))))
        if withdrawn:
            # Each is looked up by its id: nothing finds touchpoints by what they claim, short of reading them all.
            event = select(TOUCHPOINTS.c.id).where(TOUCHPOINTS.c.id == BROWSER_CLAIMS.c.touchpoint_id)
            silent = event.where(self._work.among(TOUCHPOINTS.c.statement, sorted(withdrawn)))
            found = found.where(~silent.exists())
        for row in await self._work.rows(found):
            claim = BrowserClaim(row.at, row.touchpoint_id, identifier(row.holder))
            claims[identifier(row.browser)].append(claim)
        return claims

    async def add(self, touchpoints: Sequence[StoredTouchpoint]) -> None:
        """Put new ones on record."""
        new = await self._work.write_new(_ADD, [_row(touchpoint) for touchpoint in touchpoints])
        if len(new) != len(touchpoints):
            # The same id came by another partition at this moment: redone, this batch sees it on record.
            raise NotLoaded(())
        claims = [
            (str(browser), touchpoint.id, touchpoint.occurred_at, str(touchpoint.holder))
            for touchpoint in touchpoints
            for browser in touchpoint.browsers
        ]
        await self._work.write(_CLAIM, sorted(claims))

    async def revise(self, touchpoints: Sequence[StoredTouchpoint]) -> None:
        """Keep the owner and the revision under which they are published again."""
        await self._work.write(_REVISE, [_row(touchpoint) for touchpoint in sorted(touchpoints, key=lambda t: t.id)])


class SqlRejected:
    """The rejects port over one transaction."""

    def __init__(self, work: Work) -> None:
        self._work = work

    async def add(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Keep rejects; one that is there stays as it is."""
        ordered = sorted(rows, key=lambda row: str(row["id"]))
        await self._work.write(_REJECT, [tuple(row[name] for name in _REJECT.columns) for row in ordered])


def stored(row: Row[Any]) -> StoredTouchpoint:
    """A touchpoint of a row of the table."""
    return StoredTouchpoint(
        row.id, row.message_id, row.source, row.received_at, row.occurred_at,
        None if row.holder is None else identifier(row.holder),
        row.person, row.revision, row.body.encode(),
    )  # fmt: skip


def _row(touchpoint: StoredTouchpoint) -> tuple[Any, ...]:
    return (
        touchpoint.id, touchpoint.message_id, touchpoint.source, touchpoint.received_at, touchpoint.occurred_at,
        None if touchpoint.holder is None else str(touchpoint.holder),
        touchpoint.person, touchpoint.revision, touchpoint.body.decode(), touchpoint.statement,
    )  # fmt: skip
