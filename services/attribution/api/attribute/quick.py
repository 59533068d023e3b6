"""A block of plain rows becomes arrays without a Python object for each cell: several times as fast as row by row.

Whatever is not plain (a quote, a blank line, a sign, another number of columns) is left to the reader of rows, which
understands more and names the line of what is wrong. Nothing is guessed here: names are compared byte for byte.
"""

from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from services.attribution.api.attribute.columns import PATH, Columns
from services.attribution.api.attribute.encoding import Encoder, Names
from services.attribution.api.attribute.path_rows import SEPARATOR, number, outcomes
from services.attribution.domain.paths.encoded import Channels, Floats, Indexes

_WORD = 8
_SPACE, _ZERO, _NINE = b" 09"
_MOST_DIGITS = 15
"""A float holds so many exactly."""
_MASKS = np.array([(1 << (8 * kept)) - 1 for kept in range(_WORD + 1)], dtype=np.uint64)
"""What is kept of a word of which only so many bytes belong to a name."""
_LONGEST_NAME = 64
_SLOT_BITS = 16
_MIX = np.uint64(0x9E3779B97F4A7C15)


class _Spans(NamedTuple):
    """Where texts begin and end in a block."""

    begin: Indexes
    end: Indexes


class Quick:
    """Reads plain blocks into an encoder."""

    def __init__(self, columns: Columns, encoder: Encoder) -> None:
        self._columns = columns
        self._encoder = encoder
        self._known = _Known(encoder.names)

    def read(self, block: bytes) -> bool:
        """Whether a block of whole lines was read; where it was not, nothing of it was."""
        if b"\r" in block:
            block = block.replace(b"\r\n", b"\n")
        data = np.frombuffer(block, np.uint8)
        cells = self._cells(block, data)
        if cells is None:
            return False
        try:
            amounts = {
                role: _numbers(block, data, cells[index], signed=role == "value")
                for role, index in self._columns.at.items()
                if role != PATH
            }
            channels = _channels(data, cells[self._columns.at[PATH]])
            if channels is None:
                return False
            texts, lengths = channels
            touches = self._known.indexes(block, texts)
        except ValueError:
            return False
        won, lost = outcomes(amounts)
        values = amounts["value"] if "value" in amounts else np.zeros(len(won))
        self._encoder.add(touches, lengths, won, values, lost)
        return True

    def _cells(self, block: bytes, data: NDArray[np.uint8]) -> list[_Spans] | None:
        """The cells of each column; None where the rows are not all alike."""
        if b'"' in block or b"\r" in block or b"\0" in block or b"\n\n" in block or block[:1] == b"\n":
            return None
        ends = np.flatnonzero(data == ord("\n"))
        begins = np.append(0, ends[:-1] + 1)
        between = len(self._columns.names) - 1
        bounds = np.flatnonzero(data == ord(self._columns.delimiter))
        if len(bounds) != between * len(ends):
            return None
        by_row = bounds.reshape(len(ends), between)
        edges = [begins - 1, *(by_row[:, column] for column in range(between)), ends]
        if any((later <= sooner).any() for sooner, later in pairwise(edges)):
            return None
        return [_Spans(sooner + 1, later) for sooner, later in pairwise(edges)]


def _numbers(block: bytes, data: NDArray[np.uint8], cells: _Spans, *, signed: bool) -> Floats:
    """The numbers in cells; raises ValueError where one is not what the reader of rows would take."""
    widths = cells.end - cells.begin
    if widths.min() >= 1 and widths.max() <= _MOST_DIGITS:
        read, plain = np.zeros(len(widths)), True
        for place in range(int(widths.max())):
            inside = place < widths
            digits = data[np.where(inside, cells.begin + place, cells.begin)]
            plain = plain and bool(((digits >= _ZERO) & (digits <= _NINE)).all())
            read = np.where(inside, read * 10 + (digits.astype(np.float64) - _ZERO), read)
        if plain:
            return read
    texts = (block[begin:end].decode() for begin, end in zip(cells.begin.tolist(), cells.end.tolist(), strict=True))
    return np.array([number(text, "", signed=signed) for text in texts])


def _channels(data: NDArray[np.uint8], cells: _Spans) -> tuple[_Spans, Indexes] | None:
    """The channels of all paths behind each other, and how many each path has; None where a separator is elsewhere."""
    separators = np.flatnonzero(data == ord(SEPARATOR))
    within = np.searchsorted(separators, cells.end) - np.searchsorted(separators, cells.begin)
    if within.sum() != len(separators):
        return None
    lengths = within + 1
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    begin, end = np.empty(int(offsets[-1]), np.intp), np.empty(int(offsets[-1]), np.intp)
    first = np.zeros(len(begin), dtype=bool)
    first[offsets[:-1]] = True
    begin[first], begin[~first] = cells.begin, separators + 1
    last = np.append(first[1:], True)
    end[last], end[~last] = cells.end, separators
    begin += data[begin] == _SPACE
    end -= data[end - 1] == _SPACE
    return _Spans(begin, end), lengths


class _Known:
    """Names that were met, found again by their bytes, eight at a time."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self._index_of = np.full(1 << _SLOT_BITS, -1, np.intp)
        self._words_of = np.zeros((_LONGEST_NAME // _WORD, 1 << _SLOT_BITS), np.uint64)

    def indexes(self, block: bytes, texts: _Spans) -> Channels:
        """The index of each name; raises ValueError where one is empty."""
        widths = texts.end - texts.begin
        if widths.min() <= 0:
            raise ValueError("a channel without a name")
        words = _words(block, texts.begin, widths)
        mixed = words[0].copy()
        for word in words[1:]:
            mixed = mixed * _MIX + word
        slots = (mixed * _MIX >> np.uint64(64 - _SLOT_BITS)).astype(np.intp)
        whole = widths <= _LONGEST_NAME
        unlike = np.flatnonzero(whole & ~self._alike(words, slots))
        if len(unlike):
            self._learn(block, texts, words, slots, unlike)
            unlike = unlike[~self._alike([word[unlike] for word in words], slots[unlike])]
        unlike = np.append(unlike, np.flatnonzero(~whole))
        found = self._index_of[slots]
        # Two names in one slot, or a long one: these few are looked up by themselves.
        for touch in unlike.tolist():
            found[touch] = self._names[block[texts.begin[touch] : texts.end[touch]].decode()]
        return found.astype(np.uint16)

    def _alike(self, words: list[NDArray[np.uint64]], slots: Indexes) -> NDArray[np.bool_]:
        """Whether the name in a slot is that of its touch, to the last byte."""
        alike = self._index_of[slots] >= 0
        for held, word in zip(self._words_of, words, strict=False):
            alike &= held[slots] == word
        for held in self._words_of[len(words) :]:
            if held.any():
                alike &= held[slots] == 0
        return alike

    def _learn(
        self, block: bytes, texts: _Spans, words: list[NDArray[np.uint64]], slots: Indexes, unlike: Indexes
    ) -> None:
        """Give names the slots that are free."""
        new_slots, first = np.unique(slots[unlike], return_index=True)
        for slot, touch in sorted(zip(new_slots.tolist(), unlike[first].tolist(), strict=True), key=lambda one: one[1]):
            if self._index_of[slot] < 0:
                self._index_of[slot] = self._names[block[texts.begin[touch] : texts.end[touch]].decode()]
                for held, word in zip(self._words_of, words, strict=False):
                    held[slot] = word[touch]


def _words(block: bytes, begin: Indexes, widths: Indexes) -> list[NDArray[np.uint64]]:
    """The names in words of eight bytes, what is behind a name blanked; of long ones only so many as are compared."""
    padded = block + bytes(_LONGEST_NAME + _WORD)
    at_each_byte: NDArray[np.uint64] = np.ndarray((len(block) + _LONGEST_NAME,), "<u8", padded, strides=(1,))
    count = -(-min(int(widths.max()), _LONGEST_NAME) // _WORD)
    return [
        at_each_byte[begin + _WORD * word] & _MASKS[np.clip(widths - _WORD * word, 0, _WORD)] for word in range(count)
    ]
