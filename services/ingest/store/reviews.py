"""Reviews as they are read: what was not followed, whom it is about today, and what was answered."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, cast

from sqlalchemy import ColumnElement, Row, Select, case, select, tuple_

from services.ingest.domain.identity import Identifier
from services.ingest.domain.people import Moment
from services.ingest.domain.reviews import ReviewSide, ReviewState, StoredReview
from services.ingest.store import identities
from services.ingest.store.tables import CLAIMS, IDENTIFIERS, OPERATOR_ACTS, REVIEWS
from shared.db.people import roots_of
from shared.db.work import Reader

_WORD = CLAIMS.alias("word")
"""An operator's last word on the statement."""
_STATE: ColumnElement[str] = case(
    (_WORD.c.verdict == "stands", "accepted"),
    (_WORD.c.verdict == "withdrawn", "refused"),
    (REVIEWS.c.open, "open"),
    else_="moot",
)


async def reviews(reader: Reader, state: ReviewState | None, after: Moment | None, limit: int) -> list[StoredReview]:
    """Reviews in a state, or all, in the order in which they were raised, then by id."""
    found = _answered()
    if state is not None:
        found = found.where(_STATE.in_([state]))
    if after is not None:
        found = found.where(tuple_(REVIEWS.c.raised_at, REVIEWS.c.id) > after)
    rows = await reader.rows(found.order_by(REVIEWS.c.raised_at, REVIEWS.c.id).limit(limit))
    return await _shown(reader, rows)


async def review(reader: Reader, review_id: str) -> StoredReview:
    """A review that there is."""
    (found,) = await _shown(reader, await reader.rows(_answered().where(REVIEWS.c.id == review_id)))
    return found


def _answered() -> Select[Any]:
    return (
        select(
            REVIEWS, CLAIMS.c.identifiers, _STATE.label("state"), OPERATOR_ACTS.c.at.label("answered_at"),
            OPERATOR_ACTS.c.who.label("answered_by"),
        )
        .join(CLAIMS, CLAIMS.c.id == REVIEWS.c.claim)
        .outerjoin(_WORD, _WORD.c.id == REVIEWS.c.id)
        .outerjoin(OPERATOR_ACTS, OPERATOR_ACTS.c.id == _WORD.c.event_id)
    )  # fmt: skip


async def _shown(reader: Reader, rows: Sequence[Row[Any]]) -> list[StoredReview]:
    named = {row.id: identities.named(row.identifiers) for row in rows}
    owner = await _owners(reader, sorted({str(one) for members in named.values() for one in members}))
    return [
        StoredReview(
            row.id, row.event_id, row.why, cast("ReviewState", row.state), row.raised_at, row.answered_at,
            row.answered_by, _sides(named[row.id], owner),
        )
        for row in rows
    ]  # fmt: skip


async def _owners(reader: Reader, names: Sequence[str]) -> dict[str, str]:
    rows = await reader.rows(select(IDENTIFIERS).where(reader.among(IDENTIFIERS.c.id, names)))
    roots = await roots_of(reader, {row.person for row in rows})
    return {row.id: roots[row.person] for row in rows}


def _sides(named: Sequence[Identifier], owner: Mapping[str, str]) -> tuple[ReviewSide, ...]:
    """The people a claim is about, the one it names most strongly first."""
    sides: defaultdict[str, list[Identifier]] = defaultdict(list)
    for member in named:
        sides[owner[str(member)]].append(member)
    return tuple(ReviewSide(person, tuple(members)) for person, members in sides.items())
