"""What a person refuses holds for everything they did."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.handlers.scoring.at_scoring import ScoringService, card, merged, opened, touch, who

DEMO = touch("ana", "demo_requested", 1)
REFUSED = {"sales_handoff": False}


@pytest.fixture
async def scoring(tmp_path: Path) -> AsyncIterator[ScoringService]:
    async with opened(tmp_path) as service:
        yield service


async def stage(scoring: ScoringService, name: str = "ana") -> str:
    """Where somebody is now."""
    return str((await scoring.get(f"/v1/leads/{who(name)}"))["stage"])


async def test_who_refuses_to_be_handed_over_never_becomes_an_mql(scoring: ScoringService) -> None:
    await scoring.given(card("ana", consent=REFUSED), DEMO)
    assert await stage(scoring) == "lead"


@pytest.mark.parametrize("late", [True, False])
async def test_a_refusal_holds_whether_it_comes_before_or_after_the_act(scoring: ScoringService, late: bool) -> None:
    refusal = card("ana", version=2, consent=REFUSED)
    for event in (card("ana"), *((DEMO, refusal) if late else (refusal, DEMO))):
        await scoring.given(event)
    assert await stage(scoring) == "lead"


async def test_who_allows_it_again_is_an_mql(scoring: ScoringService) -> None:
    await scoring.given(card("ana", consent=REFUSED), DEMO)
    await scoring.given(card("ana", version=2, consent={"sales_handoff": True}))
    assert await stage(scoring) == "mql"


async def test_nothing_scores_for_who_refuses_it_and_nothing_is_explained(scoring: ScoringService) -> None:
    await scoring.given(card("ana", consent={"scoring": False}), DEMO)
    assert (await scoring.get(f"/v1/leads/{who('ana')}"))["engagement"]["points"] == 0
    why = await scoring.get(f"/v1/leads/{who('ana')}/why")
    assert (why["points"], why["entries"]) == (0, [])


async def test_the_card_of_who_stands_for_both_decides_after_a_merge(scoring: ScoringService) -> None:
    await scoring.given(card("bo"), touch("bo", "demo_requested", 1), card("ana", consent=REFUSED))
    await scoring.given(merged("bo", "ana"))
    assert await stage(scoring) == "lead"
