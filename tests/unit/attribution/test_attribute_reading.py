"""Files as people have them become journeys, or a line that says what is wrong."""

from io import BytesIO

import numpy as np
import pytest

from services.attribution.api.attribute.columns import BadFile, recognise
from services.attribution.api.attribute.reading import read_columns, read_paths, read_touches
from services.attribution.domain.journey import Milestone
from services.attribution.domain.paths.encoded import Paths, Timed

Shown = list[tuple[str, float, float, float]]


def shown(paths: Paths) -> Shown:
    """Each path with what was won, what it was worth and what was lost."""
    names = [paths.names[touch] for touch in paths.touches.tolist()]
    bounds = zip(paths.offsets[:-1].tolist(), paths.offsets[1:].tolist(), strict=True)
    numbers = (each.tolist() for each in (paths.conversions, paths.values, paths.lost))
    return [(" > ".join(names[begin:end]), *row) for (begin, end), *row in zip(bounds, *numbers, strict=True)]


def read(text: str | bytes, delimiter: str | None = None) -> Shown:
    stream = BytesIO(text.encode() if isinstance(text, str) else text)
    return shown(read_paths(stream, read_columns(stream, delimiter, touches=False), lambda _count: None))


def read_timed(text: str) -> Timed:
    stream = BytesIO(text.encode())
    return read_touches(stream, read_columns(stream, None, touches=True), lambda _count: None)


@pytest.mark.parametrize(
    "text",
    [
        "path,conversions,value,null\nA > B,2,30.5,1\nB,0,0,4\n",
        "\ufeffpath,conversions,value,null\r\nA>B,2,30.5,1\r\nB,0,0,4",
        'path;conversions;value;null\n" A  >  B ";2;30.5;1\n\nB;;;4\n',
        "null\tvalue\tnote\tconversions\tpath\n1\t30.5\t\t2\tA > B\n4\t0\tx\t0\tB\n",
        "path,total_conversions,total_conversion_value,total_null\nA > B,2,3.05e1,1\nB,0,0,4\n",
    ],
    ids=["ours", "Windows", "quoted", "other columns", "ChannelAttribution"],
)
def test_one_file_may_be_written_in_many_ways(text: str) -> None:
    assert read(text) == [("A > B", 2, 30.5, 1), ("B", 0, 0, 4)]


def test_without_a_column_of_lost_journeys_a_row_that_won_nothing_is_one() -> None:
    assert read("channels,has_transaction,conversion_value\nA > B,True,10\nB,False,0\n") == [
        ("A > B", 1, 10, 0),
        ("B", 0, 0, 1),
    ]
    assert read("channels,converted,occurrences\nA,1,3\nB,0,5\n") == [("A", 3, 0, 0), ("B", 0, 0, 5)]


@pytest.mark.parametrize(
    ("rows", "wrong"),
    [
        ("A,1\nB,x\n", "line 3: conversions is a number of 0 or more, not 'x'"),
        ("A,1\nB,-1\n", "line 3: conversions is a number of 0 or more, not '-1'"),
        ("A,nan\n", "line 2: conversions is a number of 0 or more, not 'nan'"),
        ("A,1\n\nA > > B,1\n", "line 4: a channel without a name"),
        (",1\n", "line 2: the path is empty"),
        ("A,1,2\n", "line 2: 3 columns, the first line has 2"),
        ("A,1\nB,2,3\nC\n", "line 3: 3 columns, the first line has 2"),
        ('A,1\n"B\n > C",1\nD,x\n', "line 5: conversions"),
        (b"A,1\n\xff,1\n", "line 3: the file is not UTF-8"),
    ],
)
def test_what_is_no_row_is_named_by_its_line(rows: str | bytes, wrong: str) -> None:
    given = rows.encode() if isinstance(rows, str) else rows
    with pytest.raises(BadFile) as raised:
        read(b"path,conversions\n" + given)
    assert str(raised.value).startswith(wrong)


def test_a_file_of_something_else_is_refused_with_what_it_has() -> None:
    with pytest.raises(BadFile, match="no column path and no conversions among a, b"):
        recognise("a,b", None, touches=False)
    with pytest.raises(BadFile, match="Then add --touches"):
        recognise("person,channel,occurred_at,conversion", None, touches=False)
    assert recognise("path,total_conversions", None, touches=False).layout == "ChannelAttribution"
    assert recognise("channels|has_transaction", None, touches=False).layout == "mam"


def test_names_that_differ_in_one_byte_anywhere_are_two_channels() -> None:
    """The quick way compares eight bytes at a time, and long names one by one."""
    long = "Display - a campaign with a name that is rather long - "
    names = ["A", "AA", "Display - one - Europe", "Display - two - Europe", *(long + end for end in ("north", "south"))]
    names += [("long_name_" * 7)[:64], ("long_name_" * 7)[:65], "Überall", "Uberall"]
    rows = [(" > ".join(names), 1.0, 0.0, 0.0), *((name, 1.0, 0.0, 0.0) for name in names)]
    assert read("path,conversions\n" + "".join(f"{path},1\n" for path, *_ in rows)) == rows


def test_blocks_end_where_lines_do_however_long_the_file() -> None:
    rows = 60_000
    text = "path,conversions\n" + "".join(f"channel {row % 7} > channel {row % 5},{row}\n" for row in range(rows))
    found = read(text)
    assert [won for _, won, _, _ in found] == list(range(rows))
    assert found[-1][0] == f"channel {(rows - 1) % 7} > channel {(rows - 1) % 5}"


def test_touches_are_put_in_order_and_cut_where_a_person_converts() -> None:
    found = read_timed(
        "person,channel,occurred_at,conversion,value\n"
        "ben,Ad,2026-01-02,0,\n"
        "ana,Mail,2026-01-03T10:00:00Z,1,99.5\n"
        "ana,Ad,2026-01-01T00:00:00+01:00,0,\n"
        "ana,Chat,2026-01-04,0,\n"
    )
    assert shown(found.paths) == [("Ad", 0, 0, 1), ("Ad > Mail", 1, 99.5, 0), ("Chat", 0, 0, 1)]
    assert (np.diff(found.times)[1] / 3_600_000, found.marked) == (59, {})


def test_a_touch_may_reach_milestones_and_the_first_that_does_counts() -> None:
    found = read_timed(
        "person,channel,occurred_at,conversion,milestone\n"
        "ana,A,2026-01-01,0,\nana,B,2026-01-02,0,lead_creation|deal_creation\n"
        "ana,C,2026-01-03,1,deal_creation\nana,D,2026-01-04,0,\n"
    )
    marked = {milestone: touches.tolist() for milestone, touches in found.marked.items()}
    assert marked == {
        Milestone.LEAD_CREATION: [1, -1],
        Milestone.DEAL_CREATION: [1, -1],
        Milestone.CLOSED_WON: [2, -1],
    }


@pytest.mark.parametrize(
    ("row", "wrong"),
    [
        ("ana,A,yesterday,0,", "line 2: a time is as 2026-11-23T17:46:00Z or 2026-11-23, not 'yesterday'"),
        (",A,2026-01-01,0,", "line 2: a touch of nobody"),
        ("ana,A,2026-01-01,0,won", "line 2: a milestone is lead_creation or deal_creation, not 'won'"),
        ("ana,A,2026-01-01,0", "line 2: 4 columns, the first line has 5"),
    ],
)
def test_what_is_no_touch_is_named_by_its_line(row: str, wrong: str) -> None:
    with pytest.raises(BadFile) as raised:
        read_timed(f"person,channel,occurred_at,conversion,milestone\n{row}\n")
    assert str(raised.value) == wrong
