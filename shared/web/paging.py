"""Lists in pages: `?limit=&after=` in, `{"items": [...], "next": cursor or null}` out.

A cursor is where the next page goes on: the sort key of the last item, as base64url of a JSON list. It is no
secret and gives no access; one that does not fit the list it is used on is refused.
"""

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Final, Generic, TypeVar

import msgspec
from fastapi import Depends, Query

from shared.kernel.errors import Reject

DEFAULT_LIMIT: Final = 100
MAX_LIMIT: Final = 1_000
_MAX_CURSOR: Final = 1_000
_MAX_INTEGER: Final = 2**63 - 1

Item = TypeVar("Item")
Row = TypeVar("Row")
SortKey = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """One page of a list; `next` is null on the last one."""

    items: list[Item]
    next: str | None


@dataclass(frozen=True, slots=True)
class PageRequest:
    """Which page was asked for."""

    limit: int
    after: str | None

    def position(self, *shape: type[str | int]) -> SortKey | None:
        """The sort key to go on after, None on the first page; raises Reject where it is not of this shape."""
        return None if self.after is None else decode_cursor(self.after, *shape)


def page_request(
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT)] = DEFAULT_LIMIT,
    after: Annotated[str | None, Query(max_length=_MAX_CURSOR)] = None,
) -> PageRequest:
    """The page the query string asks for."""
    return PageRequest(limit, after)


Asked = Annotated[PageRequest, Depends(page_request)]
"""The type of a route's parameter that holds the page asked for."""


def page(
    rows: Sequence[Row], asked: PageRequest, show: Callable[[Row], Item], sort_key: Callable[[Row], SortKey]
) -> Page[Item]:
    """The page of rows that were read with `asked.limit + 1`: the one too many tells that there is more."""
    shown = rows[: asked.limit]
    more = len(rows) > len(shown)
    return Page([show(row) for row in shown], encode_cursor(sort_key(shown[-1])) if more else None)


def encode_cursor(sort_key: SortKey) -> str:
    """The cursor of a sort key."""
    return base64.urlsafe_b64encode(msgspec.json.encode(sort_key)).rstrip(b"=").decode()


def decode_cursor(cursor: str, *shape: type[str | int]) -> SortKey:
    """The sort key of a cursor; raises Reject where it is none, or not one of this shape."""
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        parts = msgspec.json.decode(base64.b64decode(padded, altchars=b"-_", validate=True), type=list[str | int])
    except (ValueError, binascii.Error):
        raise _bad_cursor() from None
    if len(parts) != len(shape) or not all(map(_fits, parts, shape)):
        raise _bad_cursor()
    return tuple(parts)


def _fits(part: str | int, kind: type[str | int]) -> bool:
    """What is of another type, or what no store can hold, was not made here."""
    if type(part) is not kind:
        return False
    return "\x00" not in part if isinstance(part, str) else abs(part) <= _MAX_INTEGER


def _bad_cursor() -> Reject:
    return Reject("bad_cursor", "take the cursor from `next` of the page before", "after")
