"""A touchpoint arrived, or arrived again with a new owner: keep it as a fact.

Promises: the highest revision wins; both its old and its new person are derived again.
Leaves out: what it means (domain/lifecycle.py decides, once per batch and person).
"""

from collections.abc import Iterable

from services.scoring.domain.facts import Touch
from services.scoring.handlers.scoring import Scoring
from services.scoring.ports import KeptTouch
from shared.contracts.touchpoints import Touchpoint
from shared.kernel.keys import Key


def keys(event: Touchpoint) -> Iterable[Key]:
    """Itself, which leads to whom it belonged to so far, and whom it belongs to now."""
    found = [Key("touchpoint", event.id)]
    return found if event.person_id is None else [*found, Key("person", event.person_id)]


def on_touchpoint(event: Touchpoint, session: Scoring) -> None:
    """Keep a touchpoint."""
    session.keep_touch(KeptTouch(_touch(event), event.person_id, event.revision))


def _touch(event: Touchpoint) -> Touch:
    counts = not (event.bot or event.withdrawn or event.vanity) and event.consent.get("scoring", True)
    return Touch(
        id=event.id,
        occurred_at=event.occurred_at,
        call_type=event.type,
        kind=event.kind,
        name=event.name,
        channel=event.channel,
        direction=event.direction,
        department=event.department,
        page_path=event.page.get("path"),
        properties=event.properties,
        counts=counts,
    )
