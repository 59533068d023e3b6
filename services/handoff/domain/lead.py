"""A hand-off and what sales may do with it.

Promises: each act counts the version up by one, an act the state does not allow raises Conflict, and
nothing leaves a state that ended, but for a merge or the end of a deal that is taken back, or where the promotion or
the refusal turns out to be somebody else's. Leaves out who is asked (routing.py) and by when (sla.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from services.handoff.domain.reasons import RejectionOutcome
from shared.kernel.errors import Conflict
from shared.kernel.instant import Instant

Status = Literal[
    "assigned", "accepted", "rejected", "contacted", "meeting_booked", "qualified", "recycled", "closed",
]  # fmt: skip

IN_HAND: frozenset[Status] = frozenset({"assigned", "accepted", "contacted", "meeting_booked"})
"""Sales still has to find out: these count towards an owner's capacity."""
OPEN: frozenset[Status] = IN_HAND | {"qualified"}
"""One of these a person. A qualified one stays open, and its owner's, until a deal of theirs closes or it is released;
any other until sales ends it or a deal is won."""

_PROGRESS: tuple[Status, ...] = ("assigned", "accepted", "contacted", "meeting_booked", "qualified")
_TAKEN_BACK = frozenset({"merged", "won", "lost", "consent"})
"""Why a hand-off ended that may go on: nobody in sales has said that it ends."""
_OF_THE_PERSON = frozenset({"merged", "consent", "erased"})
"""Why a hand-off ended that says something of the person alone."""


@dataclass(frozen=True, slots=True)
class Told:
    """The contacts that sales told us of itself: how many, and when the first one was."""

    number: int = 0
    first: Instant | None = None


@dataclass(frozen=True, slots=True)
class Handoff:
    """One hand-over of a person to an owner. Times are UTC milliseconds, None where it has not happened."""

    id: str
    promotion_id: str
    person_id: str
    cycle: int
    owner_id: str
    assigned_at: Instant
    accept_by: Instant
    contact_by: Instant
    status: Status = "assigned"
    version: int = 1
    delivered_at: Instant | None = None
    accepted_at: Instant | None = None
    contacted_at: Instant | None = None
    """The first contact; `attempts` counts them all, those that touchpoints show as well."""
    meeting_at: Instant | None = None
    qualified_at: Instant | None = None
    ended_at: Instant | None = None
    attempts: int = 0
    reason: str | None = None
    note: str | None = None
    outcome: RejectionOutcome | None = None
    told: Told | None = None
    """Of the contacts, those that no touchpoint shows. None: there are none, or they were not told apart yet."""

    @property
    def is_open(self) -> bool:
        """Whether the person is in sales' hands by this hand-off."""
        return self.status in OPEN

    @property
    def answered_at(self) -> Instant | None:
        """When sales first showed that it had taken the lead up, or turned it down: what `accept_by` waits for."""
        turned_down = self.ended_at if self.status in ("rejected", "recycled") else None
        shown = (self.accepted_at, self.contacted_at, turned_down)
        return min((at for at in shown if at is not None), default=None)


@dataclass(frozen=True, slots=True)
class Ending:
    """A deal that has closed, with somebody who is on it."""

    person_id: str
    deal_id: str
    status: Literal["won", "lost"]
    at: Instant


@dataclass(frozen=True, slots=True)
class Delivered:
    """The first endpoint has taken the message."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """Sales takes it on."""


@dataclass(frozen=True, slots=True)
class Rejected:
    """Sales turns it down, for one of the charter's reasons and with what that does to the lead."""

    reason: str
    outcome: RejectionOutcome
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Contacted:
    """Sales called, wrote or met them, at `occurred_at` where that is not now."""

    kind: str
    occurred_at: Instant | None = None


@dataclass(frozen=True, slots=True)
class MeetingBooked:
    """A meeting is in the calendar."""


@dataclass(frozen=True, slots=True)
class Qualified:
    """Sales says: there is something to sell."""


@dataclass(frozen=True, slots=True)
class Released:
    """Sales gives the lead back to marketing, without a verdict on it."""


@dataclass(frozen=True, slots=True)
class Closed:
    """It ends without an act of sales on it: the person merged into another's or refused to be
    handed over, or the deal closed, at `ended_at`."""

    reason: Literal["merged", "won", "lost", "consent", "erased"]
    ended_at: Instant | None = None


@dataclass(frozen=True, slots=True)
class Reopened:
    """The merge that closed it was taken back, or the end of the deal, or who refused is somebody else: it goes on
    where it stood."""


@dataclass(frozen=True, slots=True)
class Moved:
    """What the person qualified by turned out to be somebody else's act, in whose life it stands in `cycle`: they are
    in sales' hands, with all that sales did. What ended because of who the person was goes on."""

    person_id: str
    cycle: int


@dataclass(frozen=True, slots=True)
class Reassigned:
    """Somebody else has it from now on, with clocks of their own."""

    owner_id: str
    accept_by: Instant
    contact_by: Instant


@dataclass(frozen=True, slots=True)
class Updated:
    """A second signal of the same person, or a fact that changed what the first one said."""


@dataclass(frozen=True, slots=True)
class Breached:
    """A promise was not kept in time. It moves nothing, and is said once."""


Act = (
    Delivered | Accepted | Rejected | Contacted | MeetingBooked | Qualified | Released | Closed | Reassigned | Updated
    | Breached | Reopened | Moved
)  # fmt: skip

_BY_SALES: dict[type[Act], str] = {
    Accepted: "accept",
    Rejected: "reject",
    Contacted: "contact",
    MeetingBooked: "meeting",
    Qualified: "qualify",
    Released: "release",
}
"""What sales may do, by the words in which it is asked for."""
_OF_ITSELF: dict[type[Act], str] = {
    Delivered: "deliver",
    Closed: "close",
    Reassigned: "reassign",
    Updated: "update",
    Breached: "breach",
    Reopened: "reopen",
    Moved: "move",
}
_ALLOWED: dict[type[Act], frozenset[Status]] = {
    Delivered: OPEN | {"rejected", "recycled", "closed"},
    Accepted: IN_HAND,
    Rejected: IN_HAND,
    Contacted: OPEN,
    MeetingBooked: frozenset({"assigned", "accepted", "contacted"}),
    Qualified: IN_HAND,
    Released: OPEN,
    Closed: OPEN,
    Reassigned: IN_HAND,
    Reopened: frozenset({"closed"}),
    Updated: OPEN,
    Breached: OPEN,
    Moved: OPEN | {"rejected", "recycled", "closed"},
}


def act(handoff: Handoff, what: Act, at: Instant) -> Handoff:
    """The hand-off after an act at `at`; raises Conflict where its state does not allow it.

    A contact is no acceptance: it moves no stage, so the owner may still accept afterwards, or reject.
    Qualifying is one.
    """
    if not _possible(handoff, type(what)):
        raise Conflict(f"{(_BY_SALES | _OF_ITSELF)[type(what)]} is not possible: {_standing(handoff)}")
    return replace(_after(handoff, what, at), version=handoff.version + 1)


def noted(handoff: Handoff, shown: Sequence[Instant]) -> Handoff:
    """The hand-off with the contacts that touchpoints show, all of them, beside those that sales told of itself; as it
    is where that changes nothing. What has ended stays as it ended."""
    told = handoff.told if handoff.told is not None else _told_before(handoff, len(shown))
    first = min((at for at in (told.first, *shown) if at is not None), default=None)
    attempts = told.number + len(shown)
    if (first, attempts) == (handoff.contacted_at, handoff.attempts):
        return handoff
    after = replace(handoff, contacted_at=first, attempts=attempts, told=told, version=handoff.version + 1)
    return replace(after, status=_reached(after)) if handoff.is_open else after


def forgotten(handoff: Handoff, stand_in: str) -> Handoff:
    """The hand-off of somebody who was erased: whose it was and what was written down go, its times stay."""
    return replace(handoff, person_id=stand_in, note=None)


def _possible(handoff: Handoff, what: type[Act]) -> bool:
    if handoff.status not in _ALLOWED[what]:
        return False
    if what is Accepted:
        return handoff.accepted_at is None
    if what is Reopened:
        return handoff.reason in _TAKEN_BACK
    return what is not Delivered or handoff.delivered_at is None


def _standing(handoff: Handoff) -> str:
    """How it stands, and what sales may do with it now."""
    if not handoff.is_open:
        return f"this hand-off is {handoff.status}, and has ended with that"
    before = "was accepted before and " if handoff.accepted_at is not None and handoff.status != "accepted" else ""
    possible = ", ".join(word for what, word in _BY_SALES.items() if _possible(handoff, what))
    return f"this hand-off {before}is {handoff.status}; possible now: {possible}"


def _after(handoff: Handoff, what: Act, at: Instant) -> Handoff:  # noqa: C901 - one arm an act, and all of them
    match what:
        case Delivered():
            return replace(handoff, delivered_at=at)
        case Accepted():
            return replace(_forward(handoff, "accepted"), accepted_at=at)
        case Rejected():
            return replace(_ended(handoff, "rejected", what.reason, at), outcome=what.outcome, note=what.note)
        case Contacted():
            return _contacted(handoff, at if what.occurred_at is None else what.occurred_at, at)
        case MeetingBooked():
            return replace(_forward(_contacted(handoff, at, at), "meeting_booked"), meeting_at=at)
        case Qualified():
            accepted_at = handoff.accepted_at if handoff.accepted_at is not None else at
            return replace(_forward(handoff, "qualified"), accepted_at=accepted_at, qualified_at=at)
        case Released():
            return replace(_ended(handoff, "recycled", "released", at), outcome="recycled")
        case Closed():
            return _ended(handoff, "closed", what.reason, at if what.ended_at is None else what.ended_at)
        case Reopened():
            return _reopened(handoff)
        case Moved():
            return _moved(handoff, what)
        case Reassigned():
            return _reassigned(handoff, what, at)
        case Updated() | Breached():
            return handoff


def _forward(handoff: Handoff, status: Status) -> Handoff:
    """The status, unless the hand-off is already past it: who has called and then accepts stays `contacted`."""
    return replace(handoff, status=max(handoff.status, status, key=_PROGRESS.index))


def _contacted(handoff: Handoff, occurred_at: Instant, at: Instant) -> Handoff:
    """A call from before the hand-over, or dated ahead by its sender, must not give a negative or a future delay."""
    first = min(max(occurred_at, handoff.assigned_at), max(at, handoff.assigned_at))
    told = Told() if handoff.attempts == 0 else handoff.told
    if told is not None:
        told = Told(told.number + 1, first if told.first is None else min(first, told.first))
    if handoff.contacted_at is not None:
        first = min(first, handoff.contacted_at)
    return replace(_forward(handoff, "contacted"), contacted_at=first, attempts=handoff.attempts + 1, told=told)


def _told_before(handoff: Handoff, shown: int) -> Told:
    """Of the contacts of a hand-off that does not tell them apart: as many as no touchpoint shows."""
    number = max(0, handoff.attempts - shown)
    return Told(number, handoff.contacted_at if number else None)


def _ended(handoff: Handoff, status: Status, reason: str, at: Instant) -> Handoff:
    return replace(handoff, status=status, reason=reason, ended_at=at)


def _reopened(handoff: Handoff) -> Handoff:
    return replace(handoff, status=_reached(handoff), reason=None, ended_at=None)


def _moved(handoff: Handoff, what: Moved) -> Handoff:
    theirs = replace(handoff, person_id=what.person_id, cycle=what.cycle)
    return _reopened(theirs) if handoff.reason in _OF_THE_PERSON else theirs


def _reached(handoff: Handoff) -> Status:
    """How far sales had come, by what was done."""
    done = (handoff.qualified_at, handoff.meeting_at, handoff.contacted_at, handoff.accepted_at)
    steps: tuple[Status, ...] = ("qualified", "meeting_booked", "contacted", "accepted")
    return next((step for step, at in zip(steps, done, strict=True) if at is not None), "assigned")


def _reassigned(handoff: Handoff, what: Reassigned, at: Instant) -> Handoff:
    """The new owner starts afresh; that the person was contacted before is still told by `attempts`."""
    return replace(
        handoff,
        owner_id=what.owner_id,
        status="assigned",
        assigned_at=at,
        accept_by=what.accept_by,
        contact_by=what.contact_by,
        accepted_at=None,
        contacted_at=None,
        meeting_at=None,
        told=Told(handoff.attempts),
    )
