"""What a service holds of one person, section by section: for who asks what is held of them.

Read a page at a time, so that no transaction stays open while a slow reader takes it. Leaves out secrets and what
names nobody.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID

from msgspec import json
from sqlalchemy import Column, Row, Select, tuple_

from shared.db.engine import Database
from shared.db.erased import refuse_erased
from shared.db.people import members_of, roots_of
from shared.db.work import Reader
from shared.kernel.instant import Instant, to_text
from shared.kernel.stand_ins import stands_in

_PAGE = 500


class Section(NamedTuple):
    """Rows of one table. `order`: the columns, unique together, in whose order they are read; `bodies`: columns that
    hold JSON."""

    name: str
    wanted: Select[Any]
    order: tuple[Column[Any], ...]
    bodies: tuple[str, ...] = ()


Sections = Callable[[Reader, Collection[str]], Awaitable[Sequence[Section]]]
"""The sections of somebody by all their ids; none where nobody has these ids."""


@dataclass(frozen=True, slots=True)
class Exported:
    """What is held of somebody: who they are now, the ids that stand for them, and the rows of each section."""

    person_id: str
    aliases: tuple[str, ...]
    sections: Mapping[str, AsyncIterator[Mapping[str, Any]]]


class Exporter:
    """Exports of one service's store."""

    def __init__(self, database: Database, sections: Sections) -> None:
        self._database = database
        self._sections = sections

    async def export(self, person_id: str) -> Exported | None:
        """What is held of a person, by any id of theirs; None where no id of ours looks like this, or is known. Raises
        Erased."""
        try:
            canonical = str(UUID(person_id))
        except ValueError:
            return None
        async with self._database.read() as reader:
            root = (await roots_of(reader, [canonical]))[canonical]
            if stands_in(root):
                await refuse_erased(reader, canonical)
                return None
            members = sorted(await members_of(reader, [root]))
            sections = await self._sections(reader, members)
        if not sections:
            return None
        aliases = tuple(member for member in members if member != root)
        return Exported(root, aliases, {section.name: self._rows(section) for section in sections})

    async def _rows(self, section: Section) -> AsyncIterator[Mapping[str, Any]]:
        place = tuple_(*section.order)
        page = section.wanted.order_by(*section.order).limit(_PAGE)
        after: tuple[Any, ...] | None = None
        while True:
            async with self._database.read() as reader:
                rows = await reader.rows(page if after is None else page.where(place > after))
            for row in rows:
                yield _told(row, section.bodies)
            if len(rows) < _PAGE:
                return
            after = tuple(getattr(rows[-1], column.name) for column in section.order)


def _told(row: Row[Any], bodies: Collection[str]) -> dict[str, Any]:
    """A row in the words of the API. Times inside what somebody sent stay as they were sent."""
    told: dict[str, Any] = {}
    for name, value in row._asdict().items():
        if name in bodies and value:
            value = json.decode(value)
            value = {key: _shown(key, one) for key, one in value.items()} if isinstance(value, dict) else value
        told[name] = _shown(name, value)
    return told


def _shown(name: str, value: Any) -> Any:
    is_time = isinstance(value, int) and not isinstance(value, bool)
    return to_text(Instant(value)) if is_time and (name == "at" or name.endswith(("_at", "_since"))) else value
