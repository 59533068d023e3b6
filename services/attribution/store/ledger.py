"""The facts of attribution in SQL, for one batch: read under the locks of the people they belong to.

Every statement is for the whole batch. Deals are locked after all their people, so whoever holds a person knows
that no deal with them on it changes meanwhile.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from msgspec import json
from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.orm import aliased

from services.attribution.domain.credit import Credit
from services.attribution.domain.deal import close_of
from services.attribution.domain.touch import Touch
from services.attribution.ports import Derived, KeptTouch, Published, Surroundings
from services.attribution.store.tables import ACCOUNTS, CREDITS, DEAL_HISTORY, DEAL_PEOPLE, DEALS, JOURNEYS, TOUCHES
from shared.contracts.deals import Deal
from shared.db.dialect import Upsert
from shared.db.people import People, lock_people, members_of, roots_of
from shared.db.work import Work
from shared.kernel.errors import NotLoaded
from shared.kernel.keys import Key, of_kind

_KEEP_TOUCH = Upsert(
    TOUCHES,
    conflict=("id",),
    update=("owner", "revision", "occurred_at", "body"),
    newer=("revision",),
)
_ENSURE_ACCOUNT = Upsert(ACCOUNTS, conflict=("id",))
_KEEP_DEAL = Upsert(
    DEALS,
    conflict=("id",),
    update=("version", "revision", "status", "amount_minor", "currency", "closed_at", "account_id", "body"),
    newer=("version", "revision"),
)
_KEEP_DEAL_PEOPLE = Upsert(DEAL_PEOPLE, conflict=("person_id", "deal_id"))
_KEEP_VERSION = Upsert(
    DEAL_HISTORY, conflict=("deal_id", "version"), update=("revision", "body"), newer=("revision",)
)
_KEEP_JOURNEY = Upsert(JOURNEYS, conflict=("deal_id",), update=("charter", "body"))
_ADD_CREDIT = Upsert(CREDITS)


async def open_ledger(work: Work, keys: frozenset[Key]) -> tuple[People, "SqlLedger"]:
    """Lock everyone the keys lead to, then their accounts, then read what the batch may touch."""
    ledger = SqlLedger(work)
    await ledger.load(keys)
    leading = await ledger.leads_to(keys)
    people = await lock_people(work, sorted(leading.people))
    await ledger.lock_accounts(leading.accounts)
    await ledger.load(keys)
    again = await ledger.leads_to(keys)
    if not again <= leading:
        raise NotLoaded(())  # An owner changed while we waited for the locks: redo at once, from the top.
    ledger.locked = frozenset(leading.people)
    return people, ledger
