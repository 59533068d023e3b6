"""A touchpoint arrived: what sales did with a person counts as contact, and tells whose they are for 90 days.

Leaves out everything that is no act of sales: such a touchpoint names no keys and changes nothing here.
"""

from collections.abc import Iterable
from typing import Any

from services.handoff.handlers.deriving import CONTACTS
from services.handoff.handlers.handing import Handing
from services.handoff.ports import SalesAct
from shared.contracts.touchpoints import Touchpoint
from shared.kernel.instant import Instant
from shared.kernel.keys import Key

_PROSPECTED = "prospected"
_ACTORS = ("owner_id", "owner", "owner_email", "rep", "rep_email", "sdr")
"""Under these names senders say who of sales it was."""
_UNANSWERED = frozenset({"no_answer", "voicemail", "left_voicemail", "busy", "failed", "wrong_number", "not_answered"})


def keys(event: Touchpoint) -> Iterable[Key]:
    """Itself and the person, where it is an act of sales."""
    if event.person_id is None or not _by_sales(event):
        return []
    return [Key("touchpoint", event.id), Key("person", event.person_id)]


def on_touchpoint(event: Touchpoint, session: Handing) -> None:
    """Keep an act of sales."""
    if event.person_id is not None and _by_sales(event):
        counts = not (event.bot or event.withdrawn or _unanswered(event.properties))
        # One that its sender dates ahead must not give a delay that is still to come.
        occurred_at = Instant(min(event.occurred_at, event.received_at))
        actor = _actor(event.properties)
        act = SalesAct(event.id, event.person_id, event.revision, occurred_at, event.kind, actor, counts)
        session.sales_did(act)


def _by_sales(event: Touchpoint) -> bool:
    return event.kind == _PROSPECTED or (event.kind in CONTACTS and event.department == "sales")


def _unanswered(properties: dict[str, Any]) -> bool:
    return str(properties.get("outcome", "")).strip().casefold().replace(" ", "_") in _UNANSWERED


def _actor(properties: dict[str, Any]) -> str | None:
    return next((value for name in _ACTORS if isinstance(value := properties.get(name), str) and value), None)
