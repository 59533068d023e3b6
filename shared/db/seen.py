"""The inbox: ids of events that were taken, so that the same event at another offset has no effect.

Rows lie by the day of the event itself, which is the same on every delivery, so old days go in one sweep.
A handler that stores a fact under the event's own id needs no row here.
"""

from collections.abc import Sequence

from sqlalchemy import delete

from shared.db.dialect import Upsert
from shared.db.spine import SEEN
from shared.db.work import Work
from shared.kernel.instant import DAY, Instant

_ADD = Upsert(SEEN, conflict=("day", "id"))
KEPT_DAYS = 30

SeenId = tuple[str, Instant]
"""An event's id and its own time."""


async def unseen(work: Work, events: Sequence[SeenId]) -> set[str]:
    """Mark events as seen; answers the ids that were not."""
    if not events:
        return set()
    pairs = sorted({(at // DAY, event_id) for event_id, at in events})
    return {event_id for _, event_id in await work.write_new(_ADD, pairs)}


async def trim(work: Work, now: Instant) -> int:
    """Forget what is older than KEPT_DAYS; answers how many."""
    return await work.execute(delete(SEEN).where(SEEN.c.day < now // DAY - KEPT_DAYS))
