"""What ingest holds of a person: the record of what they did, what names them, and on which deals."""

from collections.abc import Collection, Sequence
from typing import Any

from msgspec import json
from sqlalchemy import Column, ColumnElement, Select, false, or_, select

from services.ingest.domain.identity import identifier
from services.ingest.store.erasures import absence
from services.ingest.store.tables import (
    ACCOUNT_MEMBERS,
    CLAIMS,
    DEAL_CONTACTS,
    IDENTIFIERS,
    OPERATOR_ACTS,
    PEOPLE,
    REJECTED,
    TIMELINE,
    TOUCHPOINTS,
    TRAITS,
)
from shared.db.export import Section
from shared.db.work import Reader
from shared.kernel.errors import Erased


async def sections(reader: Reader, person_ids: Collection[str]) -> Sequence[Section]:
    """The sections of somebody by all their ids; none where nobody has these ids. Raises Erased."""
    people = select(PEOPLE.c.id, PEOPLE.c.component, PEOPLE.c.card).where(reader.among(PEOPLE.c.id, [*person_ids]))
    if not await reader.rows(people):
        missing = await absence(reader, next(iter(person_ids), None))
        if isinstance(missing, Erased):
            raise missing
        return ()
    owned = select(IDENTIFIERS.c.id, IDENTIFIERS.c.component, IDENTIFIERS.c.consent)
    owned = owned.where(reader.among(IDENTIFIERS.c.person, [*person_ids]))
    names = [row.id for row in await reader.rows(owned)]
    # Of a deal no more than the contact: its body names others too.
    contacts = select(DEAL_CONTACTS).where(reader.among(DEAL_CONTACTS.c.identifier, names))
    claims = select(CLAIMS).where(_naming(CLAIMS.c.identifiers, names))
    decided = select(OPERATOR_ACTS).where(OPERATOR_ACTS.c.statement.in_(claims.with_only_columns(CLAIMS.c.id)))
    steps = select(TIMELINE).where(reader.among(TIMELINE.c.person, [*person_ids]))
    accounts = select(ACCOUNT_MEMBERS).where(reader.among(ACCOUNT_MEMBERS.c.identifier, names))
    return (
        Section("people", people, (PEOPLE.c.id,), ("card",)),
        Section("identifiers", owned, (IDENTIFIERS.c.id,), ("consent",)),
        Section("claims", claims, (CLAIMS.c.id,), ("identifiers",)),
        Section("account_members", accounts, tuple(ACCOUNT_MEMBERS.primary_key)),
        Section("operator_acts", decided, (OPERATOR_ACTS.c.id,)),
        Section("timeline", steps, (TIMELINE.c.id,), ("body",)),
        Section(
            "traits",
            select(TRAITS).where(reader.among(TRAITS.c.identifier, names)),
            (TRAITS.c.identifier, TRAITS.c.name),
            ("value",),
        ),
        Section(
            "touchpoints",
            select(TOUCHPOINTS).where(reader.among(TOUCHPOINTS.c.person, [*person_ids])),
            (TOUCHPOINTS.c.occurred_at, TOUCHPOINTS.c.id),
            ("body",),
        ),
        Section("deal_contacts", contacts, (DEAL_CONTACTS.c.identifier, DEAL_CONTACTS.c.deal_id)),
        Section("rejected", _refused(names), (REJECTED.c.seq,), ("codes", "reasons")),
    )


def _naming(column: Column[str], names: Collection[str]) -> ColumnElement[bool]:
    """Whether a JSON list of texts holds one of these."""
    listed = [column.contains(json.encode(name).decode(), autoescape=True) for name in names]
    return or_(false(), *listed)


def _refused(names: Collection[str]) -> Select[Any]:
    """What was refused at a door and speaks of somebody. A browser's id may be short and stand in anybody's text."""
    values = [found.value for name in names if (found := identifier(name)).strong]
    speaking = [REJECTED.c.body.contains(json.encode(value).decode(), autoescape=True) for value in values]
    return select(REJECTED).where(or_(REJECTED.c.message_id.in_(values), *speaking))
