"""A deal was opened, changed or closed: it moves the stages of the people on it."""

from collections.abc import Iterable

from services.scoring.domain.facts import DealFact
from services.scoring.handlers.scoring import Scoring
from services.scoring.ports import KeptDeal
from shared.contracts.deals import Deal
from shared.kernel.keys import Key


def keys(event: Deal) -> Iterable[Key]:
    """The deal, which leads to whoever was on it, and everyone who is on it now."""
    return [Key("deal", event.id), *(Key("person", person.person_id) for person in event.people)]


def on_deal(event: Deal, session: Scoring) -> None:
    """Keep a deal."""
    # A lost deal may not say when it was: then it closed when that was said.
    closed_at = event.occurred_at if event.closed_at is None and event.status != "open" else event.closed_at
    fact = DealFact(event.id, event.status, event.created_at, closed_at)
    people = tuple(sorted({person.person_id for person in event.people}))
    session.keep_deal(KeptDeal(fact, event.version, event.revision, people))
