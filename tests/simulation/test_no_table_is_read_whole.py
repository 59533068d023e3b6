"""Whoever asks a SQLite store for some rows finds them in an index: no rate sinks with the facts that are kept.

SQLite plans without statistics, so the plan of a statement in a small store is the plan in a large one.
"""

import re
import sqlite3
from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing

import pytest

from shared.testing.inline_sqlite import InlineConnection
from tests.simulation.cluster import Stores, simulated
from tests.simulation.world import world

_SEEDS = range(1, 5)
_STEP = re.compile(r"(SCAN|SEARCH) (\w+)")
_SMALL = {"outbox", "dead_letters", "erasures", "endpoints", "owners", "json_each", "up", "down"}
"""What is emptied as it is worked, what there are few of, and what statements make for themselves."""
_SELDOM = (
    "FROM adjustments WHERE adjustments.event_id IN",
    "FROM credit_changes WHERE credit_changes.event_id IN",
    "DELETE FROM deliveries",
    "DELETE FROM lead_accounts",
    "FROM claims WHERE claims.event_id =",
)
"""Asked for an erasure or a split that an operator wants; an index for that alone would cost every batch."""

Asked = dict[str, set[str]]
"""By the file of a store, the statements with their values."""


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    """Whatever is asked of any store from now on."""
    statements: Asked = defaultdict(set)
    opening = InlineConnection._open  # noqa: SLF001 - where each connection to a store begins

    async def listened(connection: InlineConnection) -> InlineConnection:
        opened = await opening(connection)
        raw = opened._connection  # noqa: SLF001 - sqlite3's own, which tells what it runs
        _, _, file = raw.execute("PRAGMA database_list").fetchone()
        raw.set_trace_callback(lambda statement: statements[file].add(" ".join(statement.split())))
        return opened

    monkeypatch.setattr(InlineConnection, "_open", listened)
    return statements


def steps(asked: Asked) -> Iterator[tuple[str, str, str]]:
    """How SQLite looks into tables for what has a condition: a statement, SCAN or SEARCH, and the table."""
    for file, statements in asked.items():
        with closing(sqlite3.connect(file)) as store:
            for statement in sorted(one for one in statements if " WHERE " in one):
                for *_, detail in store.execute(f"EXPLAIN QUERY PLAN {statement}"):
                    found = _STEP.match(detail)
                    if found is not None:
                        yield statement, found[1], found[2]


def test_no_statement_with_a_condition_reads_a_whole_table(stores: Stores, asked: Asked) -> None:
    searched: set[str] = set()
    for seed in _SEEDS:
        asked.clear()
        simulated(seed, world(seed).arrivals, stores)
        for statement, how, table in steps(asked):
            if how == "SEARCH":
                searched.add(table)
            else:
                assert table in _SMALL or any(words in statement for words in _SELDOM), statement
    assert searched >= {"touchpoints", "touches", "sales_acts", "identifiers", "people", "leads", "seen"}
