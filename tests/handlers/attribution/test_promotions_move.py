"""What sales did with a lead is of whoever owns what caused the promotion, in any order, also where that is a call that
says who somebody is: no touch is kept of it, so it is whose the highest revision of the promotion says."""

from collections.abc import AsyncIterator, Sequence
from itertools import permutations
from pathlib import Path

import pytest

from services.attribution.store.tables import METADATA
from shared.contracts.envelope import Emit
from shared.kernel.ids import derived
from tests.handlers.attribution.sales_news import acted, promoted, stages
from tests.handlers.attribution.scene import Scene, merged, person, scene, split, touch
from tests.handlers.attribution.test_lead_rows import kept, rebuilt_is_live
from tests.handlers.erasing import cells, erasure, leaks

TYPES = ("identify", "track")


def story(cause: str, kind: str) -> list[Emit]:
    """Ana was handed over because of what turned out to be Ben's, and then Cleo's."""
    ana, ben, cleo = (f"{who} of {cause}" for who in ("ana", "ben", "cleo"))
    return [
        promoted(ana, cause),
        acted("accepted", ana, cause, version=2),
        promoted(ben, cause, revision=2),
        touch(cause, 12, cleo, revision=3, type=kind),
        promoted(cleo, cause, revision=3),
    ]


def leads(cause: str) -> list[Emit]:
    """All three of them are leads."""
    people = [f"{who} of {cause}" for who in ("ana", "ben", "cleo")]
    return [event for who in people for event in (touch(f"first of {who}", 1, who), stages(who, lead=2))]


async def accepted(stage: Scene) -> list[str]:
    """Whom sales accepted."""
    return sorted(row[0] for row in await kept(stage) if len(row) > 2 and row[6])


async def stepwise(stage: Scene, stories: Sequence[Sequence[Emit]]) -> None:
    """The first of each story, then the second of each, and so on."""
    for step in zip(*stories, strict=True):
        await stage.tell(*step)


class Moving:
    """The stories, told on whichever store `stage` stands on."""

    @pytest.mark.parametrize("kind", TYPES)
    async def test_an_act_is_of_whoever_owns_its_cause_in_any_order(self, stage: Scene, kind: str) -> None:
        orders = list(permutations(range(5)))
        causes = [f"{kind} {number}" for number in range(len(orders))]
        told = [story(cause, kind) for cause in causes]
        await stage.tell(*(event for cause in causes for event in leads(cause)))
        await stepwise(stage, [[events[place] for place in order] for events, order in zip(told, orders, strict=True)])
        assert await accepted(stage) == sorted(person(f"cleo of {cause}") for cause in causes)
        assert await rebuilt_is_live(stage)

    async def test_what_comes_in_one_batch_is_as_what_comes_in_several(self, stage: Scene) -> None:
        orders = list(permutations(range(5)))
        causes = [f"together {number}" for number in range(len(orders))]
        await stage.tell(*(event for cause in causes for event in leads(cause)))
        for cause, order in zip(causes, orders, strict=True):
            events = story(cause, "identify")
            await stage.publish(*(events[place] for place in order))
        await stage.tell()
        assert await accepted(stage) == sorted(person(f"cleo of {cause}") for cause in causes)


class TestOnSqlite(Moving):
    """On a file."""

    @pytest.fixture
    async def stage(self, tmp_path: Path) -> AsyncIterator[Scene]:
        async with scene(tmp_path) as stage:
            yield stage


class TestOnPostgres(Moving):
    """On a database of its own."""

    @pytest.fixture
    async def stage(self, tmp_path: Path, postgres_url: str) -> AsyncIterator[Scene]:
        async with scene(tmp_path, postgres_url) as stage:
            yield stage


async def test_whose_it_was_in_between_is_derived_again(tmp_path: Path) -> None:
    async with scene(tmp_path) as stage:
        await stage.tell(*leads("call"))
        first, act, second, _, third = story("call", "identify")
        for events, who in (((first, act), "ana"), ((second,), "ben"), ((third,), "cleo")):
            await stage.tell(*events)
            assert await accepted(stage) == [person(f"{who} of call")]


async def test_a_merge_takes_it_along_and_a_split_gives_it_back(tmp_path: Path) -> None:
    async with scene(tmp_path) as stage:
        first, act, second, *_ = story("call", "identify")
        await stage.tell(*leads("call"), act, second, first)
        await stage.tell(merged("ben of call", "cleo of call"))
        assert await accepted(stage) == [person("cleo of call")]
        await stage.tell(split("ben of call"))
        assert await accepted(stage) == [person("ben of call")]


async def test_an_erasure_leaves_it_to_whose_it_is_by_then(tmp_path: Path) -> None:
    async with scene(tmp_path) as stage:
        orders = list(permutations(range(4)))
        causes = [f"erased {number}" for number in range(len(orders))]
        told = []
        for cause in causes:
            [erased] = erasure(person(f"ana of {cause}"), erasure_id=derived("erasure", cause))
            told.append([*story(cause, "identify")[:3], erased])
        await stage.tell(*(event for cause in causes for event in leads(cause)))
        await stepwise(stage, [[events[place] for place in order] for events, order in zip(told, orders, strict=True)])
        assert await accepted(stage) == sorted(person(f"ben of {cause}") for cause in causes)
        async with stage.database.read() as reader:
            found = leaks(await cells(reader, METADATA), *(person(f"ana of {cause}") for cause in causes))
        assert {name for name, _ in found} == {"people", "erased"}
