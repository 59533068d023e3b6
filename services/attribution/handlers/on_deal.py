"""A deal was opened, changed or closed: keep this version of it.

Promises: the highest (version, revision) holds; every version stays in the history.
Leaves out: its credit, and that of the buyer's other deals, which is derived once per batch.
"""

from collections.abc import Iterable

from services.attribution.handlers.attributing import Attributing
from shared.contracts.deals import Deal
from shared.kernel.keys import Key


def keys(event: Deal) -> Iterable[Key]:
    """The deal, which leads to whoever was on it, everyone who is on it now, and the buyer's account."""
    account = [] if event.account is None else [Key("account", event.account.id)]
    return [Key("deal", event.id), *account, *(Key("person", person.person_id) for person in event.people)]


def on_deal(event: Deal, session: Attributing) -> None:
    """Keep a deal."""
    session.keep_deal(event)
