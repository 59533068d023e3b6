"""A touchpoint arrived, or arrived again with a new owner: keep it as a fact.

Promises: the highest revision wins; the deals of both its old and its new person are derived again.
Leaves out: what it earns (domain/interactions.py and the models decide, once per batch and deal).
"""

from collections.abc import Iterable

from services.attribution.domain.touch import Touch, Why
from services.attribution.handlers.attributing import Attributing
from services.attribution.ports import KeptTouch, Published
from shared.contracts.touchpoints import Touchpoint
from shared.kernel.keys import Key

NO_ACTS = frozenset({"identify", "alias", "group"})
"""Calls that say who somebody is: they are never an interaction."""


def keys(event: Touchpoint) -> Iterable[Key]:
    """Itself, which leads to whom it belonged to so far, and whom it belongs to now."""
    if event.type in NO_ACTS:
        return []
    found = [Key("touchpoint", event.id)]
    return found if event.person_id is None else [*found, Key("person", event.person_id)]


def on_touchpoint(event: Touchpoint, session: Attributing) -> None:
    """Keep a touchpoint."""
    if event.type not in NO_ACTS:
        session.keep_touch(KeptTouch(_touch(event), Published(event.person_id, event.revision)))


def _touch(event: Touchpoint) -> Touch:
    return Touch(
        id=event.id,
        occurred_at=event.occurred_at,
        kind=event.kind,
        channel=event.channel,
        department=event.department,
        direction=event.direction,
        anonymous_id=event.anonymous_id,
        campaign=event.campaign.get("name"),
        utm_source=event.campaign.get("source"),
        content=event.campaign.get("content"),
        source=event.source,
        outcome=_said(event, "outcome"),
        heard_from=_said(event, "heard_from"),
        barred=_barred(event),
    )


def _said(event: Touchpoint, name: str) -> str | None:
    """A property that is a text."""
    value = event.properties.get(name)
    return value if isinstance(value, str) else None


def _barred(event: Touchpoint) -> Why | None:
    if event.withdrawn:
        return Why.WITHDRAWN
    if event.bot:
        return Why.BOT
    if not event.consent.get("analytics", True):
        return Why.CONSENT
    return Why.VANITY if event.vanity else None
