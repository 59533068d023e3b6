"""What is written into a file is what others read out of it: Python's own CSV, the Parquet of the Arrow project."""

import csv
from collections.abc import Sequence
from io import BytesIO, StringIO
from typing import Any

import arro3.core
import arro3.io
from hypothesis import given
from hypothesis import strategies as st

from shared.web.csv_table import CsvTable
from shared.web.parquet_table import ParquetTable
from shared.web.tables import Column, Encoder

COLUMNS = (Column("text"), Column("integer", "integer"), Column("real", "real"), Column("time", "time"))
Row = tuple[str | None, int | None, float | None, int | None]
_LONGS = st.integers(-(2**63), 2**63 - 1)
_ROW: st.SearchStrategy[Row] = st.tuples(
    st.none() | st.text(max_size=6),
    st.none() | _LONGS,
    st.none() | st.floats(allow_nan=False),
    st.none() | st.integers(0, 4_000_000_000_000),
)
_PAGES = st.lists(st.lists(_ROW, min_size=1, max_size=20), max_size=3)


def written(encoder: Encoder, pages: Sequence[Sequence[Row]]) -> bytes:
    """The whole file."""
    return b"".join((encoder.head(), *map(encoder.page, pages), encoder.tail()))


def column(table: arro3.core.Table, name: str) -> list[Any]:
    """The values of a column as Python has them; a time is its milliseconds."""
    return [value for chunk in table.column(name).chunks for value in chunk.cast(_plain(name)).to_pylist()]


def _plain(name: str) -> arro3.core.DataType:
    plain = {"text": arro3.core.DataType.utf8(), "real": arro3.core.DataType.float64()}
    return plain.get(name, arro3.core.DataType.int64())


@given(_PAGES)
def test_a_parquet_file_holds_every_value_in_its_place(pages: list[list[Row]]) -> None:
    table = arro3.io.read_parquet(BytesIO(written(ParquetTable(COLUMNS), pages))).read_all()
    rows = [row for page in pages for row in page]
    for place, each in enumerate(COLUMNS):
        assert column(table, each.name) == [row[place] for row in rows]


def test_a_parquet_file_says_what_its_columns_are() -> None:
    table = arro3.io.read_parquet(BytesIO(written(ParquetTable(COLUMNS), []))).read_all()
    kinds = [str(table.schema.field(each.name).type) for each in COLUMNS]
    told = ("Utf8", "Int64", "Float64", 'Timestamp(ms, "UTC")')
    assert (table.num_rows, kinds) == (0, [f"arro3.core.DataType<{kind}>\n" for kind in told])


@given(st.integers(1, 40), st.integers(0, 40))
def test_a_parquet_file_has_any_number_of_columns_and_of_row_groups(columns: int, groups: int) -> None:
    encoder = ParquetTable([Column(f"c{number}", "integer") for number in range(columns)])
    pages = [[tuple(range(columns))]] * groups
    data = b"".join((encoder.head(), *map(encoder.page, pages), encoder.tail()))
    table = arro3.io.read_parquet(BytesIO(data)).read_all()
    assert (table.num_rows, table.num_columns) == (groups, columns)


@given(_PAGES)
def test_a_csv_file_holds_every_value_in_its_place(pages: list[list[Row]]) -> None:
    lines = csv.reader(StringIO(written(CsvTable(COLUMNS), pages).decode(), newline=""))
    assert next(lines) == [each.name for each in COLUMNS]
    for row, told in zip((row for page in pages for row in page), lines, strict=True):
        text = row[0] or ""
        assert told[0] in (text, "'" + text)
        assert (told[0] == text) is not text.startswith(("=", "+", "-", "@", "\t", "\r"))
        assert told[1] == ("" if row[1] is None else str(row[1]))
        assert (None if told[2] == "" else float(told[2])) == row[2]
