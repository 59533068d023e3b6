"""Facts that are there already: each service's own table of facts, filled in bulk with rows like those it has written.

They belong to people of their own, twenty facts each, over the year before; ids are random, as theirs are.
"""

import asyncio
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import asyncpg

from shared.db.sqlite_driver import uninterrupted
from shared.kernel.instant import DAY, Instant

_FACTS_A_PERSON = 20
_AT_ONCE = 50_000
_STRIDE = 7_919
"""Owners come in an order that is none: the next fact belongs to somebody else, anywhere in the index."""


@dataclass(frozen=True, slots=True)
class Facts:
    """A table of facts: its columns, and for each what a row holds, in words that both dialects are given."""

    table: str
    columns: Mapping[str, str]
    time: str = "occurred_at"


FACTS: Mapping[str, Facts] = MappingProxyType(
    {
        "ingest": Facts(
            "touchpoints",
            {
                "id": "{id}", "message_id": "'older-' || {n}", "source": "'web'", "received_at": "{at}",
                "occurred_at": "{at}", "holder": "'anonymous_id:older-' || {who}", "person": "{owner}",
                "revision": "1", "body": "sample.body",
            },
        ),
        "scoring": Facts(
            "touches",
            {"id": "{id}", "owner": "{owner}", "revision": "1", "occurred_at": "{at}", "body": "sample.body"},
        ),
        "handoff": Facts(
            "sales_acts",
            {
                "id": "{id}", "person_id": "{owner}", "revision": "1", "occurred_at": "{at}", "kind": "sample.kind",
                "actor": "sample.actor", "counts": "sample.counts",
            },
        ),
        "attribution": Facts(
            "touches",
            {"id": "{id}", "owner": "{owner}", "revision": "1", "occurred_at": "{at}", "body": "sample.body"},
        ),
    }
)  # fmt: skip

_POSTGRES = {
    "id": "gen_random_uuid()",
    "owner": "('00000000-0000-4000-8000-' || lpad(({who})::text, 12, '0'))::uuid",
    "n": "rows.n",
    "rows": "generate_series({first}::bigint, {last}) AS rows(n)",
}
_SQLITE = {
    "id": "(SELECT substr(h, 1, 8) || '-' || substr(h, 9, 4) || '-5' || substr(h, 14, 3) || '-8' || substr(h, 18, 3)"
    " || '-' || substr(h, 21) FROM (SELECT lower(hex(randomblob(16))) AS h, rows.n))",
    "owner": "printf('00000000-0000-4000-8000-%012d', {who})",
    "n": "rows.n",
    "rows": "(WITH RECURSIVE up(n) AS (SELECT {first} UNION ALL SELECT n + 1 FROM up WHERE n < {last})"
    " SELECT n FROM up) AS rows",
}

Say = Callable[[int], None]
"""Told how many facts are there."""


def statement(service: str, words: Mapping[str, str], count: int, first: int, until: Instant) -> str:
    """The statement that adds the facts from number `first` on, of `count` in all, the last of them before `until`."""
    facts = FACTS[service]
    who = f"(rows.n * {_STRIDE}) % {max(1, count // _FACTS_A_PERSON)}"
    at = f"{until - 365 * DAY} + rows.n * {max(1, 364 * DAY // count)}"
    given = {"id": words["id"], "owner": words["owner"].format(who=who), "n": words["n"], "who": f"({who})", "at": at}
    values = ", ".join(value.format(**given) for value in facts.columns.values())
    rows = words["rows"].format(first=first, last=min(first + _AT_ONCE, count) - 1)
    sample = f"(SELECT * FROM {facts.table} LIMIT 1) AS sample"  # noqa: S608
    return f"INSERT INTO {facts.table} ({', '.join(facts.columns)}) SELECT {values} FROM {rows}, {sample}"  # noqa: S608


async def into_postgres(url: str, service: str, count: int, until: Instant, say: Say) -> None:
    """Fill the table of a service in its schema."""
    connection = await asyncpg.connect(url, server_settings={"search_path": service})
    try:
        await connection.execute("SET synchronous_commit = off")
        for first in range(0, count, _AT_ONCE):
            await connection.execute(statement(service, _POSTGRES, count, first, until))
            say(first + _AT_ONCE)
        await connection.execute(f"ANALYZE {FACTS[service].table}")
        await connection.execute("CHECKPOINT")
    finally:
        await connection.close()


async def into_sqlite(file: Path, service: str, count: int, until: Instant, say: Say) -> None:
    """Fill the table of a service in its file, which nobody else has open."""
    connection = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
    try:
        connection.executescript("PRAGMA synchronous=OFF; PRAGMA cache_size=-1000000")
        for first in range(0, count, _AT_ONCE):
            await uninterrupted(asyncio.to_thread(connection.execute, statement(service, _SQLITE, count, first, until)))
            say(first + _AT_ONCE)
        await uninterrupted(asyncio.to_thread(connection.execute, "PRAGMA wal_checkpoint(TRUNCATE)"))
    finally:
        connection.close()
