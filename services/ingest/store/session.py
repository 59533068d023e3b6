"""Opens a session of the resolver: identifiers and components locked, everything the handlers need loaded."""

from services.ingest.domain.identity import DEFAULT_LIMITS, PersonLimits
from services.ingest.handlers.resolving import Resolving
from services.ingest.ports import Record
from services.ingest.store.accounts import SqlAccounts
from services.ingest.store.deals import SqlDeals
from services.ingest.store.graph import open_graph
from services.ingest.store.timeline import SqlTimeline
from services.ingest.store.touchpoints import SqlRejected, SqlTouchpoints
from shared.db.work import Work
from shared.kernel.instant import Instant
from shared.kernel.keys import Key, of_kind
from shared.runtime.session import Open


async def open_resolving(
    work: Work, keys: frozenset[Key], now: Instant, limits: PersonLimits = DEFAULT_LIMITS
) -> Resolving:
    """A session over one transaction; raises NotLoaded where what was locked changed meanwhile."""
    graph = await open_graph(work, of_kind(keys, "identifier"), now)
    record = Record(
        graph, SqlAccounts(work), SqlTouchpoints(work), SqlDeals(work), SqlRejected(work), SqlTimeline(work)
    )
    return Resolving(record, now, limits)


def opening(limits: PersonLimits) -> Open[Resolving]:
    """How sessions are opened under these limits."""

    async def open_session(work: Work, keys: frozenset[Key], now: Instant) -> Resolving:
        return await open_resolving(work, keys, now, limits)

    return open_session
