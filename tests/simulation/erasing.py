"""How ingest erases people in the simulation, as behind its API. Where the log is a broker's: no files are cleaned."""

from collections.abc import Callable

from services.ingest.api.erasures import erasure_body
from services.ingest.domain.identity import DEFAULT_LIMITS
from services.ingest.store.erasing import ErasureTerms, SqlErasing
from shared.db.engine import Database
from shared.runtime.tick import Ticker
from tests.simulation.sales import Now, Part

KEY = b""
"""What names are hashed with: no secret has to be kept here."""
ANSWERING = frozenset({"scoring", "attribution", "handoff"})
_TICK_SECONDS = 0.1


FORGOTTEN_ACTS = "select statement, kind from forgotten_acts"
"""What operators had said of statements that an erasure took away."""
_KEPT = (
    "create table forgotten_acts (statement, kind, at, id)",
    "create trigger forgetting before delete on operator_acts begin "
    "insert into forgotten_acts values (old.statement, old.kind, old.at, old.id); end",
)


async def keep_what_is_forgotten(database: Database) -> None:
    """Have ingest's store keep what an erasure forgets of operators' words, which the model has to know."""
    async with database.work() as work:
        for statement in _KEPT:
            await work.execute(statement)


def erasures(database: Database, now: Now, committed: Callable[[], None]) -> SqlErasing:
    """Erasures over the store of ingest."""
    terms = ErasureTerms(KEY, DEFAULT_LIMITS, ANSWERING, None)
    return SqlErasing(database, terms, erasure_body, now=now, committed=committed)


def ticking(database: Database, now: Now, committed: Callable[[], None]) -> Part:
    """What a process runs to bring them to their end."""
    return Ticker("erase", erasures(database, now, committed).due, _TICK_SECONDS, now).run
