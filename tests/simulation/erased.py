"""Who was erased in a run, and every trace of them that is left: each as a sentence.

Whom an erasure finds is decided by what had come by then; so the model is told which names went and what was emptied.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path

from msgspec import json

from services.ingest.domain.identity import identifier, statement_id
from services.ingest.domain.suppression import suppression_hash
from shared.contracts.deals import Deal
from shared.contracts.touchpoints import Touchpoint
from shared.kernel.stand_ins import stands_in
from tests.reference.credit import Nobody
from tests.reference.erasure import Erased, Rest
from tests.reference.happened import Name
from tests.simulation.cluster import Run
from tests.simulation.erasing import ANSWERING, FORGOTTEN_ACTS, KEY
from tests.simulation.reading import name_of, published, root_of, rows
from tests.simulation.world import World

_NO_ACTS = ("identify", "alias", "group")
_OTHERS = ("scoring", "attribution", "handoff")


def who_is_erased(world: World, folder: Path) -> Erased:
    """What an erasure has found, as ingest keeps it."""
    gone = {row[0] for row in rows(folder, "ingest", "select hash from suppressed")}
    emptied = rows(folder, "ingest", "select id from touchpoints where state = 'erased'")
    claims = rows(folder, "ingest", "select event_id, identifiers from claims where verdict is null")
    return Erased(
        frozenset(one for one in _names(world) if suppression_hash(KEY, identifier(":".join(one))) in gone),
        frozenset(touch for (touch,) in emptied),
        frozenset((event, tuple(map(name_of, json.decode(named)))) for event, named in claims),
    )


def told_apart(rests: list[Rest], folder: Path) -> list[Rest]:
    """The same with what operators had taken back: their word on the erased is forgotten with them."""
    kinds = dict(rows(folder, "ingest", f"{FORGOTTEN_ACTS} order by at, id"))
    back = {statement for statement, kind in kinds.items() if kind in ("split", "refuse")}
    found: list[Rest] = []
    for rest in rests:
        said = statement_id([identifier(":".join(name)) for name in rest.named])
        found += rest.apart() if said in back else [rest]
    return found


def _names(world: World) -> set[Name]:
    """Whatever anybody was called."""
    by_deals = (contact.names() for version in world.versions for contact in version.contacts)
    by_events = (happening.names() for happening in world.happenings)
    return {name for each in (*by_deals, *by_events) for name in each}


def of_erasures(world: World, erased: Erased, run: Run) -> Iterator[str]:
    """Nothing speaks of them any more, nothing was taken under their names, and nobody else lost anything."""
    states = dict(rows(run.folder, "ingest", "select id, state from touchpoints"))
    for happening in world.happenings:
        state, names = states.get(happening.id), happening.names()
        named = not erased.names.isdisjoint(names)
        if named and state is None:
            yield f"{happening} names somebody erased"
        if not named and (state == "suppressed" or (state == "erased" and names[0][0] != "anonymous_id")):
            yield f"{happening} is {state} and names nobody erased"
    yield from _of_ids(run)
    yield from _of_touches(world, states, run)
    yield from _of_traces(erased, run.folder)


def _of_ids(run: Run) -> Iterator[str]:
    """Every service knows the same ids for erased, and says that it has done so."""
    tombs = set(rows(run.folder, "ingest", "select id, erasure from tombstones"))
    for service in _OTHERS:
        buried = rows(run.folder, service, "select person_id, erasure_id from erased")
        if {row for row in buried if not stands_in(row[0])} != tombs:
            yield f"{service} has not buried whom ingest has"
    answered = set(rows(run.folder, "ingest", "select distinct erasure, service from erasure_lines"))
    for (erasure,) in rows(run.folder, "ingest", "select id from erasures"):
        yield from (f"{one} never answered {erasure}" for one in ANSWERING if (erasure, one) not in answered)
    yield from (f"{one} is there and erased" for (one,) in _living(run.folder) if one in {row[0] for row in tombs})


def _of_touches(world: World, states: dict[str, str | None], run: Run) -> Iterator[str]:
    """What the erased did is nobody's in scoring, a stand-in's in attribution; what was kept out came to neither."""
    tombs = {row[0] for row in rows(run.folder, "ingest", "select id from tombstones")}
    last: dict[str, Touchpoint] = {}
    for told in published(run, Touchpoint):
        last[told.id] = max(told, last.get(told.id, told), key=lambda one: one.revision)
    buried = {one.id for one in last.values() if one.person_id in tombs}
    # What named somebody erased before is withdrawn of whoever did it, and stays so when they are erased as well.
    theirs = {touch for touch in buried if not last[touch].withdrawn}
    scored = dict(rows(run.folder, "scoring", "select id, owner from touches"))
    credited = dict(rows(run.folder, "attribution", "select id, owner from touches"))
    for happening in world.happenings:
        touch, state = happening.id, states.get(happening.id)
        if state == "suppressed" and (touch in scored or touch in credited):
            yield f"{happening} was kept out, and came further"
        if touch in theirs and (state != "erased" or scored.get(touch) is not None):
            yield f"{happening} is {state} and in scoring of {scored.get(touch)}"
        nobodys = credited.get(touch) is not None and stands_in(credited[touch])
        if nobodys != (touch in buried) and touch in credited:
            yield f"{happening} is in attribution of {credited[touch]}"
        if touch in theirs and touch not in credited and happening.kind not in _NO_ACTS:
            yield f"{happening} is lost to attribution"


def nobodies(world: World, folder: Path) -> list[Nobody]:
    """The erased as attribution keeps them: what they did, what they were on and of."""
    into = dict(rows(folder, "attribution", "select id, into_id from people"))
    there = {happening.id: happening for happening in world.happenings}
    found: dict[str, Nobody] = {}

    def nobody(person: str) -> Nobody | None:
        at = root_of(person, into)
        return found.setdefault(at, Nobody([], {}, set())) if stands_in(at) else None

    for touch, owner in rows(folder, "attribution", "select id, owner from touches where owner is not null"):
        if (one := nobody(owner)) is not None:
            one.touches.append(there[touch])
    for deal, body in rows(folder, "attribution", "select id, body from deals where body is not null"):
        for on_deal in json.decode(body, type=Deal).people:
            if (one := nobody(on_deal.person_id)) is not None:
                one.roles[deal] = one.roles.get(deal) or on_deal.role
    for account, person in rows(folder, "attribution", "select account, person_id from account_people"):
        # An alias is told by the card of who stands for it.
        if into.get(person) is None and (one := nobody(person)) is not None:
            one.accounts.add(account)
    return list(found.values())


def _living(folder: Path) -> list[tuple[str]]:
    return [(one,) for (one,) in rows(folder, "ingest", "select id from people")]


def _of_traces(erased: Erased, folder: Path) -> Iterator[str]:
    """No store has a text with a name of theirs."""
    marks = [f"{kind}:{value}" for kind, value in sorted(erased.names)]
    marks += [value for kind, value in sorted(erased.names) if kind in ("email", "crm_contact_id")]
    if marks:
        for service in ("ingest", *_OTHERS):
            for table, text in _texts(folder, service):
                yield from (f"{table} of {service} still says {mark}" for mark in marks if mark in text)


def _texts(folder: Path, service: str) -> Iterable[tuple[str, str]]:
    with closing(sqlite3.connect(folder / f"{service}.db")) as connection:
        tables = [row[0] for row in connection.execute("select name from sqlite_master where type = 'table'")]
        return [(table, str(connection.execute(f"select * from {table}").fetchall())) for table in tables]  # noqa: S608
