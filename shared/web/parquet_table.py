"""Parquet, written as rows come: a row group a page, one data page a column, plain values under zstd.

Flat tables of optional columns, all that an export is; docs/decisions/0011-parquet-by-hand.md says why not a library.
Leaves out dictionaries, statistics, nesting and reading.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from struct import pack
from typing import Final

import cramjam

from shared.web.tables import Column, Kind, Rows, Value
from shared.web.thrift import Part, flag, i32, i64, listed, struct, text, varint

_MAGIC: Final = b"PAR1"
_VERSION: Final = 1
_CREATED_BY: Final = "throughline"
_INT64, _DOUBLE, _BYTE_ARRAY = 2, 5, 6
_OPTIONAL: Final = 1
_DATA_PAGE: Final = 0
_PLAIN, _RLE = 0, 3
_ZSTD: Final = 6
_UTF8, _TIMESTAMP_MILLIS = 0, 9

_EMPTY: Final = struct({})
_PHYSICAL: Final[Mapping[Kind, int]] = {"text": _BYTE_ARRAY, "integer": _INT64, "real": _DOUBLE, "time": _INT64}
_MEANING: Final[Mapping[Kind, Mapping[int, Part]]] = {
    "text": {6: i32(_UTF8), 10: struct({1: _EMPTY})},
    "integer": {},
    "real": {},
    "time": {6: i32(_TIMESTAMP_MILLIS), 10: struct({8: struct({1: flag(True), 2: struct({1: _EMPTY})})})},
}
"""The fields of a schema element that say what its values mean: the old annotation and the new one."""


class ParquetTable:
    """Encodes one Parquet file. Of what was written only the places of the row groups are kept."""

    def __init__(self, columns: Sequence[Column]) -> None:
        self._columns = tuple(columns)
        self._groups: list[Part] = []
        self._rows = 0
        self._offset = len(_MAGIC)

    def head(self) -> bytes:
        """The magic number."""
        return _MAGIC

    def page(self, rows: Rows) -> bytes:
        """A row group."""
        chunks = [_chunk(column, values) for column, values in zip(self._columns, zip(*rows, strict=True), strict=True)]
        places: list[Part] = []
        for column, chunk in zip(self._columns, chunks, strict=True):
            places.append(chunk.place(column, self._offset, len(rows)))
            self._offset += len(chunk.data)
        size = sum(chunk.uncompressed for chunk in chunks)
        self._groups.append(struct({1: listed(places), 2: i64(size), 3: i64(len(rows))}))
        self._rows += len(rows)
        return b"".join(chunk.data for chunk in chunks)

    def tail(self) -> bytes:
        """The schema and the places of all row groups."""
        root = struct({4: text("rows"), 5: i32(len(self._columns))})
        fields = {
            1: i32(_VERSION),
            2: listed([root, *map(_element, self._columns)]),
            3: i64(self._rows),
            4: listed(self._groups),
            6: text(_CREATED_BY),
        }
        written = struct(fields).data
        return written + pack("<I", len(written)) + _MAGIC


@dataclass(frozen=True, slots=True)
class _Chunk:
    """The values of one column in one row group, with their header."""

    data: bytes
    uncompressed: int

    def place(self, column: Column, offset: int, count: int) -> Part:
        """Where the chunk is, as the footer tells it."""
        told = {
            1: i32(_PHYSICAL[column.kind]),
            2: listed([i32(_PLAIN), i32(_RLE)]),
            3: listed([text(column.name)]),
            4: i32(_ZSTD),
            5: i64(count),
            6: i64(self.uncompressed),
            7: i64(len(self.data)),
            9: i64(offset),
        }
        return struct({2: i64(offset), 3: struct(told)})


def _element(column: Column) -> Part:
    kind = column.kind
    return struct({1: i32(_PHYSICAL[kind]), 3: i32(_OPTIONAL), 4: text(column.name), **_MEANING[kind]})


def _chunk(column: Column, values: Sequence[Value]) -> _Chunk:
    content = _there(values) + _ENCODED[column.kind]([value for value in values if value is not None])
    compressed = bytes(cramjam.zstd.compress(content))
    page = {1: i32(len(values)), 2: i32(_PLAIN), 3: i32(_RLE), 4: i32(_RLE)}
    header = struct({1: i32(_DATA_PAGE), 2: i32(len(content)), 3: i32(len(compressed)), 5: struct(page)}).data
    return _Chunk(header + compressed, len(header) + len(content))


def _there(values: Sequence[Value]) -> bytes:
    """Which values there are: one bit each, the first the lowest, as one run of groups of eight."""
    groups = -(-len(values) // 8)
    bits = "".join("0" if value is None else "1" for value in reversed(values))
    run = varint(groups << 1 | 1) + int(bits, 2).to_bytes(groups, "little")
    return pack("<I", len(run)) + run


def _texts(values: Sequence[Value]) -> bytes:
    encoded = [str(value).encode("utf-8", "replace") for value in values]
    return b"".join(part for data in encoded for part in (pack("<I", len(data)), data))


def _integers(values: Sequence[Value]) -> bytes:
    return pack(f"<{len(values)}q", *values)


def _reals(values: Sequence[Value]) -> bytes:
    return pack(f"<{len(values)}d", *values)


_ENCODED: Final[Mapping[Kind, Callable[[Sequence[Value]], bytes]]] = {
    "text": _texts,
    "integer": _integers,
    "real": _reals,
    "time": _integers,
}
