"""Opens a session of the resolver: identifiers and components locked, everything the handlers need loaded."""

from services.ingest.domain.identity import DEFAULT_LIMITS, PersonLimits
from services.ingest.handlers.resolving import Resolving
from services.ingest.ports import Record
from services.ingest.store.accounts import SqlAccounts
from services.ingest.store.deals import SqlDeals
from services.ingest.store.erasures import SqlErasures, erasures_so_far, suppressed_among
from services.ingest.store.graph import open_graph
from services.ingest.store.timeline import SqlTimeline
from services.ingest.store.touchpoints import SqlRejected, SqlTouchpoints
from shared.db.work import Work
from shared.kernel.instant import Instant
from shared.kernel.keys import Key, of_kind
from shared.runtime.session import Open

_NO_KEY = b""
"""Does where nobody is ever erased."""


async def open_record(work: Work, keys: frozenset[Key], now: Instant, suppression_key: bytes = _NO_KEY) -> Record:
    """What is kept, over one transaction: identifiers locked but for those under which nothing is taken. Raises
    NotLoaded where what was locked changed meanwhile."""
    names = of_kind(keys, "identifier")
    erasures = await erasures_so_far(work) if names else None
    kept_out = await suppressed_among(work, suppression_key, names) if erasures else frozenset[str]()
    graph = await open_graph(work, [name for name in names if name not in kept_out], now, erasures or 0)
    return Record(
        graph, SqlAccounts(work), SqlTouchpoints(work), SqlDeals(work), SqlRejected(work), SqlTimeline(work),
        SqlErasures(work, suppression_key, names, kept_out, erasures),
    )  # fmt: skip


async def open_resolving(
    work: Work,
    keys: frozenset[Key],
    now: Instant,
    limits: PersonLimits = DEFAULT_LIMITS,
    suppression_key: bytes = _NO_KEY,
) -> Resolving:
    """A session over one transaction; raises NotLoaded where what was locked changed meanwhile."""
    return Resolving(await open_record(work, keys, now, suppression_key), now, limits)


def opening(limits: PersonLimits, suppression_key: bytes) -> Open[Resolving]:
    """How sessions are opened under these limits."""

    async def open_session(work: Work, keys: frozenset[Key], now: Instant) -> Resolving:
        return await open_resolving(work, keys, now, limits, suppression_key)

    return open_session
