"""What hand-off makes of calls and deals, held against the plain model: every difference as a sentence."""

from collections.abc import Collection, Iterator, Mapping

from msgspec import json

from services.handoff.ports import Kept
from shared.kernel.stand_ins import stands_in
from tests.reference.handed import Handed
from tests.reference.happened import Name
from tests.reference.people import People, standing
from tests.simulation.cluster import Run
from tests.simulation.reading import root_of, rows
from tests.simulation.world import World


def of_handed(world: World, people: People, names: Mapping[str, frozenset[Name]], run: Run) -> Iterator[str]:
    """Contacts and ends of the hand-offs of everybody who was not erased; `names` of each person."""
    into = dict(rows(run.folder, "handoff", "select id, into_id from people"))
    for (body,) in rows(run.folder, "handoff", "select body from handoffs"):
        kept = json.decode(body, type=Kept)
        if not stands_in(kept.handoff.person_id):
            yield from _of_one(kept, names[root_of(kept.handoff.person_id, into)], world, people)


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
