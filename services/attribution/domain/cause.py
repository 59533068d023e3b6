"""Why the credit of a deal changed, told from facts: its own versions first, then whoever its people became, then
what they did. One reason a change: the first that holds, in this order. Leaves out what the change was."""

from dataclasses import dataclass
from enum import StrEnum

from services.attribution.domain.deal import DealStatus
from shared.kernel.ids import derived


class Cause(StrEnum):
    """What changed a deal's credit."""

    NEW_DEAL = "new_deal"
    """It is won now, and was unknown, open or lost before."""
    LOST = "lost"
    REOPENED = "reopened"
    AMENDED = "amended"
    """A higher version of the deal: its amount, its close, its contacts or its account."""
    PEOPLE = "people"
    """The same version with other people: an address of it led to somebody else."""
    CHARTER = "charter"
    MERGE = "merge"
    SPLIT = "split"
    LATE_TOUCH = "late_touch"
    """A touch came late, changed, moved to somebody else, or was withdrawn."""
    STAGE = "stage"
    """Somebody on it became a lead at another moment than was known, or was none after all."""
    ERASURE = "erasure"
    """Somebody was erased. What they did earns what it earned, so this is only seen where more came together."""
    OTHER_DEAL = "other_deal"
    """Another purchase of the same buyer: this journey begins elsewhere."""
    OTHER = "other"
    """None of these: something else that credit depends on."""


@dataclass(frozen=True, slots=True)
class Reason:
    """A cause and the event it came with, where one event was it."""

    cause: Cause
    event_id: str | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """A deal as it stood when its credit was derived, and by which charter."""

    status: DealStatus
    version: int
    revision: int
    charter: str


def own_reason(deal_id: str, before: Standing | None, after: Standing) -> Reason | None:
    """The reason that lies in the deal itself or in the charter; None where it lies in its people."""
    cause = _of_status(before, after) or _of_content(before, after)
    if cause is None or cause is Cause.CHARTER:
        return None if cause is None else Reason(cause)
    return Reason(cause, deal_event(deal_id, after.version, after.revision))


def deal_event(deal_id: str, version: int, revision: int) -> str:
    """The id of the event that told of a deal in this version and revision."""
    return derived("deal", deal_id, str(version), str(revision))


def _of_status(before: Standing | None, after: Standing) -> Cause | None:
    was_won = before is not None and before.status == "won"
    if was_won == (after.status == "won"):
        return None
    if not was_won:
        return Cause.NEW_DEAL
    return Cause.LOST if after.status == "lost" else Cause.REOPENED


def _of_content(before: Standing | None, after: Standing) -> Cause | None:
    if before is None:
        return None
    if before.version != after.version:
        return Cause.AMENDED
    if before.revision != after.revision:
        return Cause.PEOPLE
    return Cause.CHARTER if before.charter != after.charter else None
