"""Downloads: what a cell looks like, and that rows are read as they are sent."""

import csv
from collections.abc import AsyncIterator, Sequence
from io import StringIO

import pytest

from shared.kernel.errors import TryLater
from shared.web.csv_table import CsvTable
from shared.web.exports import exported
from shared.web.tables import Column, Rows

COLUMNS = (Column("name"), Column("amount", "integer"), Column("share", "real"), Column("at", "time"))


def line(name: str | None, amount: int | None = None) -> str:
    """What a row of a name and an amount is written as."""
    return CsvTable(COLUMNS).page([(name, amount, None, None)]).decode()


def test_a_file_begins_with_the_names_of_its_columns() -> None:
    table = CsvTable(COLUMNS)
    assert (table.head(), table.tail()) == (b"name,amount,share,at\r\n", b"")


def test_numbers_are_written_as_they_are_and_times_as_rfc_3339() -> None:
    row = ("Ana", -1250, 0.1, 1_767_571_200_000)
    assert CsvTable(COLUMNS).page([row]) == b"Ana,-1250,0.1,2026-01-05T00:00:00.000Z\r\n"


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_a_text_that_begins_like_a_formula_is_a_text_in_every_spreadsheet(text: str) -> None:
    [row] = csv.reader(StringIO(line(text), newline=""))
    assert row[0] == "'" + text


def test_what_the_format_is_made_of_is_quoted() -> None:
    assert line('a "b", c\nd', 1) == '"a ""b"", c\nd",1,,\r\n'
    assert line(None) == ",,,\r\n"


async def test_a_page_is_read_when_the_one_before_is_sent() -> None:
    read: list[int] = []

    async def pages() -> AsyncIterator[Rows]:
        for number in range(3):
            read.append(number)
            yield [(f"row {number}", number, None, None)]

    answer = await exported("rows", "csv", COLUMNS, pages())
    assert read == [0]
    seen = [(str(chunk), len(read)) async for chunk in answer.body_iterator]
    assert [count for _, count in seen] == [1, 1, 2, 3, 3]
    assert answer.headers["content-disposition"] == 'attachment; filename="rows.csv"'


async def test_a_store_that_is_not_there_is_told_before_anything_is_sent() -> None:
    async def pages(known: Sequence[Rows] = ()) -> AsyncIterator[Rows]:
        for rows in known:
            yield rows
        raise TryLater("no store")

    with pytest.raises(TryLater):
        await exported("rows", "csv", COLUMNS, pages())
