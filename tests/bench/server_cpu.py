"""CPU of the database's sessions, where its server is on this machine: wall time says more of who else is at work."""

import os
from pathlib import Path

import asyncpg

_TICKS = os.sysconf("SC_CLK_TCK")
_USER, _SYSTEM = 11, 12
"""Places after the name of a process in its line of `/proc`."""


async def of_sessions(url: str) -> float:
    """Seconds that the sessions open on a database have taken so far; those that have ended are not in it."""
    connection = await asyncpg.connect(url)
    try:
        query = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        found = await connection.fetch(query)
    finally:
        await connection.close()
    return sum(_of(row["pid"]) for row in found)


def _of(pid: int) -> float:
    line = Path(f"/proc/{pid}/stat")
    if not line.exists():
        return 0.0
    numbers = line.read_text().rpartition(")")[2].split()
    return (int(numbers[_USER]) + int(numbers[_SYSTEM])) / _TICKS
