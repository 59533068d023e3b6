"""An erasure as ingest publishes it, and what to look for in a store afterwards."""

from collections.abc import Iterable

from sqlalchemy import MetaData, select

from shared.contracts import topics
from shared.contracts.envelope import Emit, Event, decode
from shared.contracts.erasures import ErasureDone
from shared.contracts.topics import TYPES
from shared.contracts.touchpoints import PersonErased
from shared.db import outbox
from shared.db.work import Reader
from shared.kernel.ids import derived
from shared.kernel.instant import Instant

CANARY = "canary-7f3"
"""What no store may hold once its person is erased."""
ERASURE = derived("erasure", "test")


def erasure(person_id: str, *aliases: str, at: int = 1, erasure_id: str = ERASURE) -> list[Emit]:
    """It is told once for each id of the person."""
    told = PersonErased(erasure_id=erasure_id, person_id=person_id, aliases=aliases, at=at)
    return [
        Emit(
            topics.TOUCHPOINTS.name,
            one,
            Event(derived("erased", erasure_id, one), "person.erased", "ingest", Instant(at), told),
        )
        for one in (person_id, *aliases)
    ]


async def receipts(reader: Reader) -> list[ErasureDone]:
    """What a service has answered to erasures."""
    waiting = await outbox.waiting(reader, 10_000)
    said = [decode(one.record.value, one.record.headers, TYPES).data for one in waiting]
    return [one for one in said if isinstance(one, ErasureDone)]


async def cells(reader: Reader, metadata: MetaData) -> list[tuple[str, str]]:
    """Every value of every column of every table, as the table's name and a text."""
    found: list[tuple[str, str]] = []
    for table in metadata.sorted_tables:
        for row in await reader.rows(select(table)):
            found += [(str(table.name), _text(value)) for value in row if value is not None]
    return found


def leaks(found: Iterable[tuple[str, str]], *marks: str) -> list[tuple[str, str]]:
    """Where the canary is, or another mark."""
    return [(name, cell) for name, cell in found if any(mark in cell for mark in marks or (CANARY,))]


def _text(value: object) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
