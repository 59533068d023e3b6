"""A deal was opened, changed or closed: its owner has the people on it, and its end is that of their hand-off."""

from collections.abc import Iterable

from services.handoff.handlers.handing import Handing
from services.handoff.ports import KeptDeal
from shared.contracts.deals import Deal
from shared.kernel.instant import Instant
from shared.kernel.keys import Key


def keys(event: Deal) -> Iterable[Key]:
    """The deal, and everyone who is on it now; whoever was before is found with the deal."""
    return [Key("deal", event.id), *(Key("person", person.person_id) for person in event.people)]


def on_deal(event: Deal, session: Handing) -> None:
    """Keep a deal."""
    at = Instant(event.closed_at if event.closed_at is not None else event.occurred_at)
    people = tuple(sorted({person.person_id for person in event.people}))
    session.deal(KeptDeal(event.id, event.version, event.revision, event.status, event.owner, at, people))
