"""What a run left in the stores and on the log, read plainly."""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, TypeVar

from msgspec import Struct

from shared.contracts.envelope import Unreadable, decode
from shared.contracts.topics import TYPES
from tests.reference.happened import Name
from tests.simulation.cluster import Run

D = TypeVar("D", bound=Struct)


def rows(folder: Path, service: str, statement: str) -> list[tuple[Any, ...]]:
    """Rows of a service's store."""
    with closing(sqlite3.connect(folder / f"{service}.db")) as connection:
        return connection.execute(statement).fetchall()


def root_of(person: str, into: Mapping[str, str | None]) -> str:
    """Whom an id stands for in the end."""
    above = into.get(person)
    return person if above is None else root_of(above, into)


def name_of(text: str) -> Name:
    """A name of its text, `kind:value`."""
    kind, _, value = text.partition(":")
    return kind, value


def published(run: Run, kind: type[D]) -> Iterator[D]:
    """The data of every event of a kind on the log, repeated ones as well."""
    for record in run.records:
        try:
            event = decode(record.value, record.headers, TYPES)
        except Unreadable:
            continue
        if isinstance(event.data, kind):
            yield event.data
