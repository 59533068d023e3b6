"""Deals that were derived before a rule model came: derived again, so that each model's credits sum to what was won.

Promises: looks at no deal where every model has sums, which come with a release of their own, and at none any more
after a round that found nothing to do; derives a deal from all its facts under its locks, as a batch does. Leaves out
when: a ticker asks, a page at a time.
"""

from collections.abc import Callable, Collection, Sequence

from msgspec import Raw, json
from sqlalchemy import select, union

from services.attribution.handlers.attributing import Attributing
from services.attribution.store.tables import CREDITS, OPEN_DEALS, SUMMED, SUMMED_MODELS
from shared.db.engine import Database
from shared.db.work import Reader
from shared.kernel.instant import Instant
from shared.kernel.keys import Key
from shared.runtime.command import perform
from shared.runtime.session import Open

_DEALS_AT_ONCE = 100
"""With all their people, these are locked together."""


class ModelsToCome:
    """Goes through the won and the open deals. `models`: the names of all rule models in force."""

    def __init__(
        self,
        database: Database,
        open_session: Open[Attributing],
        models: Collection[str],
        *,
        now: Callable[[], Instant],
    ) -> None:
        self._database = database
        self._open = open_session
        self._new = sorted(set(models).difference(SUMMED_MODELS))
        self._now = now
        self._after = ""
        self._found = False
        """Whether a deal of this round lacked a model: then a worker of the release before may still be at work."""
        self._over = not self._new

    async def due(self, _now: Instant) -> int:
        """Derive those of the next page that lack a model; answers how many deals were looked at, none at the end."""
        if self._over:
            return 0
        async with self._database.read() as reader:
            ids = await self._page(reader)
            stale = await self._lacking(reader, ids)
        if stale:
            self._found = True
            keys = frozenset(Key("deal", deal_id) for deal_id in stale)
            await perform(self._database, self._open, keys, _derive(stale), now=self._now, committed=_nothing_leaves)
        if ids:
            self._after = ids[-1]
        else:
            self._after, self._found, self._over = "", False, not self._found
        return len(ids)

    async def _page(self, reader: Reader) -> list[str]:
        won, standing = (select(table.c.deal_id).where(table.c.deal_id > self._after) for table in (SUMMED, OPEN_DEALS))
        first = (one.order_by("deal_id").limit(_DEALS_AT_ONCE).subquery().select() for one in (won, standing))
        rows = await reader.rows(union(*first).order_by("deal_id").limit(_DEALS_AT_ONCE))
        return [row.deal_id for row in rows]

    async def _lacking(self, reader: Reader, ids: Sequence[str]) -> list[str]:
        """Every deal has a credit by every model: where nobody earned it, an unattributed one."""
        of_new = (reader.among(CREDITS.c.deal_id, ids), reader.among(CREDITS.c.model, self._new), CREDITS.c.n == 0)
        credited = await reader.rows(select(CREDITS.c.deal_id, CREDITS.c.model).where(*of_new))
        found = {(row.deal_id, row.model) for row in credited}
        open_ones = select(OPEN_DEALS.c.deal_id, OPEN_DEALS.c.credits).where(reader.among(OPEN_DEALS.c.deal_id, ids))
        for row in await reader.rows(open_ones):
            found.update((row.deal_id, model) for model in json.decode(row.credits, type=dict[str, Raw]))
        return [deal_id for deal_id in ids if any((deal_id, model) not in found for model in self._new)]


def _derive(deal_ids: Sequence[str]) -> Callable[[Attributing], None]:
    def act(session: Attributing) -> None:
        session.derive_again(deal_ids)

    return act


def _nothing_leaves() -> None:
    """Attribution publishes nothing of a credit."""
