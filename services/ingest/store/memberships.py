"""Who was named with which account, in SQL: the earliest time by each rule, sort of sender and statement."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from sqlalchemy import Row, select, true, update

from services.ingest.domain.accounts import Membership, Source
from services.ingest.domain.identity import Identifier, identifier
from services.ingest.store.tables import ACCOUNT_MEMBERS, IDENTIFIERS
from shared.db.dialect import Upsert
from shared.db.work import Reader, Work

_SAVE = Upsert(
    ACCOUNT_MEMBERS,
    columns=("identifier", "account", "rule", "trusted", "statement", "at", "event_id"),
    conflict=("identifier", "account", "rule", "trusted", "statement"),
    update=("at", "event_id"),
)


async def of(reader: Reader, members: Iterable[Identifier]) -> Sequence[Membership]:
    """Which accounts these identifiers were named with."""
    named = sorted(set(map(str, members)))
    if not named:
        return ()
    found = select(ACCOUNT_MEMBERS).where(reader.among(ACCOUNT_MEMBERS.c.identifier, named))
    return [_membership(row) for row in await reader.rows(found)]


async def keep(work: Work, memberships: Iterable[Membership], waiting: Collection[Identifier]) -> set[Identifier]:
    """Keep the earliest of each, and mark who is named and who is `waiting`; answers those of whom the first is
    news."""
    earliest: dict[tuple[object, ...], Membership] = {}
    for one in sorted(memberships, key=lambda one: one.order, reverse=True):
        earliest[_key(one)] = one
    known = {_key(one): one for one in await of(work, (one.identifier for one in earliest.values()))}
    news = {key: one for key, one in earliest.items() if key not in known or one.order < known[key].order}
    await work.write(_SAVE, sorted((*key, *one.order) for key, one in news.items()))
    named = {one.identifier for one in news.values()}
    if marked := sorted(map(str, {*named, *waiting})):
        await work.execute(update(IDENTIFIERS).where(work.among(IDENTIFIERS.c.id, marked)).values(grouped=true()))
    return named


def _membership(row: Row[Any]) -> Membership:
    source = Source(row.rule, row.trusted, row.at, row.event_id)
    return Membership(identifier(row.identifier), row.account, source, row.statement)


def _key(one: Membership) -> tuple[str, str, str, bool, str]:
    return str(one.identifier), one.account_id, one.source.rule, one.source.trusted, one.statement
