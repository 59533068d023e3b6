"""Who refuses to be analysed earns no credit, and deals keep their sums."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from shared.contracts import topics
from shared.contracts.envelope import Emit, Event
from shared.contracts.touchpoints import PersonIdentified
from shared.kernel.ids import derived
from tests.handlers.attribution.scene import NOW, Scene, deal, merged, person, scene, touch

VISIT = touch("t1", 1, channel="email")


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Scene]:
    async with scene(tmp_path) as found:
        yield found


def says(allowed: bool, version: int = 1, who: str = "ana") -> Emit:
    """The card of somebody who chose."""
    card = PersonIdentified(
        person_id=person(who), version=version, first_seen_at=NOW, consent={"analytics": allowed}
    )  # fmt: skip
    event = Event(derived("card", card.person_id, str(version)), "person.identified", "ingest", NOW, card)
    return Emit(topics.TOUCHPOINTS.name, card.person_id, event)


async def test_a_refusal_takes_the_credit_whether_it_comes_before_or_after_the_deal(stage: Scene) -> None:
    await stage.tell(VISIT, deal())
    assert await stage.earned() == {"email": 100_00}
    await stage.tell(says(False))
    assert await stage.earned() == {"unattributed": 100_00}
    await stage.tell(touch("t2", 2, who="bo"), says(False, who="bo"), deal("d-2", "bo"))
    assert await stage.earned("d-2") == {"unattributed": 100_00}


async def test_the_why_of_a_deal_names_the_refusal(stage: Scene) -> None:
    await stage.tell(VISIT, says(False), deal())
    assert [one["why"] for one in (await stage.get("/v1/deals/d-1/why"))["not_counted"]] == ["consent"]


async def test_who_allows_it_again_has_the_credit_again(stage: Scene) -> None:
    await stage.tell(VISIT, deal(), says(False), says(True, 2))
    assert await stage.earned() == {"email": 100_00}


async def test_the_card_of_who_stands_for_an_alias_decides(stage: Scene) -> None:
    await stage.tell(VISIT, deal(), merged("ana", "bo"), says(False, who="bo"))
    assert await stage.earned() == {"unattributed": 100_00}


async def test_a_refusal_takes_the_credit_on_postgresql_too(tmp_path: Path, postgres_url: str) -> None:
    async with scene(tmp_path, postgres_url) as stage:
        await stage.tell(VISIT, deal(), says(False))
        assert await stage.earned() == {"unattributed": 100_00}
        assert [one["kind"] for one in (await stage.get(f"/v1/people/{person('ana')}/export"))["credits"]] == []
