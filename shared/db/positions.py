"""Where a group stands on the log: moved by compare-and-set, in the transaction that holds the effects.

The update waits for whoever holds the row and then finds another offset: two owners of a partition can
never both commit the same records.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import bindparam, select, text, update

from shared.contracts.records import Partition
from shared.db.dialect import Upsert
from shared.db.spine import LOG_POSITIONS
from shared.db.work import Reader, Work
from shared.kernel.errors import Fenced

_ADD = Upsert(LOG_POSITIONS, conflict=("group_name", "topic", "partition"))

_ADVANCE_POSTGRESQL = text(
    """
WITH held AS (
    SELECT p.topic, p.partition, w.reached
    FROM unnest(CAST(:topics AS text[]), CAST(:partitions AS int[]), CAST(:expected AS bigint[]),
                CAST(:reached AS bigint[])) AS w(topic, partition, expected, reached)
    JOIN log_positions p ON p.group_name = :group_name AND p.topic = w.topic AND p.partition = w.partition
    WHERE p.next_offset = w.expected
    ORDER BY p.topic, p.partition
    FOR UPDATE OF p
)
UPDATE log_positions p SET next_offset = held.reached FROM held
WHERE p.group_name = :group_name AND p.topic = held.topic AND p.partition = held.partition
RETURNING p.topic, p.partition
"""
).columns(LOG_POSITIONS.c.topic, LOG_POSITIONS.c.partition)
_SHIFTED = (
    update(LOG_POSITIONS)
    .where(LOG_POSITIONS.c.group_name == bindparam("group"))
    .values(next_offset=LOG_POSITIONS.c.next_offset + bindparam("step"))
)
_STANDING = select(LOG_POSITIONS).where(LOG_POSITIONS.c.group_name == bindparam("group"))
_MOVE = Upsert(LOG_POSITIONS, conflict=("group_name", "topic", "partition"), update=("next_offset",))


class Move(NamedTuple):
    """A partition's position goes from `expected` to `reached` (both: the next offset to read)."""

    partition: Partition
    expected: int
    reached: int


async def advance(work: Work, group: str, moves: Sequence[Move]) -> None:
    """Move all positions at once; raises Fenced with the partitions that were elsewhere."""
    ordered = sorted(moves)
    moved = await _advance(work, group, ordered)
    elsewhere = [move.partition for move in ordered if move.partition not in moved]
    if elsewhere:
        raise Fenced(elsewhere)


async def _advance(work: Work, group: str, moves: Sequence[Move]) -> set[Partition]:
    if work.dialect == "postgresql":
        rows = await work.rows(
            _ADVANCE_POSTGRESQL,
            group_name=group,
            topics=[m.partition.topic for m in moves],
            partitions=[m.partition.number for m in moves],
            expected=[m.expected for m in moves],
            reached=[m.reached for m in moves],
        )
        return {Partition(row.topic, row.partition) for row in rows}
    # One writer: what is looked at here cannot move before it is written.
    known = await standing(work, group)
    there = [move for move in moves if move.partition in known and known[move.partition].next_offset == move.expected]
    reached = [(group, *move.partition, move.reached, known[move.partition].topic_identity) for move in there]
    await work.write(_MOVE, reached)
    return {move.partition for move in there}


class Standing(NamedTuple):
    """Where a group stands in a partition, and in which topic of that name."""

    next_offset: int
    topic_identity: str


async def standing(reader: Reader, group: str) -> Mapping[Partition, Standing]:
    """All positions of a group."""
    found = await reader.rows(_STANDING, group=group)
    return {Partition(row.topic, row.partition): Standing(row.next_offset, row.topic_identity) for row in found}


async def secure(work: Work, group: str) -> None:
    """Have the commit bring all positions of a group to the disk, and with them all that was committed before.

    SQLite writes nothing where no byte is another in the end but by way of others: they go one further and back."""
    for step in (1, -1):
        await work.execute(_SHIFTED, group=group, step=step)


async def begin(work: Work, group: str, starts: Mapping[Partition, Standing]) -> None:
    """Add positions for partitions that have none; those that have one keep it."""
    rows = [(group, *partition, *starts[partition]) for partition in sorted(starts)]
    await work.write(_ADD, rows)
