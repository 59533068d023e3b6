"""What came through the doors reached the log: keep it, and name what it may touch."""

from collections.abc import Iterable

from services.ingest.handlers.deal_versions import contact_identifiers
from services.ingest.handlers.resolving import Resolving
from services.ingest.handlers.understanding import understand
from shared.contracts.deals import CollectedDeal
from shared.contracts.touchpoints import CollectedTouchpoint, RejectedTouchpoint
from shared.kernel.keys import Key


def touchpoint_keys(event: CollectedTouchpoint) -> Iterable[Key]:
    """The identifiers an event names somebody by."""
    return [Key("identifier", str(member)) for member in understand(event).identifiers]


def deal_keys(event: CollectedDeal) -> Iterable[Key]:
    """The identifiers of a deal's contacts."""
    return [Key("identifier", str(m)) for contact in event.contacts for m in contact_identifiers(contact)]


def reject_keys(_event: RejectedTouchpoint) -> Iterable[Key]:
    """A reject touches nobody."""
    return ()


def on_touchpoint_collected(event: CollectedTouchpoint, session: Resolving) -> None:
    """Keep an event of a visitor or a back end."""
    session.keep_call(event)


def on_deal_collected(event: CollectedDeal, session: Resolving) -> None:
    """Keep a version of a deal."""
    session.keep_deal(event)


def on_touchpoint_rejected(event: RejectedTouchpoint, session: Resolving) -> None:
    """Keep a reject with its reasons."""
    session.keep_reject(event)
