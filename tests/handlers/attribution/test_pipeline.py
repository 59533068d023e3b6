"""Open deals: what they would earn whom, by stage, on both stores."""

import asyncio
from collections.abc import AsyncIterator
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.contracts.envelope import Emit
from shared.kernel.instant import DAY
from tests.handlers.attribution.scene import START, Json, Scene, deal, merged, scene, touch

RATES = "2025-01-01,USD,0.5"
VISITS = (touch("t1", 0.2, channel="email"), touch("t2", 0.5, channel="phone"))


def opened(name: str, stage: str | None, amount_minor: int, day: int = 1, **more: Any) -> Emit:
    """An open deal of Ana's, created on a day."""
    return deal(name, closed=None, stage=stage, amount_minor=amount_minor, created_at=START + day * DAY, **more)


def rows(answer: Json, model: str = "first_last") -> dict[tuple[str, str], int]:
    """What each key would earn of each stage; all has to sum to what is open."""
    found = {(row["stage"], str(row["key"])): row["amount_minor"] for row in answer["models"][model]["rows"]}
    whole = answer["open"]["amount_minor"]
    assert sum(found.values()) == answer["models"][model]["amount_minor"] == whole
    assert sum(stage["amount_minor"] for stage in answer["stages"]) == whole
    return found


class Scenarios:
    """The stories, told on whichever store `stage` stands on."""

    async def test_open_amounts_are_credited_by_stage_and_never_with_what_was_won(self, stage: Scene) -> None:
        await stage.tell(*VISITS, opened("o-1", "proposal", 101), opened("o-2", None, 10), deal("w-1", "ben"))
        answer = await stage.get("/v1/pipeline")
        assert (answer["deals"], answer["open"]) == (2, {"amount_minor": 111})
        expected = {
            ("proposal", "email"): 51,
            ("proposal", "phone"): 50,
            ("(none)", "email"): 5,
            ("(none)", "phone"): 5,
        }
        assert rows(answer) == expected
        assert (await stage.get("/v1/attribution"))["won"]["amount_minor"] == 100_00

    async def test_a_deal_leaves_the_pipeline_when_it_closes_and_comes_back_when_it_is_opened(
        self, stage: Scene
    ) -> None:
        await stage.tell(*VISITS, opened("o-1", "proposal", 100))
        await stage.tell(deal("o-1", version=2))
        assert (await stage.get("/v1/pipeline"))["deals"] == 0
        await stage.tell(opened("o-1", "verbal", 90, version=3))
        assert rows(await stage.get("/v1/pipeline")) == {("verbal", "email"): 45, ("verbal", "phone"): 45}
        assert (await stage.get("/v1/attribution"))["deals"] == 0

    async def test_other_currencies_are_converted_at_the_day_a_deal_was_created(self, stage: Scene) -> None:
        await stage.tell(*VISITS, opened("o-1", "demo", 7, currency="USD"), opened("o-2", "demo", 7, currency="CHF"))
        answer = await stage.get("/v1/pipeline", group_by="channel,department", models="linear")
        assert (answer["deals"], answer["open"]["amount_minor"]) == (1, 4)
        assert answer["unconverted"] == [{"currency": "CHF", "deals": 1, "amount_minor": 7}]
        assert rows(answer, "linear") == {
            ("demo", "['email', 'marketing']"): 2,
            ("demo", "['phone', 'sales']"): 2,
        }

    async def test_a_period_is_told_by_when_deals_were_created(self, stage: Scene) -> None:
        await stage.tell(*(opened(f"o-{day}", "demo", day, day, account="acme") for day in range(1, 5)))
        query = {"from": "2026-01-07T00:00:00Z", "to": "2026-01-09T00:00:00Z"}
        assert rows(await stage.get("/v1/pipeline", group_by="account", **query)) == {("demo", "acme"): 5}


class TestOnSqlite(Scenarios):
    """On a file."""

    @pytest.fixture
    async def stage(self, tmp_path: Path) -> AsyncIterator[Scene]:
        async with scene(tmp_path, rates=RATES) as stage:
            yield stage


class TestOnPostgres(Scenarios):
    """On a database of its own."""

    @pytest.fixture
    async def stage(self, tmp_path: Path, postgres_url: str) -> AsyncIterator[Scene]:
        async with scene(tmp_path, postgres_url, rates=RATES) as stage:
            yield stage


STORY = (
    *VISITS,
    touch("t3", 0.6, "ben", channel="event"),
    merged("ben", "ana"),
    opened("o-1", "demo", 50),
    opened("o-1", "verbal", 70, version=2),
    deal("o-2"),
    opened("o-2", "demo", 31, version=2),
    opened("o-3", "demo", 11),
    deal("o-3", version=2, status="lost"),
)


async def outcome(events: list[Emit], borders: list[int]) -> dict[tuple[str, str], int]:
    """What is answered after these batches."""
    with TemporaryDirectory() as folder:
        async with scene(Path(folder)) as stage:
            for start, end in pairwise(borders):
                await stage.tell(*events[start:end])
            return rows(await stage.get("/v1/pipeline", models="linear"), "linear")


@given(st.permutations(STORY), st.sets(st.integers(1, len(STORY) - 1), max_size=4))
@settings(max_examples=10)
def test_any_order_gives_the_same_pipeline(events: list[Emit], cuts: set[int]) -> None:
    found = asyncio.run(outcome(events, [0, *sorted(cuts), len(events)]))
    assert found == {
        **{("verbal", channel): amount for channel, amount in (("email", 24), ("phone", 23), ("event", 23))},
        **{("demo", channel): amount for channel, amount in (("email", 11), ("phone", 10), ("event", 10))},
    }
