"""The quick way to read a file of paths finds what reading it row by row does, or leaves it alone."""

from hypothesis import given
from hypothesis import strategies as st

from services.attribution.api.attribute.columns import Columns, recognise
from services.attribution.api.attribute.encoding import Encoder
from services.attribution.api.attribute.path_rows import read_rows
from services.attribution.api.attribute.quick import Quick
from services.attribution.domain.paths.encoded import Paths

NAMES = st.one_of(
    st.sampled_from(
        ("A", "B", "Display - one - Europe", "Display - two - Europe", "x" * 64, "x" * 65, "x" * 63 + "yz")
    ),
    st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z"), exclude_characters='>,"'), min_size=1),
)
PATHS = st.lists(NAMES, min_size=1, max_size=5).flatmap(
    lambda names: st.sampled_from((" > ", ">", "  >", "> ")).map(lambda between: between.join(names))
)
COUNTS = st.one_of(st.integers(0, 10**17).map(str), st.sampled_from(("", " 3", "1.5", "1e3", "true", "007")))
ROWS = st.lists(st.tuples(PATHS, COUNTS, COUNTS, COUNTS), min_size=1, max_size=8)
COLUMNS: Columns = recognise("path,conversions,value,null", None, touches=False)


@given(st.lists(ROWS, min_size=1, max_size=3), st.sampled_from(("\n", "\r\n")))
def test_both_ways_read_the_same(blocks: list[list[tuple[str, str, str, str]]], end: str) -> None:
    slow, fast = Encoder(), Encoder()
    quick = Quick(COLUMNS, fast)
    for rows in blocks:
        text = "".join(",".join(row) + end for row in rows)
        read_rows(text.splitlines(keepends=True), 1, COLUMNS, slow)
        if not quick.read(text.encode()):
            read_rows(text.splitlines(keepends=True), 1, COLUMNS, fast)
    assert written(fast.paths()) == written(slow.paths())


@given(st.text(st.sampled_from('AB >,\n\r"0129-.\0'), max_size=30))
def test_what_the_quick_way_takes_the_other_takes_too(text: str) -> None:
    slow, fast = Encoder(), Encoder()
    if Quick(COLUMNS, fast).read(f"{text}\n".encode()):
        read_rows(f"{text}\n".splitlines(keepends=True), 1, COLUMNS, slow)
        assert written(fast.paths()) == written(slow.paths())


def written(paths: Paths) -> tuple[object, ...]:
    """Paths as values that can be compared; names by themselves, since their order may differ."""
    touches = [paths.names[touch] for touch in paths.touches.tolist()]
    numbers = (paths.offsets, paths.conversions, paths.values, paths.lost)
    return touches, *(each.tolist() for each in numbers)
