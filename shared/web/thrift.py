"""Thrift's compact protocol, as far as writing Parquet needs it: each value is its type and its bytes.

Leaves out reading, maps, sets and doubles.
"""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

_TRUE: Final = 1
_FALSE: Final = 2
_I32: Final = 5
_I64: Final = 6
_BINARY: Final = 8
_LIST: Final = 9
_STRUCT: Final = 12
_SHORT: Final = 15
"""Distances between fields, and lengths of lists, below this share a byte with the type."""


class Part(NamedTuple):
    """A value: its type, and how it is written."""

    kind: int
    data: bytes


def i32(number: int) -> Part:
    """A number of 32 bits."""
    return Part(_I32, varint(_zigzag(number)))


def i64(number: int) -> Part:
    """A number of 64 bits."""
    return Part(_I64, varint(_zigzag(number)))


def text(value: str) -> Part:
    """A text."""
    data = value.encode()
    return Part(_BINARY, varint(len(data)) + data)


def flag(value: bool) -> Part:
    """True or false, as a field of a struct: all of it is in the type."""
    return Part(_TRUE if value else _FALSE, b"")


def listed(parts: Sequence[Part]) -> Part:
    """A list of values that are all of one type; an empty one is taken to be of structs."""
    size, kind = len(parts), parts[0].kind if parts else _STRUCT
    head = bytes([size << 4 | kind]) if size < _SHORT else bytes([_SHORT << 4 | kind]) + varint(size)
    return Part(_LIST, head + b"".join(part.data for part in parts))


def struct(fields: Mapping[int, Part]) -> Part:
    """A struct of fields by their ids, in ascending order."""
    written = bytearray()
    last = 0
    for number, part in fields.items():
        near = number - last <= _SHORT
        written += bytes([number - last << 4 | part.kind]) if near else bytes([part.kind]) + varint(_zigzag(number))
        written += part.data
        last = number
    return Part(_STRUCT, bytes(written) + b"\x00")


def _zigzag(number: int) -> int:
    return number << 1 if number >= 0 else (-number << 1) - 1


def varint(number: int) -> bytes:
    """A number that is not negative, seven bits a byte, the lowest first."""
    written = bytearray()
    while number > 0x7F:
        written.append(number & 0x7F | 0x80)
        number >>= 7
    written.append(number)
    return bytes(written)
