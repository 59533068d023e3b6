"""Hand-offs, deliveries and endpoints as they are shown."""

from typing import Any

from msgspec import json

from services.handoff.domain.lead import Handoff
from services.handoff.ports import Delivery, Endpoint
from services.handoff.ports.outside import Shown
from shared.kernel import instant, signing
from shared.kernel.instant import Instant
from shared.kernel.stand_ins import stands_in


def handoff(one: Handoff, person_id: str | None = None) -> dict[str, Any]:
    """A hand-off; `person_id` is the person it belongs to now, where that is known. Nobody, where they were erased."""
    owner = person_id or one.person_id
    return {
        "id": one.id,
        "person_id": None if stands_in(owner) else owner,
        "promotion_id": one.promotion_id,
        "cycle": one.cycle,
        "owner": one.owner_id,
        "status": one.status,
        "assigned_at": at(one.assigned_at),
        "delivered_at": at(one.delivered_at),
        "accepted_at": at(one.accepted_at),
        "contacted_at": at(one.contacted_at),
        "meeting_at": at(one.meeting_at),
        "qualified_at": at(one.qualified_at),
        "ended_at": at(one.ended_at),
        "accept_by": at(one.accept_by),
        "contact_by": at(one.contact_by),
        "attempts": one.attempts,
        "reason": one.reason,
        "note": one.note,
        "outcome": one.outcome,
        "version": one.version,
    }


def handoff_body(one: Handoff, person_id: str) -> bytes:
    """A hand-off, and the person it belongs to now, as the body of an answer."""
    return json.encode(handoff(one, person_id))


def shown(one: Shown) -> dict[str, Any]:
    """A hand-off in a list."""
    return handoff(one.kept.handoff, one.person_id)


def trail(one: Shown) -> list[dict[str, Any]]:
    """How the owner was found."""
    return [
        {"step": step.step, "candidate": step.candidate, "result": step.result, "why": step.why}
        for step in one.kept.trail
    ]


def delivery(one: Delivery) -> dict[str, Any]:
    """A delivery."""
    return {
        "id": one.id,
        "webhook_id": one.webhook_id,
        "endpoint_id": one.endpoint_id,
        "type": one.type,
        "state": one.state,
        "attempts": one.attempts,
        "next_at": at(one.next_at),
        "last_status": one.last_status,
        "last_failure": one.last_failure,
        "created_at": at(one.created_at),
    }


def endpoint(one: Endpoint) -> dict[str, Any]:
    """An endpoint; its secret is never shown again."""
    return {
        "id": one.id,
        "url": one.url,
        "events": list(one.events),
        "name": one.name,
        "state": one.state,
        "reason": one.reason,
        "failing": one.health.is_failing,
        "created_at": at(one.created_at),
    }


def keyed_body(one: Endpoint, key: bytes) -> bytes:
    """An endpoint with its secret, as the body of the one answer that tells it."""
    return json.encode(endpoint(one) | {"secret": signing.secret_of(key)})


def delivery_id_body(delivery_id: str) -> bytes:
    """Which delivery is on its way, as the body of an answer."""
    return json.encode({"delivery_id": delivery_id})


def at(moment: Instant | None) -> str | None:
    """A time as a text."""
    return None if moment is None else instant.to_text(moment)
