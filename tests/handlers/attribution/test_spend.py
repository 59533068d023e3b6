"""Spend, from the event to the answer, on both stores; and whatever order it comes in."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.contracts.envelope import Emit
from tests.handlers.attribution.scene import Json, Scene, scene, spent

VERSIONS = tuple(spent("email", amount, version=version) for version, amount in ((1, 5), (2, 30), (2, 40), (3, 20)))


async def listed(stage: Scene, **query: str) -> list[Json]:
    """What `GET /v1/spend` lists."""
    found: list[Json] = (await stage.get("/v1/spend", **query))["items"]
    return found


class Scenarios:
    """The stories, told on whichever store `stage` stands on."""

    async def test_spend_is_listed_as_posted_by_day(self, stage: Scene) -> None:
        await stage.tell(spent("email", 20_00, 3, campaign="Spring"), spent("paid_search", 10_00, 1, currency="USD"))
        first, second = await listed(stage)
        assert (first["channel"], first["day"], first["currency"]) == ("paid_search", "2026-01-06", "USD")
        assert (second["campaign"], second["amount_minor"], second["source"]) == ("Spring", 20_00, "web")

    async def test_a_later_version_replaces_and_an_older_one_does_not(self, stage: Scene) -> None:
        for version in (2, 3, 1):
            await stage.tell(spent("email", version, version=version))
        assert [one["amount_minor"] for one in await listed(stage)] == [3]

    async def test_campaigns_sources_and_days_stand_beside_each_other(self, stage: Scene) -> None:
        await stage.tell(spent("email", 1), spent("email", 2, campaign="a"), spent("email", 3, source="erp"))
        await stage.tell(spent("email", 4, 1))
        assert sorted(one["amount_minor"] for one in await listed(stage)) == [1, 2, 3, 4]

    async def test_pages_and_periods_go_by_day(self, stage: Scene) -> None:
        await stage.tell(*(spent("email", day, day) for day in range(4)))
        page = await stage.get("/v1/spend", limit="2")
        rest = await stage.get("/v1/spend", after=page["next"])
        assert [one["amount_minor"] for one in (*page["items"], *rest["items"])] == [0, 1, 2, 3]
        query = {"from": "2026-01-06T00:00:00Z", "to": "2026-01-08T00:00:00Z"}
        assert [one["amount_minor"] for one in await listed(stage, **query)] == [1, 2]


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


async def outcome(events: list[Emit], cut: int) -> list[Json]:
    """What is listed after these events, in two batches."""
    with TemporaryDirectory() as folder:
        async with scene(Path(folder)) as stage:
            for batch in (events[:cut], events[cut:]):
                await stage.tell(*batch)
            return await listed(stage)


@given(st.permutations(VERSIONS), st.integers(0, len(VERSIONS)))
@settings(max_examples=10)
def test_the_highest_version_holds_in_whatever_order_and_batches_they_come(events: list[Emit], cut: int) -> None:
    assert [one["amount_minor"] for one in asyncio.run(outcome(events, cut))] == [20]
