"""Deals and what their people did or became, taken by two workers at the same moment: no deal misses any of it."""

import asyncio
from pathlib import Path

import pytest

from services.attribution import wiring
from shared.contracts.envelope import Emit
from shared.kernel.errors import TryLater
from tests.handlers.attribution.rebuilding import rebuilt_is_live
from tests.handlers.attribution.sales_news import stages
from tests.handlers.attribution.scene import NOW, Scene, deal, scene, touch
from tests.handlers.attribution.test_lead_rows import rebuilt_is_live as leads_are_those_of_a_rebuild
from tests.handlers.two_at_once import two_at_once

DEALS, ROUND = 60, 6
SECONDS = 30
OF_ANA = touch("call", 2, "ana", channel="phone", revision=2)
OF_BO = touch("call", 2, "bo", channel="phone", revision=3)
OF_NOBODY = touch("call", 2, None, channel="phone")


def pair(number: int) -> tuple[str, str]:
    """The two people on a deal."""
    return f"left-{number}", f"right-{number}"


async def work(stage: Scene, ready: asyncio.Barrier) -> None:
    """Turn, together with the other worker, until there is nothing left to do."""
    await ready.wait()
    while not (await stage.get("/v1/lag"))["caught_up"]:
        try:
            await stage.turn(5)
            await stage.leads.due(NOW)
        except TryLater:
            continue


async def test_a_touch_that_comes_at_the_same_moment_as_its_deal_is_credited(tmp_path: Path, postgres_url: str) -> None:
    async with scene(tmp_path, postgres_url) as one, asyncio.timeout(SECONDS):
        two = one.beside()
        # Everybody is known before: to insert somebody new is a lock by itself, and would hide one that is missing.
        await one.tell(*(touch(f"{who}-1", 1, who, channel="email") for number in range(DEALS) for who in pair(number)))
        for start in range(0, DEALS, ROUND):
            numbers = range(start, start + ROUND)
            deals = [deal(f"d-{number}", *pair(number), account=f"a-{number % 3}") for number in numbers]
            touches = [touch(f"{who}-2", 2, who, channel="phone") for number in numbers for who in pair(number)]
            await one.publish(*deals, *touches)
            ready = asyncio.Barrier(2)
            await asyncio.gather(work(one, ready), work(two, ready))
        answers = [await one.earned(f"d-{number}", "linear") for number in range(DEALS)]
        assert await rebuilt_is_live(one)
    assert answers == [{"email": 50_00, "phone": 50_00}] * DEALS


async def test_a_lead_that_is_made_at_the_same_moment_as_its_deal_is_its_milestone(
    tmp_path: Path, postgres_url: str
) -> None:
    async with scene(tmp_path, postgres_url) as one, asyncio.timeout(SECONDS):
        two = one.beside()
        people = [f"lead-{number}" for number in range(DEALS)]
        met = [touch(f"{who}-{day}", day, who, channel=f"day {day}") for who in people for day in (1, 2, 3)]
        await one.tell(*met)
        for start in range(0, DEALS, ROUND):
            now = range(start, start + ROUND)
            await one.publish(*(deal(f"d-{number}", people[number]) for number in now))
            await one.publish(*(stages(people[number], lead=2) for number in now))
            ready = asyncio.Barrier(2)
            await asyncio.gather(work(one, ready), work(two, ready))
        answers = [await one.earned(f"d-{number}", "lead_creation") for number in range(DEALS)]
        assert await leads_are_those_of_a_rebuild(one)
    assert answers == [{"day 2": 100_00}] * DEALS


@pytest.mark.parametrize("before", [[], [OF_NOBODY]], ids=["new", "nobody's"])
@pytest.mark.parametrize("pair", [(OF_ANA, OF_BO), (OF_BO, OF_ANA)], ids=["in order", "the last one first"])
async def test_a_touch_that_comes_under_two_people_at_once_earns_for_the_last(
    tmp_path: Path, postgres_url: str, before: list[Emit], pair: tuple[Emit, Emit]
) -> None:
    async with scene(tmp_path, postgres_url) as one:
        await one.tell(*(touch(who, 1, who, channel="email") for who in ("ana", "bo")), *before)
        await one.tell(*(deal(f"of {who}", who) for who in ("ana", "bo")))
        await two_at_once(one.database, wiring.consuming(wiring.rules_in_force(one.settings)), lambda: NOW, *pair)
        answers = [await one.earned(f"of {who}", "linear") for who in ("ana", "bo")]
        assert await rebuilt_is_live(one)
    assert answers == [{"email": 100_00}, {"email": 50_00, "phone": 50_00}]
