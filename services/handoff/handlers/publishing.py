"""What hand-off says: events for the other services, messages for CRMs. Ids are derived from what they say."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, assert_never

from services.handoff.domain import answer_link, messages
from services.handoff.domain import lead as acts
from services.handoff.domain.lead import Act, Handoff
from services.handoff.domain.messages import Links, Parcel
from services.handoff.domain.routing import Owner
from services.handoff.ports import Kept, Message, Seat
from shared.contracts import topics
from shared.contracts.envelope import Emit, Event
from shared.contracts.handoffs import HandoffAct, HandoffActed
from shared.kernel.ids import derived
from shared.kernel.instant import Instant

SOURCE = "handoff"
QUALIFIED = "lead.qualified"
NO_LONGER_QUALIFIED = "no_longer_qualified"
"""The `reason` of an update that says: by a fact that came late, this was no promotion."""
QUALIFIED_AGAIN = "qualified_again"
"""The `reason` of an update that takes `no_longer_qualified` back."""
SPLIT = "split"
"""The `reason` of an update that says: somebody else who was taken for this person is none other than themselves."""
CONSENT: Final = "consent"
"""The `reason` of a hand-off that ended because the person refuses to be handed to sales."""
ACCEPT = "accept"
"""The promise that `accept_by` holds."""

_NAMES: dict[type[Act], HandoffAct] = {
    acts.Delivered: "delivered",
    acts.Accepted: "accepted",
    acts.Rejected: "rejected",
    acts.Contacted: "contacted",
    acts.MeetingBooked: "meeting_booked",
    acts.Qualified: "sales_qualified",
    acts.Released: "released",
    acts.Closed: "closed",
    acts.Reassigned: "reassigned",
    acts.Reopened: "updated",
    acts.Updated: "updated",
    acts.Moved: "updated",
    acts.Breached: "sla_breached",
}


@dataclass(frozen=True, slots=True)
class Where:
    """Where people and CRMs find us: the addresses of this service and of the journeys; `key` signs the links."""

    handoff: str
    ingest: str
    key: bytes = field(repr=False)

    def links(self, handoff: Handoff) -> Links:
        """The links of a message."""
        accept, reject = (self._answer(handoff, answer) for answer in ("accept", "reject"))
        return Links(accept, reject, f"{self.ingest}/v1/people/{handoff.person_id}/journey")

    def _answer(self, handoff: Handoff, answer: answer_link.Answer) -> str:
        return self.handoff + answer_link.path(self.key, handoff.id, answer, handoff.assigned_at)


@dataclass(frozen=True, slots=True)
class Qualified:
    """Here is somebody to call."""


@dataclass(frozen=True, slots=True)
class Updated:
    """Something is new about them, or about the hand-off; `reason` where it has to be said why."""

    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Breached:
    """A promise was broken."""


News = Qualified | Updated | Breached


def acted(handoff: Handoff, what: type[Act], now: Instant) -> Emit:
    """The event of an act: one a version. The key is the person it was handed over as, so that all of a hand-off
    stays in order whoever merges."""
    name = _NAMES[what]
    data = HandoffActed(
        handoff_id=handoff.id,
        promotion_id=handoff.promotion_id,
        person_id=handoff.person_id,
        cycle=handoff.cycle,
        act=name,
        version=handoff.version,
        at=now,
        owner_id=handoff.owner_id,
        reason=handoff.reason,
        outcome=handoff.outcome,
    )
    return _emit(derived("handoff", handoff.id, str(handoff.version)), name, data)


def assigned(handoff: Handoff) -> Emit:
    """The event of a new hand-off."""
    data = HandoffActed(
        handoff_id=handoff.id,
        promotion_id=handoff.promotion_id,
        person_id=handoff.person_id,
        cycle=handoff.cycle,
        act="assigned",
        version=handoff.version,
        at=handoff.assigned_at,
        owner_id=handoff.owner_id,
    )
    return _emit(derived("handoff", handoff.id, str(handoff.version)), "assigned", data)


def _emit(event_id: str, act: HandoffAct, data: HandoffActed) -> Emit:
    event = Event(event_id, f"handoff.{act}", SOURCE, Instant(data.at), data)
    return Emit(topics.HANDOFFS.name, data.person_id, event)


def message(news: News, kept: Kept, seats: Mapping[str, Seat], where: Where, now: Instant) -> Message:
    """What CRMs are told of a hand-off as it was when it was news."""
    handoff = kept.handoff
    seat = seats.get(handoff.owner_id)
    owner = seat.owner if seat else Owner(handoff.owner_id, handoff.owner_id, "")
    parcel = Parcel(handoff, owner, kept.brief, where.links(handoff))
    match news:
        case Qualified():
            kind, body = QUALIFIED, messages.lead_qualified(parcel, now)
        case Updated(reason):
            kind, body = "handoff.updated", messages.handoff_updated(parcel, now, reason)
        case Breached():
            kind = "handoff.sla_breached"
            body = messages.handoff_sla_breached(parcel, ACCEPT, handoff.accept_by, now)
        case _:
            assert_never(news)
    # Its delivery is known by the person it was handed over as; whatever comes later, by whom it tells of.
    whose = handoff.person_id if kind == QUALIFIED else kept.brief.person.id
    return Message(kind, handoff.id, handoff.version, body, handoff.id, whose)


@dataclass(frozen=True, slots=True)
class Merge:
    """A merge as it was published."""

    from_id: str
    into_id: str
    version: int
    at: Instant


def erased(handoff: Handoff, now: Instant) -> Message:
    """What CRMs are told where a person was erased: of each hand-off that they may have kept."""
    body = messages.handoff_erased(handoff, now)
    return Message("handoff.updated", derived("erased", handoff.id), handoff.version, body, handoff.id)


def person_merged(merge: Merge, kept_id: str | None, closed_id: str | None) -> Message:
    """What CRMs are told of a merge."""
    body = messages.person_merged(merge.from_id, merge.into_id, kept_id, closed_id, merge.at)
    return Message("person.merged", derived("merged", merge.from_id), merge.version, body, person_id=merge.from_id)
