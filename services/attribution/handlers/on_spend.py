"""Somebody said what a day of a channel or a campaign cost: keep it.

Promises: the highest (version, event id) holds, whatever arrives first. Leaves out: what it is held against; that is
asked for. No row is locked for it: it is written by its own id, and only by what is newer.
"""

from collections.abc import Iterable

from services.attribution.handlers.attributing import Attributing
from shared.contracts.spend import CollectedSpend
from shared.kernel.keys import Key


def keys(_event: CollectedSpend) -> Iterable[Key]:
    """Spend touches nobody."""
    return ()


def on_spend(event: CollectedSpend, session: Attributing) -> None:
    """Keep a day's spend."""
    session.keep_spend(event)
