"""The moment somebody became a lead, from what scoring says to the credit of milestone models, on both stores."""

from collections.abc import AsyncIterator
from itertools import permutations
from pathlib import Path

import pytest

from shared.contracts.envelope import Emit
from shared.kernel.instant import DAY
from tests.handlers.attribution.sales_news import stages
from tests.handlers.attribution.scene import START, Scene, deal, merged, scene, split, touch

JOURNEY = tuple(touch(name, 10 * place, channel=name) for place, name in enumerate("ABCDEF"))
"""The worked journey: A is the first, B makes the lead, D comes before the deal, F at the close."""
WORKED = {
    "lead_creation": (0, 100_0000, 0, 0, 0, 0),
    "u_shaped_hubspot": (40_0000, 40_0000, 5_0000, 5_0000, 5_0000, 5_0000),
    "u_shaped_bizible": (50_0000, 50_0000, 0, 0, 0, 0),
    "w_shaped": (30_0000, 30_0000, 3_3334, 30_0000, 3_3333, 3_3333),
    "w_shaped_bizible": (30_0000, 30_0000, 10_0000, 30_0000, 0, 0),
    "full_path": (22_5000, 22_5000, 5_0000, 22_5000, 5_0000, 22_5000),
}
"""What each interaction earns of a million."""
CLOSED = deal(closed=50, amount_minor=100_0000, created_at=START + 30 * DAY)
LED = stages(visitor=0, lead=10, mql=45)


async def missing(stage: Scene, model: str = "w_shaped") -> list[str]:
    """The milestones of a model that the deal lacks."""
    found: list[str] = (await stage.get("/v1/deals/d-1/credits", model=model))["missing"]
    return found


class Scenarios:
    """The stories, told on whichever store `stage` stands on."""

    async def test_the_worked_journey_is_split_as_each_vendor_says(self, stage: Scene) -> None:
        await stage.tell(*JOURNEY, CLOSED, LED)
        for model, amounts in WORKED.items():
            expected = {name: amount for name, amount in zip("ABCDEF", amounts, strict=True) if amount}
            assert await stage.earned(model=model) == expected, model
            assert await missing(stage, model) == []

    @pytest.mark.parametrize("order", list(permutations((JOURNEY, (LED,), (CLOSED,)))))
    async def test_news_of_a_lead_comes_before_or_after_the_deal_alike(
        self, stage: Scene, order: tuple[tuple[Emit, ...], ...]
    ) -> None:
        for events in order:
            await stage.tell(*events)
        assert await stage.earned(model="lead_creation") == {"B": 100_0000}

    async def test_the_highest_version_of_a_history_holds(self, stage: Scene) -> None:
        await stage.tell(*JOURNEY, CLOSED, stages(lead=20, version=3))
        await stage.tell(LED)
        assert await stage.earned(model="lead_creation") == {"C": 100_0000}
        await stage.tell(stages(visitor=0, version=4))
        assert await missing(stage) == ["lead_creation"]

    async def test_the_first_of_the_deals_people_to_become_a_lead_counts(self, stage: Scene) -> None:
        both = deal("d-1", "ana", "ben", closed=50, created_at=START + 30 * DAY)
        await stage.tell(*JOURNEY, both, stages("ana", lead=25), stages("ben", lead=12), stages("cleo", lead=1))
        assert await stage.earned(model="lead_creation") == {"B": 100_00}

    async def test_a_stage_past_lead_makes_a_lead_and_a_deal_alone_makes_none(self, stage: Scene) -> None:
        await stage.tell(*JOURNEY, CLOSED, stages(visitor=0, opportunity=30, customer=50))
        assert await missing(stage) == ["lead_creation"]
        await stage.tell(stages(visitor=0, mql=20, opportunity=30, version=2))
        assert await stage.earned(model="lead_creation") == {"C": 100_0000}

    async def test_who_becomes_a_lead_after_the_close_did_so_for_no_deal(self, stage: Scene) -> None:
        await stage.tell(*JOURNEY, CLOSED, stages(lead=51))
        assert await missing(stage) == ["lead_creation"]

    async def test_a_merge_takes_the_survivors_history_and_a_split_gives_the_own_one_back(self, stage: Scene) -> None:
        bens = deal("d-1", "ben", closed=50, created_at=START + 30 * DAY)
        own = [touch(name, 10 * place, "ben", channel=name) for place, name in enumerate("ABCDEF")]
        await stage.tell(*own, bens, stages("ben", lead=20))
        await stage.tell(merged("ben", "ana"))
        assert await stage.earned(model="lead_creation") == {"C": 100_00}
        await stage.tell(stages("ana", lead=10))
        assert await stage.earned(model="lead_creation") == {"B": 100_00}
        await stage.tell(split("ben"))
        assert await stage.earned(model="lead_creation") == {"C": 100_00}


class TestOnSqlite(Scenarios):
    """On a file."""

    @pytest.fixture
    async def stage(self, tmp_path: Path) -> AsyncIterator[Scene]:
        async with scene(tmp_path) as stage:
            yield stage


class TestOnPostgres(Scenarios):
    """On a database of its own."""

    @pytest.fixture
    async def stage(self, tmp_path: Path, postgres_url: str) -> AsyncIterator[Scene]:
        async with scene(tmp_path, postgres_url) as stage:
            yield stage
