"""Opens a session of the resolver: identifiers and components locked, everything the handlers need loaded."""

from services.ingest.handlers.account_book import AccountBook
from services.ingest.handlers.resolving import Resolving
from services.ingest.store.accounts import SqlAccounts
from services.ingest.store.deals import SqlDeals
from services.ingest.store.graph import open_graph
from services.ingest.store.touchpoints import SqlRejected, SqlTouchpoints
from shared.db.work import Work
from shared.kernel.instant import Instant
from shared.kernel.keys import Key, of_kind


async def open_resolving(work: Work, keys: frozenset[Key], now: Instant) -> Resolving:
    """A session over one transaction; raises NotLoaded where what was locked changed meanwhile."""
    graph = await open_graph(work, of_kind(keys, "identifier"), now)
    book = AccountBook(SqlAccounts(work), graph)
    return Resolving(graph, book, SqlTouchpoints(work), SqlDeals(work), SqlRejected(work), now)
