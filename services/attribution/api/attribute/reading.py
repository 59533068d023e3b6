"""A file is read in blocks of whole lines: the quick way where a block is plain, row by row where it is not."""

from collections.abc import Callable, Iterator
from itertools import chain
from typing import BinaryIO

from services.attribution.api.attribute.columns import BadFile, Columns, recognise
from services.attribution.api.attribute.encoding import Encoder
from services.attribution.api.attribute.path_rows import read_rows
from services.attribution.api.attribute.quick import Quick
from services.attribution.api.attribute.touch_rows import Touches
from services.attribution.domain.paths.encoded import Paths, Timed

_BLOCK_BYTES = 1 << 20
_LONGEST_HEADER = 1 << 16
_HEADER_LINES = 1

Progress = Callable[[int], None]
"""Told how many more bytes were read."""


def read_columns(stream: BinaryIO, delimiter: str | None, *, touches: bool) -> Columns:
    """The columns by the first line of a file; raises BadFile."""
    first = stream.readline(_LONGEST_HEADER)
    try:
        header = first.decode("utf-8-sig").rstrip("\r\n")
    except UnicodeDecodeError:
        raise BadFile("line 1: the file is not UTF-8") from None
    return recognise(header, delimiter, touches=touches)


def read_paths(stream: BinaryIO, columns: Columns, progress: Progress) -> Paths:
    """The paths below the first line; raises BadFile with the line of what is wrong."""
    encoder = Encoder()
    quick = Quick(columns, encoder)
    before = _HEADER_LINES
    blocks = _blocks(stream, progress)
    for block in blocks:
        if b'"' in block:
            # A quoted text may hold line ends, so that from here on only a reader of rows knows where one begins.
            read_rows(_lines(chain([block], blocks), before), before, columns, encoder)
            break
        if not quick.read(block):
            read_rows(_lines(iter([block]), before), before, columns, encoder)
        before += block.count(b"\n")
    return encoder.paths()


def read_touches(stream: BinaryIO, columns: Columns, progress: Progress) -> Timed:
    """The journeys of the touches below the first line; raises BadFile with the line of what is wrong."""
    touches = Touches(columns)
    touches.read(_lines(_blocks(stream, progress), _HEADER_LINES), _HEADER_LINES)
    return touches.journeys()


def _blocks(stream: BinaryIO, progress: Progress) -> Iterator[bytes]:
    """What is left of a stream, in blocks that end where a line does."""
    rest = b""
    while read := stream.read(_BLOCK_BYTES):
        progress(len(read))
        whole, end, rest_of_line = (rest + read).rpartition(b"\n")
        rest = rest_of_line
        if end:
            yield whole + end
    if rest:
        yield rest + b"\n"


def _lines(blocks: Iterator[bytes], before: int) -> Iterator[str]:
    for block in blocks:
        for number, line in enumerate(block.splitlines(keepends=True), before + 1):
            try:
                yield line.decode()
            except UnicodeDecodeError:
                raise BadFile(f"line {number}: the file is not UTF-8") from None
        before += block.count(b"\n")
