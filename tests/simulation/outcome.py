"""What a run left behind, held against the plain model: every difference as a sentence.

Equal means equal but for the ids of people, aliases, and what was sent when.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

from msgspec import json

from services.handoff.domain.lead import OPEN
from services.scoring.domain.state import State
from shared.contracts.handoffs import HandoffActed
from shared.contracts.leads import LeadQualified, StageEntry
from shared.contracts.touchpoints import PersonIdentified
from shared.kernel.ids import derived
from shared.kernel.stand_ins import stand_in
from tests.reference.accounts import Accounts, Told
from tests.reference.credit import Credit, Nobody, earned_by_deal
from tests.reference.happened import Answer, Decision, Name
from tests.reference.people import People, standing
from tests.reference.stages import Walk, walk
from tests.simulation.cluster import GuardsOf, Run, Stores, simulated
from tests.simulation.erased import nobodies, of_erasures, told_apart, who_is_erased
from tests.simulation.handed import of_handed, of_owners, of_standing
from tests.simulation.reading import name_of, published, root_of, rows
from tests.simulation.sales import bodies_differ
from tests.simulation.world import World, world

Person = frozenset[Name]


@dataclass(frozen=True)
class Way:
    """How a person went, and what of theirs named somebody erased: it is no act of theirs any more, while what sales
    did because of it, they did."""

    walk: Walk
    blank: frozenset[str]


@dataclass(frozen=True)
class Resolved:
    """What ingest says, with people told by their names."""

    root: Mapping[str, str]
    names: Mapping[str, Person]
    owners: Mapping[str, str | None]
    """The person (never an alias) of every touchpoint."""
    deals: Mapping[str, tuple[int, frozenset[Person]]]


def outcome(seed: int, stores: Stores, guards: GuardsOf | None = None, schedule: int = 1) -> list[str]:
    """Run a seed by one of its schedules; everything that is not as the model says."""
    there = world(seed)
    run = simulated(seed, there.arrivals, stores, guards, schedule)
    return [f"never settled: {run.left}"] if run.left else differences(there, run)


def differences(world: World, run: Run) -> list[str]:
    """Everything in which the run is not what the model says; empty where all is well."""
    erased = who_is_erased(world, run.folder)
    left = replace(world, happenings=erased.kept(world.happenings), versions=erased.on_deals(world.versions))
    rests = told_apart(erased.rests(world.happenings, world.versions), run.folder)
    people = People(left.happenings, left.versions, _decisions(run), rests)
    resolved = _resolved(run.folder)
    return [
        *_of_the_record(world, run),
        *of_erasures(world, erased, run),
        *_of_decisions(run),
        *_of_people(left, people, resolved),
        *_of_accounts(left, people, resolved, run),
        *_of_scoring(ways := _ways(left, people, resolved, run), resolved, run),
        *_of_promotions(left, run),
        *_of_credit(left, people, nobodies(world, run.folder), run),
        *_of_what_became(run),
        *_of_handoffs(resolved, run),
        *of_handed(left, people, resolved.names, run),
        *of_standing({person: (way.walk, way.blank) for person, way in ways.items()}, run),
        *of_owners(resolved.owners, [one for one, names in resolved.names.items() if _reachable(names)], run),
    ]


def _resolved(folder: Path) -> Resolved:
    into = dict(rows(folder, "ingest", "select id, into_id from people"))
    root = {person: root_of(person, into) for person in into}
    names: dict[str, set[Name]] = {}
    for identifier, person in rows(folder, "ingest", "select id, person from identifiers where person is not null"):
        names.setdefault(root[person], set()).add(name_of(identifier))
    named = {person: frozenset(held) for person, held in names.items()}
    touchpoints = rows(folder, "ingest", "select id, person from touchpoints where state is null")
    deals = {
        deal: (version, frozenset(named[root[one["person_id"]]] for one in json.decode(on_deal)))
        for deal, version, on_deal in rows(folder, "ingest", "select id, version, people from deals")
    }
    owners = {touch: None if person is None else root[person] for touch, person in touchpoints}
    return Resolved(root, named, owners, deals)


def _of_the_record(world: World, run: Run) -> Iterator[str]:
    stored = Counter(row[0] for row in rows(run.folder, "ingest", "select id from touchpoints"))
    sent = {happening.id for happening in world.happenings}
    yield from (f"{touch} is lost" for touch in sent - stored.keys())
    yield from (f"{touch} is on record {count} times" for touch, count in stored.items() if count != 1)
    broken = "select topic, partition, record_offset, count(*) from dead_letters group by 1, 2, 3"
    letters = rows(run.folder, "ingest", broken)
    yield from (f"{letter} was set aside more than once" for *letter, count in letters if count != 1)
    if len(letters) != world.broken:
        yield f"{len(letters)} records were set aside, not {world.broken}"
    strays = rows(run.folder, "scoring", "select reason from dead_letters")
    yield from (f"scoring set aside what ingest said: {reason}" for (reason,) in strays)


def _decisions(run: Run) -> list[Decision]:
    """What operators decided, as ingest keeps it."""
    statement = "select a.id, a.at, a.kind, c.identifiers from operator_acts a join claims c on c.id = a.statement"
    return [
        Decision(act_id, at, kind in ("merge", "accept"), tuple(map(name_of, json.decode(named))))
        for act_id, at, kind, named in rows(run.folder, "ingest", statement)
    ]


def _of_decisions(run: Run) -> Iterator[str]:
    """What operators were told of is on record, once, and nothing else is. What they said of the erased went with them,
    and so did what they were answered: who asked again then was refused."""
    forgetful = bool(rows(run.folder, "ingest", "select id from erasures"))
    kept: dict[str, list[str]] = {}
    for who, act in rows(run.folder, "ingest", "select who, id from operator_acts"):
        kept.setdefault(who, []).append(act)
    for key, told in run.decided.items():
        done = kept.pop(key, [])
        one = len(done) == 1 or (forgetful and not done)
        if not one if told is None or (forgetful and not told and done) else not _on_record(done, told, forgetful):
            yield f"{key} was told of {told}, and {done} is on record"
    yield from (f"{key} decided unasked" for key in kept)


def _on_record(done: Sequence[str], told: Sequence[str], forgetful: bool) -> bool:
    return set(done) <= set(told) if forgetful else sorted(done) == sorted(told)


def _of_accounts(world: World, people: People, resolved: Resolved, run: Run) -> Iterator[str]:
    """Cards name the accounts that everything said so far gives, the current one first."""
    accounts = Accounts(people, world.versions)
    for person, card in rows(run.folder, "ingest", "select id, card from people where into_id is null"):
        names = resolved.names.get(person, frozenset())
        on_card = json.decode(card, type=PersonIdentified).accounts
        found = [Told(one.id, one.name, one.domain, one.since or 0) for one in on_card]
        if found != (expected := accounts.of(names)):
            yield f"{sorted(names)} belongs to {expected}, not to {found}"


def _of_people(world: World, people: People, resolved: Resolved) -> Iterator[str]:
    found, expected = set(resolved.names.values()), {frozenset(person) for person in people.person.values()}
    yield from (f"nobody is {sorted(person)}" for person in expected - found)
    yield from (f"there is no such person as {sorted(person)}" for person in found - expected)
    for happening in world.happenings:
        owner = resolved.owners.get(happening.id)
        told = None if owner is None else resolved.names.get(owner)
        if told != people.of(happening):
            yield f"{happening} belongs to {people.of(happening)}, not to {told}"
    for deal, version in standing(world.versions).items():
        held = (version.number, frozenset(people.on(version.contacts)))
        if resolved.deals.get(deal) != held:
            yield f"{deal} is {held}, not {resolved.deals.get(deal)}"


def _of_scoring(ways: Mapping[str, Way], resolved: Resolved, run: Run) -> Iterator[str]:
    into = dict(rows(run.folder, "scoring", "select id, into_id from people"))
    for person, root in resolved.root.items():
        if person in into and root_of(person, into) != root:
            yield f"scoring takes {person} for {root_of(person, into)}, ingest for {root}"
    touches = dict(rows(run.folder, "scoring", "select id, owner from touches"))
    for touch, owner in resolved.owners.items():
        held = touches.get(touch)
        if touch not in touches or (None if held is None else root_of(held, into)) != owner:
            yield f"in scoring {touch} belongs to {held}, in ingest to {owner}"
    states = {
        person: json.decode(state, type=State)
        for person, state in rows(run.folder, "scoring", "select person_id, state from leads where not alias")
    }
    sent = {row[0] for row in rows(run.folder, "scoring", "select id from touches where promotion_id is not null")}
    for person, names in resolved.names.items():
        way, blank = ways[person].walk, ways[person].blank
        state = states.pop(person, None)
        steps = None if state is None else [(e.stage, e.entered_at, e.cause_event_id) for e in state.history]
        if steps != way.steps:
            yield f"{sorted(names)} went {way.steps}, not {steps}"
        if way.causes[-1] is not None and _reachable(names) and not (way.cycles[-1] | blank) & sent:
            yield f"{sorted(names)} was never promoted for {way.causes[-1]}"
    yield from (f"scoring knows {person}, whom nobody else does" for person in states)


def _reachable(names: Person) -> bool:
    return any(kind in ("email", "crm_contact_id") for kind, _ in names)


def _ways(world: World, people: People, resolved: Resolved, run: Run) -> dict[str, Way]:
    """How everybody went."""
    into = dict(rows(run.folder, "scoring", "select id, into_id from people"))
    held = rows(run.folder, "scoring", "select id, owner from touches where owner is not null")
    withdrawn = {touch: root_of(owner, into) for touch, owner in held if touch not in resolved.owners}
    caused = "select promotion_id, id from touches where promotion_id is not null"
    answers = list(_answers(run, dict(rows(run.folder, "scoring", caused))))
    ways = {}
    for person, names in resolved.names.items():
        blank = frozenset(touch for touch, owner in withdrawn.items() if owner == person)
        ways[person] = Way(_way(world, people, names, blank, answers), blank)
    return ways


def _way(world: World, people: People, names: Person, blank: frozenset[str], answers: Sequence[Answer]) -> Walk:
    own = [happening for happening in world.happenings if people.of(happening) == names]
    deals = [version for version in standing(world.versions).values() if names in people.on(version.contacts)]
    ours = {happening.id for happening in own} | blank
    return walk(people.known(names), own, deals, [answer for answer in answers if answer.cause in ours])


def _answers(run: Run, cause_of: Mapping[str, str]) -> Iterator[Answer]:
    """What hand-off said that sales did, each once."""
    for acted in {(data.handoff_id, data.version): data for data in published(run, HandoffActed)}.values():
        act = acted.outcome if acted.act == "rejected" and acted.outcome else acted.act
        if act in ("assigned", "accepted", "sales_qualified", "recycled"):
            answer_id = derived("outcome", acted.handoff_id, str(acted.version))
            if acted.promotion_id in cause_of:
                yield Answer(answer_id, acted.at, act, cause_of[acted.promotion_id])


def _of_credit(world: World, people: People, erased: list[Nobody], run: Run) -> Iterator[str]:
    statement = "select deal_id, model, interaction_id, share, amount_minor from credits order by deal_id, model, n"
    found: dict[tuple[str, str], list[Credit]] = {}
    for deal, model, interaction, share, amount in rows(run.folder, "attribution", statement):
        found.setdefault((deal, model), []).append((interaction, Fraction(share), amount))
    expected = earned_by_deal(world.versions, people, erased)
    renamed = {touch.id: stand_in(touch.id) for one in erased for touch in one.touches}
    for key, split in expected.items():
        earned = [(renamed.get(touch or "", touch), share, amount) for touch, share, amount in split]
        if found.get(key) != earned:
            yield f"{key} is split {earned}, not {found.get(key)}"
    yield from (f"{deal} has credit and is not won" for deal, model in found if (deal, "linear") not in expected)


def _of_what_became(run: Run) -> Iterator[str]:
    """Attribution holds the last history of everybody, every promotion and every act of sales."""
    told = dict(rows(run.folder, "attribution", "select person_id, body from stages"))
    for person, state in rows(run.folder, "scoring", "select person_id, state from leads where not alias"):
        steps = [tuple(entry[:2]) for entry in json.decode(state, type=State).history]
        history = json.decode(told.get(person, b"[]"), type=tuple[StageEntry, ...])
        held = [(entry.stage, entry.entered_at) for entry in history]
        if held != steps:
            yield f"attribution takes {person} to have gone {held}, scoring {steps}"
    kept = {row[0] for row in rows(run.folder, "attribution", "select id from promotions")}
    sent = {lead.promotion_id for lead in published(run, LeadQualified)}
    yield from (f"promotion {one} was sent or kept by attribution, not both" for one in kept ^ sent)
    acts = set(rows(run.folder, "attribution", "select handoff_id, version from handoff_acts"))
    said = {(acted.handoff_id, acted.version) for acted in published(run, HandoffActed)}
    yield from (f"act {act} was said or kept by attribution, not both" for act in acts ^ said)


def _of_promotions(left: World, run: Run) -> Iterator[str]:
    """A promotion is sent once for its cause, kept by scoring and handed over; of the erased it may have been. One that
    was sent of somebody erased stays with its cause, whosever that is, and may have come to hand-off too late."""
    buried = {row[0] for row in rows(run.folder, "ingest", "select id from tombstones")}
    there = {happening.id for happening in left.happenings}
    causes: dict[str, set[str]] = {}
    late = set[str]()
    for lead in published(run, LeadQualified):
        if lead.person_id in buried:
            late.add(lead.promotion_id)
        causes.setdefault(lead.cause_event_id, set()).add(lead.promotion_id)
    gone = {promotion for cause in causes.keys() - there for promotion in causes[cause]}
    sent = {promotion for promotions in causes.values() for promotion in promotions} - gone
    kept = {row[0] for row in rows(run.folder, "scoring", "select promotion_id from touches") if row[0]} - gone
    handed = {row[0] for row in rows(run.folder, "handoff", "select id from promotions")} - gone
    yield from (f"{cause} caused two promotions" for cause, promotions in causes.items() if len(promotions) != 1)
    yield from (f"promotion {one} was sent or kept, not both" for one in sent ^ kept)
    yield from (f"promotion {one} was sent or handed over, not both" for one in (sent ^ handed) - late)


def _of_handoffs(resolved: Resolved, run: Run) -> Iterator[str]:
    """A person has one open hand-off, under the same root as everywhere; what was to be told has arrived."""
    into = dict(rows(run.folder, "handoff", "select id, into_id from people"))
    for person, root in resolved.root.items():
        if person in into and root_of(person, into) != root:
            yield f"hand-off takes {person} for {root_of(person, into)}, ingest for {root}"
    held = rows(run.folder, "handoff", "select person_id, status from handoffs")
    open_ones = Counter(root_of(person, into) for person, status in held if status in OPEN)
    yield from (f"{person} has {count} open hand-offs" for person, count in open_ones.items() if count > 1)
    for webhook, state in rows(run.folder, "handoff", "select webhook_id, state from deliveries"):
        if state != "delivered" or webhook not in run.taken:
            yield f"webhook {webhook} is {state}"
    yield from (f"webhook {webhook} came with two contents" for webhook in bodies_differ(run.taken))
