"""Two real processes a service on one PostgreSQL, killed at any time, come to what one alone comes to.

Merges, splits, deals and moves between accounts race touches, and sales answers whoever is handed over; some
partitions have one owner, some two. Without row locks they do not.
"""

import asyncio
from collections.abc import Sequence
from random import Random

import pytest

from services.ingest.store.session import open_resolving
from shared.contracts.records import Outgoing
from tests.simulation.operators import Operator
from tests.simulation_postgres import handed_over, on_record
from tests.simulation_postgres.cluster import SEEDS, WAVES, Cluster, cluster
from tests.simulation_postgres.journeys import JOURNEYS
from tests.simulation_postgres.pauses import NOW, pause
from tests.simulation_postgres.selling import Desk
from tests.simulation_postgres.story import cards, done_by_sales, expected, record, story, touchpoints

_DEATHS = 3
_WAVE_SECONDS = 120.0
_BURST = 40
_ORDERS = 8
"""So much is asked by an operator in each wave."""
_ANSWERS = 30
"""So often sales looks for a lead to answer in each wave."""


def _bursts(chance: Random, seeds: Sequence[int]) -> list[list[Outgoing]]:
    """What is published at once: everybody's beginnings first, then much about people who are known by now."""
    beginnings: list[Outgoing] = []
    rest: list[Outgoing] = []
    for seed in seeds:
        events = story(seed)
        said = [record(event) for event in [*chance.sample(events, len(events)), *chance.sample(events, 4)]]
        beginnings += said[:8]
        rest += said[8:]
    return [every[start : start + _BURST] for every in (beginnings, rest) for start in range(0, len(every), _BURST)]


async def _wrong(running: Cluster, seeds: Sequence[int]) -> set[str]:
    """What is wrong with what all services have on record after the stories of these seeds, in a word each."""
    if not await running.settled():
        return {"never quiet"}
    ingest, scoring, attribution, handoff = running.databases.values()
    last = await on_record.published(ingest)
    owned = [await on_record.owned(database, last) for database in running.databases.values()]
    held = await handed_over.handoffs(handoff)
    right, right_cards = await expected(seeds, await on_record.acts(ingest))
    checks = {
        "dead letters": await running.dead() == 0,
        "not every event once": last.keys() == touchpoints(seeds, "track", "identify", "group"),
        "not published": last == await on_record.on_the_log(running.log),
        "not heard": (last, {name: last.get(name) for name in touchpoints(seeds, "track")})
        == await on_record.heard(running.databases),
        "other people": all(one == right for one in owned),
        "other cards": await cards(ingest) == right_cards,
        "other accounts": await on_record.belonging(ingest, attribution),
        "people": not await on_record.wrong_people(ingest),
        "leads": not await on_record.wrong_leads(scoring),
        "deals": not await on_record.wrong_deals(attribution),
        "acts of sales": await handed_over.heard(handoff) == {one.id: last.get(one.id) for one in done_by_sales(seeds)},
        "promotions": await handed_over.promoted_once(running.databases, running.log, held),
        "acts": await handed_over.told_once(attribution, running.log, held),
        "turns": await handed_over.in_turn(handoff, held),
        "deliveries": await handed_over.delivered(handoff, held),
        "two open": handed_over.one_open(held),
        "handed over": not await handed_over.wrong_handoffs(ingest, last, held, seeds),
    }
    return {what for what, holds in checks.items() if not holds}


async def _wrong_first(url: str, without: str = "") -> set[str]:
    """What is wrong after the first wave that ends wrong; nothing where all end right."""
    chance = Random(without)
    async with cluster(url, JOURNEYS, without, chance) as running:
        for wave in WAVES:
            operator = Operator(f"operator of {wave[0]}", _ORDERS, chance, pause)
            deciding = operator.part(running.databases["ingest"], open_resolving, lambda: NOW, lambda: None)
            desk = Desk(running.databases["handoff"], running.databases["ingest"], f"desk of {wave[0]}", chance)
            try:
                async with asyncio.timeout(_WAVE_SECONDS), asyncio.TaskGroup() as at_once:
                    at_once.create_task(running.hear(_bursts(chance, wave), _DEATHS))
                    at_once.create_task(deciding(asyncio.Event()))
                    at_once.create_task(desk.work(_ANSWERS))
            except TimeoutError:
                return {"never quiet"}  # Sales and operators wait for what somebody has to work first.
            except ExceptionGroup as failed:
                if not without or failed.split(KeyError)[1] is not None:
                    raise
                return {"torn"}  # Whoever decides is led to people who are not there.
            if wrong := await _wrong(running, SEEDS[: wave[-1]]):
                return wrong
    return set()


@pytest.mark.slow
async def test_two_processes_that_are_killed_at_any_time_come_to_what_one_alone_comes_to(postgres_url: str) -> None:
    assert await _wrong_first(postgres_url) == set()


@pytest.mark.slow
async def test_they_do_not_where_nobody_locks_the_rows_they_read(postgres_url: str) -> None:
    # They come to something else: to be never done would say no more than that they cannot work so at all.
    assert await _wrong_first(postgres_url, "locks") - {"never quiet"}
