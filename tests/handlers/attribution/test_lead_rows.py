"""Rows of leads that were kept while things happened are those that the facts alone give, whatever came when."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, insert, select

from services.attribution.store.tables import DIRTY_LEADS, LEAD_DEALS, LEADS, PEOPLE
from shared.contracts.envelope import Emit
from shared.contracts.handoffs import HandoffAct
from tests.handlers.attribution.sales_news import acted, promoted, stages
from tests.handlers.attribution.scene import NOW, Scene, deal, merged, person, scene, split, touch
from tests.handlers.attribution.test_rebuild import PEOPLE as WHO
from tests.handlers.attribution.test_rebuild import TOLD, touched

STORY = (
    touch("t1", 1, channel="email", kind="page_viewed", properties={"heard_from": "A friend"}),
    touch("t2", 2, "ben", channel="phone", kind="prospected"),
    touch("t3", 12, "ben", channel="phone", kind="call"),
    stages(lead=3, mql=12, sal=14),
    stages("ben", lead=2, mql=12),
    promoted(cause="t3", day=12),
    acted("accepted", cause="t3", version=1),
    acted("rejected", "cleo", cause="t9", version=2, reason="no-budget"),
    deal("d-1", "ana", "ben", closed=30),
    deal("d-2", "cleo", closed=31, role=None),
)
CAUSES = ("t0", "t1", "t2", "t9")
ACTS: tuple[HandoffAct, ...] = ("accepted", "rejected", "contacted")


async def kept(stage: Scene) -> list[tuple[Any, ...]]:
    """What is kept of leads and of their deals."""
    async with stage.database.read() as reader:
        leads = await reader.rows(select(LEADS).order_by(LEADS.c.person_id))
        deals = await reader.rows(select(LEAD_DEALS).order_by(LEAD_DEALS.c.deal_id))
    return [tuple(row) for row in (*leads, *deals)]


async def settle(stage: Scene) -> None:
    """Derive until nobody is left."""
    while await stage.leads.due(NOW):
        pass


async def rebuilt_is_live(stage: Scene) -> bool:
    """Forget all rows, derive everybody from the facts, and look whether anything is different."""
    await settle(stage)
    live = await kept(stage)
    async with stage.database.work() as work:
        for table in (LEADS, LEAD_DEALS):
            await work.execute(delete(table))
        everybody = select(PEOPLE.c.id, PEOPLE.c.version)
        await work.execute(insert(DIRTY_LEADS).from_select(["person_id", "times"], everybody))
    await settle(stage)
    return live == await kept(stage)


def said(chance: Random, nth: int) -> Emit:
    """Any news of anybody; of one fact the later news is the newer."""
    who, cause = chance.choice(WHO), chance.choice(CAUSES)
    drawn = chance.randrange(10)
    if drawn < 2:
        return promoted(who, cause, day=chance.randrange(50))
    if drawn < 4:
        return acted(chance.choice(ACTS), who, cause, version=nth, reason=chance.choice((None, "too early")))
    if drawn < 6:
        return touched(chance, cause, nth)
    tell, name = TOLD[chance.choice(tuple(TOLD))]
    return tell(chance, name, nth)


async def outcome(chance: Random) -> bool:
    """Whether rows are those of a rebuild after a history in which leads are derived now and then."""
    events = [*STORY, *(said(chance, nth) for nth in range(2, chance.randint(4, 16)))]
    chance.shuffle(events)
    with TemporaryDirectory() as folder:
        async with scene(Path(folder)) as stage:
            while events:
                size = chance.randint(1, 4)
                await stage.publish(*events[:size])
                del events[:size]
                while await stage.turn(0):
                    pass
                if chance.random() < 0.5:
                    await stage.leads.due(NOW)
            return await rebuilt_is_live(stage)


@given(st.randoms(use_true_random=True))
@settings(max_examples=20)
def test_rows_of_leads_are_those_of_a_rebuild_in_any_order(chance: Random) -> None:
    assert asyncio.run(outcome(chance))


class Scenarios:
    """The stories, told on whichever store `stage` stands on."""

    async def test_a_row_says_what_became_of_a_lead(self, stage: Scene) -> None:
        await stage.tell(*STORY)
        [ben, ana] = sorted([row for row in await kept(stage) if len(row) > 2], key=lambda row: row[1])
        assert [row[0] for row in (ben, ana)] == [person("ben"), person("ana")]
        assert (ana[5:11], ben[5:11]) == ((1, 0, 0, 0, None, "a friend"), (1, 1, 0, 0, None, ""))
        assert [row for row in await kept(stage) if len(row) == 2] == [("d-1", person("ben"))]

    async def test_who_was_merged_has_no_row_and_who_was_split_has_one_again(self, stage: Scene) -> None:
        await stage.tell(*STORY)
        await stage.tell(merged("ben", "ana"))
        assert [row[0] for row in await kept(stage)] == [person("ana"), "d-1"]
        await stage.tell(split("ben"))
        assert len([row for row in await kept(stage) if len(row) > 2]) == 2
        assert await rebuilt_is_live(stage)

    async def test_a_deal_goes_to_who_turns_out_to_have_become_a_lead_first(self, stage: Scene) -> None:
        await stage.tell(deal("d-1", "ana", "ben", closed=30), stages(lead=3), stages("ben", lead=5))
        assert (await kept(stage))[-1] == ("d-1", person("ana"))
        await stage.tell(stages(lead=7, version=2))
        assert (await kept(stage))[-1] == ("d-1", person("ben"))

    async def test_an_act_goes_where_the_touch_belongs_once_that_is_known(self, stage: Scene) -> None:
        named = (stages("ana", lead=1), promoted(cause="t3"), acted("accepted", cause="t3", version=1))
        await stage.tell(touch("b1", 1, "ben"), stages("ben", lead=1), *named)
        assert await self.accepted(stage) == [person("ana")]
        await stage.tell(touch("t3", 12, "ben"))
        assert await self.accepted(stage) == [person("ben")]

    async def test_news_of_a_lead_is_work_until_it_is_derived(self, stage: Scene) -> None:
        await stage.publish(*STORY)
        while await stage.turn(0):
            pass
        assert (await stage.get("/v1/lag"))["work"] == 3
        await settle(stage)
        assert (await stage.get("/v1/lag"))["work"] == 0

    async def test_who_is_no_lead_leaves_no_mark(self, stage: Scene) -> None:
        await stage.publish(touch("t1", 1), touch("t2", 2, "ben"), deal("d-1", "ana"))
        while await stage.turn(0):
            pass
        assert (await stage.get("/v1/lag"))["work"] == 0

    async def accepted(self, stage: Scene) -> list[str]:
        """Whom sales accepted."""
        return [row[0] for row in await kept(stage) if len(row) > 2 and row[6]]


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
