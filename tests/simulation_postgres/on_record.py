"""What is wrong with what three services have on record, once all is quiet: each by its own facts, told afresh.

A lost update is seen without a second model: what is stored differs from what the stored facts give.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from msgspec import json
from sqlalchemy import select

from services.attribution.handlers.deriving import derive
from services.attribution.ports import Surroundings
from services.attribution.store.ledger import open_ledger
from services.attribution.store.tables import ACCOUNT_PEOPLE, CREDITS, JOURNEYS
from services.attribution.store.tables import DEALS as ATTRIBUTED_DEALS
from services.attribution.store.tables import TOUCHES as ATTRIBUTED_TOUCHES
from services.ingest.domain.acts import OperatorAct
from services.ingest.domain.identity import BrowserClaim, Claim, Identifier, identifier, owner_of, statement_id
from services.ingest.domain.people import settle
from services.ingest.domain.telling import withdrawn
from services.ingest.store.identities import claim_of, named
from services.ingest.store.tables import (
    BROWSER_CLAIMS,
    CLAIMS,
    COMPONENTS,
    IDENTIFIERS,
    OPERATOR_ACTS,
    PEOPLE,
    TOUCHPOINTS,
)
from services.scoring.domain.facts import NOBODY
from services.scoring.domain.lifecycle import refold
from services.scoring.store.ledger import lead, read_cards, read_facts
from services.scoring.store.tables import LEADS, TOUCHES
from shared.contracts import topics
from shared.contracts.deals import Deal
from shared.contracts.envelope import decode
from shared.contracts.topics import TYPES
from shared.contracts.touchpoints import PersonIdentified, Touchpoint
from shared.db.engine import Database
from shared.db.people import members_of, roots_of
from shared.db.work import Reader, Work
from shared.kernel.errors import NotLoaded
from shared.kernel.keys import Key
from shared.testing.table_log import TableLog
from tests.handlers.ingest.resolver import belongings
from tests.simulation_postgres.journeys import ATTRIBUTION_RULES, SCORING_RULES
from tests.simulation_postgres.story import Belongings

Published = dict[str, tuple[str | None, int]]
"""Of each touchpoint: under whom and in which revision it was published last."""


async def published(ingest: Database) -> Published:
    """What the resolver says it has published."""
    async with ingest.read() as reader:
        rows = await reader.rows(select(TOUCHPOINTS.c.id, TOUCHPOINTS.c.person, TOUCHPOINTS.c.revision))
    return {row.id: (row.person, row.revision) for row in rows}


async def heard(databases: Mapping[str, Database]) -> tuple[Published, Published]:
    """What scoring has heard, and what attribution has: it keeps no calls that only say who somebody is."""
    found: list[Published] = []
    for name, table in (("scoring", TOUCHES), ("attribution", ATTRIBUTED_TOUCHES)):
        async with databases[name].read() as reader:
            rows = await reader.rows(select(table.c.id, table.c.owner, table.c.revision))
        found.append({row.id: (row.owner, row.revision) for row in rows})
    return found[0], found[1]


async def on_the_log(log: TableLog) -> Published:
    """The highest revision of each touchpoint that lies on the log."""
    found: dict[str, Touchpoint] = {}
    for record in await log.content(topics.TOUCHPOINTS.name):
        told = decode(record.value, record.headers, TYPES).data
        if isinstance(told, Touchpoint):
            found[told.id] = max(told, found.get(told.id, told), key=lambda one: one.revision)
    return {name: (told.person_id, told.revision) for name, told in found.items()}


async def owned(database: Database, last: Published) -> Belongings:
    """The touchpoints of each person, by the aliases that a service knows."""
    async with database.read() as reader:
        roots = await roots_of(reader, {person for person, _ in last.values() if person})
    return belongings((name, roots[person]) for name, (person, _) in last.items() if person)


async def wrong_leads(scoring: Database) -> set[str]:
    """The people whose stored state is not what all their facts give."""
    async with scoring.read() as reader:
        leads = {row.person_id: lead(row) for row in await reader.rows(select(LEADS))}
        roots = set((await roots_of(reader, leads)).values())
        members = await members_of(reader, roots)
        facts, cards = await read_facts(reader, members), await read_cards(reader, roots)
    right = {
        root: refold(cards[root].card if root in cards else NOBODY, SCORING_RULES, of.touches, of.outcomes, of.deals)
        for root, of in facts.items()
    }
    stored = {name: one.state for name, one in leads.items() if not one.alias}
    return {name for name in right.keys() | stored.keys() if right.get(name) != stored.get(name)}


async def wrong_deals(attribution: Database) -> set[str]:
    """The deals whose stored journey or credits are not what all facts give."""
    async with attribution.work() as work:
        ids = [row.id for row in await work.rows(select(ATTRIBUTED_DEALS.c.id))]
        deals, around = await _around(work, ids)
        right = derive(deals, around, ATTRIBUTION_RULES)
        journeys = {row.deal_id: row.body for row in await work.rows(select(JOURNEYS))}
        credited = {
            (row.deal_id, row.model, row.n): (row.interaction_id, row.person_id, row.share, row.amount_minor)
            for row in await work.rows(select(CREDITS))
        }
    wrong = {one.journey.deal_id for one in right if journeys.get(one.journey.deal_id) != json.encode(one.journey)}
    due = {
        (one.journey.deal_id, model, number): (
            credit.interaction_id, credit.person_id, str(credit.share), credit.amount_minor,
        )
        for one in right for model, every in one.credits.items() for number, credit in enumerate(every)
    }  # fmt: skip
    return wrong | {key[0] for key in due.keys() | credited.keys() if due.get(key) != credited.get(key)}


async def _around(work: Work, deal_ids: Sequence[str]) -> tuple[Sequence[Deal], Surroundings]:
    """Deals and all that their credit depends on, locked as a batch locks them."""
    keys = frozenset(Key("deal", deal_id) for deal_id in deal_ids)
    while True:
        try:
            _, ledger = await open_ledger(work, keys)
            deals = await ledger.dirty((), deal_ids, ())
            return deals, await ledger.surroundings(deals)
        except NotLoaded as missing:
            keys |= {key for key in missing.keys if isinstance(key, Key)}


async def acts(ingest: Database) -> list[OperatorAct]:
    """What operators decided, in time."""
    found = select(OPERATOR_ACTS, CLAIMS.c.identifiers).join(CLAIMS, CLAIMS.c.id == OPERATOR_ACTS.c.statement)
    async with ingest.read() as reader:
        rows = await reader.rows(found.order_by(OPERATOR_ACTS.c.at, OPERATOR_ACTS.c.id))
    return [OperatorAct(row.kind, named(row.identifiers), row.at, row.who, row.event_id) for row in rows]


async def belonging(ingest: Database, attribution: Database) -> bool:
    """Whether attribution has everybody in the accounts that ingest's cards name."""
    async with ingest.read() as reader:
        rows = await reader.rows(select(PEOPLE.c.card).where(PEOPLE.c.into_id.is_(None)))
    cards = [json.decode(row.card, type=PersonIdentified) for row in rows]
    told = {
        (name, card.person_id)
        for card in cards
        for account in card.accounts
        for name in (account.id, account.domain)
        if name is not None
    }
    async with attribution.read() as reader:
        kept = {(row.account, row.person_id) for row in await reader.rows(select(ACCOUNT_PEOPLE))}
    standing = {card.person_id for card in cards}
    return told == {(account, person) for account, person in kept if person in standing}


class Graph:
    """What the resolver has on record of who is who."""

    def __init__(self, people: Mapping[Identifier, str], components: Mapping[Identifier, str]) -> None:
        self.people = people
        """By identifier, the person it stands for now."""
        self.components = components
        """By identifier, the root of its component."""
        self.contested: set[Identifier] = set()
        self.claims: defaultdict[str, list[Claim]] = defaultdict(list)


async def _graph(reader: Reader) -> Graph:
    above = {row.id: row.parent for row in await reader.rows(select(COMPONENTS))}

    def top(component: str) -> str:
        while (parent := above[component]) is not None:
            component = parent
        return component

    rows = await reader.rows(select(IDENTIFIERS).where(IDENTIFIERS.c.component.is_not(None)))
    roots = await roots_of(reader, {row.person for row in rows})
    graph = Graph(
        {identifier(row.id): roots[row.person] for row in rows},
        {identifier(row.id): top(row.component) for row in rows},
    )
    graph.contested.update(identifier(row.id) for row in rows if row.contested)
    for row in await reader.rows(select(CLAIMS)):
        graph.claims[top(row.component)].append(claim_of(row))
    return graph


async def wrong_people(ingest: Database) -> set[str]:
    """The components whose people, and the touchpoints whose owners, are not what all claims give."""
    async with ingest.read() as reader:
        graph = await _graph(reader)
        torn = {
            root
            for root, claims in graph.claims.items()
            if any(graph.components.get(member) != root for claim in claims for member in claim.identifiers)
        }
        return torn | _unsettled(graph) | await _misowned(reader, graph)


def _unsettled(graph: Graph) -> set[str]:
    wrong: set[str] = set()
    for root in {*graph.claims, *graph.components.values()}:
        settled = settle(graph.claims[root], {})
        inside = {member for member, component in graph.components.items() if component == root}
        by_person: defaultdict[str, set[Identifier]] = defaultdict(set)
        for member in inside:
            by_person[graph.people[member]].add(member)
        stored = {frozenset(members) for members in by_person.values()}
        if stored != set(settled.members.values()) or inside & graph.contested != settled.contested:
            wrong.add(root)
    return wrong


async def _misowned(reader: Reader, graph: Graph) -> set[str]:
    silent = {statement_id(named) for every in graph.claims.values() for named in withdrawn(every)}
    claims: defaultdict[str, list[BrowserClaim]] = defaultdict(list)
    joined = select(BROWSER_CLAIMS, TOUCHPOINTS.c.statement)
    joined = joined.join(TOUCHPOINTS, TOUCHPOINTS.c.id == BROWSER_CLAIMS.c.touchpoint_id)
    for row in await reader.rows(joined):
        if row.statement in silent:
            continue
        claims[row.browser].append(BrowserClaim(row.at, row.touchpoint_id, identifier(row.holder)))
    rows = await reader.rows(select(TOUCHPOINTS).where(TOUCHPOINTS.c.holder.is_not(None)))
    roots = await roots_of(reader, {row.person for row in rows if row.person})
    wrong: set[str] = set()
    for row in rows:
        holder = identifier(row.holder)
        if holder in graph.contested:
            holder = owner_of(claims[row.holder], row.occurred_at, row.id) or holder
        if graph.people.get(holder) != (roots[row.person] if row.person else None):
            wrong.add(row.id)
    return wrong
