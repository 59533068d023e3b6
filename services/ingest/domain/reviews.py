"""Claims that want a look, as they are shown: what they claim, and what became of them."""

from dataclasses import dataclass
from typing import Literal

from services.ingest.domain.identity import Identifier, Why

ReviewState = Literal["open", "accepted", "refused", "moot"]


@dataclass(frozen=True, slots=True)
class ReviewSide:
    """A person a review is about, and what names them in the claim."""

    person: str
    identifiers: tuple[Identifier, ...]


@dataclass(frozen=True, slots=True)
class StoredReview:
    """A claim that wants a look, or that was looked at. Moot: other claims have settled it meanwhile."""

    id: str
    event_id: str
    why: Why
    state: ReviewState
    raised_at: int
    answered_at: int | None
    answered_by: str | None
    sides: tuple[ReviewSide, ...]
