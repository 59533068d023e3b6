"""Leads whose facts are still to be folded: each by a transaction of its own, which holds up nobody else's."""

from collections.abc import Callable

from sqlalchemy import ColumnElement, and_, func, select

from services.scoring.handlers.scoring import Scoring
from services.scoring.store.tables import LEADS
from shared.db.engine import Database
from shared.db.work import Reader
from shared.kernel.instant import Instant
from shared.kernel.keys import Key
from shared.runtime.command import perform
from shared.runtime.session import Open

_OWED: ColumnElement[bool] = and_(LEADS.c.owed.is_(True), LEADS.c.alias.is_(False))


class Folding:
    """Folds what is owed; any number of workers may. `committed` is told when something may have to be sent."""

    def __init__(
        self,
        database: Database,
        open_session: Open[Scoring],
        *,
        now: Callable[[], Instant],
        committed: Callable[[], None],
    ) -> None:
        self._database = database
        self._open_session = open_session
        self._now = now
        self._committed = committed

    async def due(self, _now: Instant) -> int:
        """Fold the past of one person; answers for how many that was. Raises TryLater."""
        first = select(LEADS.c.person_id).where(_OWED).order_by(LEADS.c.person_id).limit(1)
        async with self._database.read() as reader:
            person_id: str | None = await reader.scalar(first)
        if person_id is None:
            return 0
        await perform(
            self._database,
            self._open_session,
            frozenset((Key("person", person_id),)),
            lambda session: session.fold_apart(person_id),
            now=self._now,
            committed=self._committed,
        )
        return 1


async def owed_count(reader: Reader) -> int:
    """How many leads are owed."""
    return int(await reader.scalar(select(func.count()).select_from(LEADS).where(_OWED)))
