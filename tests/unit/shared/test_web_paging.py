"""Pages go on where the last one ended, and refuse what was not made here."""

import base64

import pytest

from shared.kernel.errors import Reject
from shared.web.paging import Page, PageRequest, decode_cursor, encode_cursor, page

ROWS = [(at, f"id-{at}") for at in range(5)]


def shown(limit: int, rows: list[tuple[int, str]]) -> Page[str]:
    return page(rows, PageRequest(limit, None), lambda row: row[1], lambda row: row)


def test_a_page_that_is_not_the_last_names_its_last_item_as_cursor() -> None:
    first = shown(2, ROWS[:3])
    assert first.items == ["id-0", "id-1"]
    assert PageRequest(2, first.next).position(int, str) == (1, "id-1")


def test_the_last_page_has_no_next_even_when_it_is_full() -> None:
    assert shown(2, ROWS[3:]) == Page(["id-3", "id-4"], None)
    assert shown(2, []) == Page([], None)


def test_the_first_page_has_no_position() -> None:
    assert PageRequest(10, None).position(int) is None


@pytest.mark.parametrize("key", [(0, ""), (-(2**63) + 1, "é \U0001f600"), (2**63 - 1, "a" * 100)])
def test_a_cursor_comes_back_as_it_was_made(key: tuple[int, str]) -> None:
    assert decode_cursor(encode_cursor(key), int, str) == key


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "?",
        "é",
        "AAAA",
        encode_cursor(("a", 1)),
        encode_cursor((1,)),
        encode_cursor((1, "a\x00")),
        base64.urlsafe_b64encode(b'[true, "a"]').decode(),
        base64.urlsafe_b64encode(b'[1e400, "a"]').decode(),
        base64.urlsafe_b64encode(b'[99999999999999999999, "a"]').decode(),
        base64.urlsafe_b64encode(b"[" * 400).decode(),
    ],
)
def test_a_cursor_that_does_not_fit_is_refused(cursor: str) -> None:
    with pytest.raises(Reject) as refused:
        decode_cursor(cursor, int, str)
    assert (refused.value.code, refused.value.path) == ("bad_cursor", "after")
