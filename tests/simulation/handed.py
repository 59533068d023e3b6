"""What hand-off makes of calls and deals, held against the plain model: every difference as a sentence."""

from collections.abc import Collection, Iterator, Mapping

from msgspec import json

from services.handoff.ports import Kept
from shared.kernel.stand_ins import stands_in
from tests.reference.handed import Handed
from tests.reference.happened import Name
from tests.reference.people import People, standing
from tests.reference.stages import Walk
from tests.simulation.cluster import Run
from tests.simulation.reading import root_of, rows
from tests.simulation.world import World

_QUALIFIED = ("mql", "sal", "sql", "opportunity", "customer", "repeat_customer")
_ENDS = ("recycled", "customer", "repeat_customer")


def of_handed(world: World, people: People, names: Mapping[str, frozenset[Name]], run: Run) -> Iterator[str]:
    """Contacts and ends of the hand-offs of everybody who was not erased; `names` of each person."""
    into = dict(rows(run.folder, "handoff", "select id, into_id from people"))
    for (body,) in rows(run.folder, "handoff", "select body from handoffs"):
        kept = json.decode(body, type=Kept)
        if stands_in(kept.handoff.person_id):
            continue
        whose = names.get(root_of(kept.handoff.person_id, into))
        if whose is None:
            yield f"{kept.handoff} is of nobody there is"
        else:
            yield from _of_one(kept, whose, world, people)


def of_owners(owners: Mapping[str, str | None], reachable: Collection[str], run: Run) -> Iterator[str]:
    """Each hand-off is of whoever owns what caused it, of those who can be reached."""
    into = dict(rows(run.folder, "handoff", "select id, into_id from people"))
    caused = "select promotion_id, id from touches where promotion_id is not null"
    cause_of = dict(rows(run.folder, "scoring", caused))
    for (body,) in rows(run.folder, "handoff", "select body from handoffs"):
        handoff = json.decode(body, type=Kept).handoff
        owner = owners.get(cause_of.get(handoff.promotion_id, ""))
        if owner in reachable and root_of(handoff.person_id, into) != owner:
            yield f"{handoff} came of what {owner} did"


def of_standing(ways: Mapping[str, tuple[Walk, Collection[str]]], run: Run) -> Iterator[str]:
    """Of each hand-off its cycle, by how its person went, and of an open one whether its promotion stands, as CRMs have
    heard last; with each way what of theirs named somebody erased."""
    into = dict(rows(run.folder, "handoff", "select id, into_id from people"))
    caused = "select promotion_id, id from touches where promotion_id is not null"
    cause_of = dict(rows(run.folder, "scoring", caused))
    for (body,) in rows(run.folder, "handoff", "select body from handoffs"):
        kept = json.decode(body, type=Kept)
        if stands_in(kept.handoff.person_id):
            continue
        root = root_of(kept.handoff.person_id, into)
        if root not in ways:
            continue  # Nobody there is: said by `of_handed`.
        promotions = (kept.handoff.promotion_id, *(lead.promotion_id for lead in kept.waiting))
        way, blank = ways[root]
        cause = cause_of.get(kept.handoff.promotion_id)
        cycle = None if cause in blank else _cycle(way, blank, cause)  # When that was, nothing outside scoring tells.
        if cycle is not None and kept.handoff.cycle != 1 + cycle:
            yield f"{kept.handoff} is of cycle {1 + cycle}, and its person went {way.steps}"
        if not kept.handoff.is_open:
            continue
        if any(_stands(way, blank, cause_of.get(one)) for one in promotions) is kept.taken_back:
            yield f"{kept.handoff} was {'' if kept.taken_back else 'not '}taken back, and its person went {way.steps}"


def _cycle(way: Walk, blank: Collection[str], cause: str | None) -> int | None:
    """How many cycles had ended before what caused a promotion; None where that is not theirs."""
    return 0 if cause in blank else next((n for n, theirs in enumerate(way.cycles) if cause in theirs), None)


def _stands(way: Walk, blank: Collection[str], cause: str | None) -> bool:
    """Whether somebody qualified in the cycle of what caused a promotion, or later."""
    cycle = _cycle(way, blank, cause)
    ended = 0
    for stage, _, _ in way.steps:
        if cycle is not None and ended >= cycle and stage in _QUALIFIED:
            return True
        ended += stage in _ENDS
    return False


def _of_one(kept: Kept, whose: frozenset[Name], world: World, people: People) -> Iterator[str]:
    handoff, qualified = kept.handoff, kept.handoff.qualified_at is not None
    handed = Handed(handoff.assigned_at, handoff.ended_at, kept.promoted_at or 0, qualified)
    if handoff.reason != "merged":  # That one has only what was done with whom it was handed over as.
        contacts = handed.contacts([each for each in world.happenings if people.of(each) == whose])
        if contacts != (handoff.attempts, handoff.contacted_at):
            yield f"{handoff} has had the contacts {contacts}"
    if handoff.status not in ("rejected", "recycled"):
        deals = [deal for deal in standing(world.versions).values() if whose in people.on(deal.contacts)]
        ended = (handoff.reason, handoff.ended_at) if handoff.reason in ("won", "lost") else None
        if ended != handed.ending(deals):
            yield f"{handoff} was ended by {handed.ending(deals)}"
