"""Each history of stages tells which promotions were sent, whether they stand, and whose ids it covers."""

from collections.abc import Mapping, Sequence
from itertools import permutations
from pathlib import Path

import pytest

from shared.contracts.envelope import Emit, decode
from shared.contracts.leads import LeadQualified, LeadStageChanged, coverage
from shared.contracts.topics import TYPES
from shared.db import outbox
from shared.kernel.ids import derived
from tests.handlers.scoring.at_scoring import ScoringService, accepted, card, merged, opened, split, touch, who, won
from tests.handlers.scoring.test_promotions_move import one_by_one

CAUSE = derived("ana", "demo_requested", "2")
DEMO = derived("promotion", CAUSE)
ASKED = touch("ana", "demo_requested", 2)
TEST_CLICK = touch("ana", "demo_requested", 2, revision=2, withdrawn=True)


async def said(scoring: ScoringService) -> list[LeadQualified | LeadStageChanged]:
    """What was said of leads, in order."""
    async with scoring.database.read() as reader:
        waiting = [one.record for one in await outbox.waiting(reader, 1_000)]
    told = [decode(one.value, one.headers, TYPES).data for one in waiting]
    return [one for one in told if isinstance(one, LeadQualified | LeadStageChanged)]


async def last(scoring: ScoringService, name: str) -> LeadStageChanged:
    """The last history of somebody."""
    histories = [one for one in await said(scoring) if isinstance(one, LeadStageChanged) and one.person_id == who(name)]
    return histories[-1]


async def standing(scoring: ScoringService, name: str) -> Mapping[str, bool]:
    """What the last history of somebody says of their promotions."""
    return (await last(scoring, name)).promotions


async def test_a_promotion_is_known_to_stand_before_it_is_heard_of(tmp_path: Path, store: str | None) -> None:
    async with opened(tmp_path, store) as scoring:
        await scoring.given(card("ana"), ASKED)
        before, promotion = (await said(scoring))[-2:]
        assert isinstance(before, LeadStageChanged)
        assert isinstance(promotion, LeadQualified)
        assert before.promotions == {promotion.promotion_id: True} == {DEMO: True}
        assert before.covers == coverage({who("ana"): who("ana")})[who("ana")]


async def test_one_that_waited_for_an_address_is_told_when_it_is_sent(tmp_path: Path, store: str | None) -> None:
    async with opened(tmp_path, store) as scoring:
        await one_by_one(scoring, [ASKED])
        assert await standing(scoring, "ana") == {}
        await one_by_one(scoring, [card("ana", 2)])
        assert await standing(scoring, "ana") == {DEMO: True}


@pytest.mark.parametrize("facts", list(permutations([TEST_CLICK, merged("ana", "bo"), card("bo", version=2)])))
@pytest.mark.parametrize("together", [False, True])
async def test_whoever_it_becomes_tells_that_it_fell(tmp_path: Path, facts: Sequence[Emit], together: bool) -> None:
    async with opened(tmp_path) as scoring:
        await one_by_one(scoring, [card("ana"), ASKED, touch("bo", "page_viewed", 1), card("bo")])
        await (scoring.given(*facts) if together else one_by_one(scoring, facts))
        assert await standing(scoring, "bo") == {DEMO: False}


async def test_it_stands_where_sales_took_it_up_all_the_same(tmp_path: Path, store: str | None) -> None:
    async with opened(tmp_path, store) as scoring:
        await one_by_one(scoring, [card("ana"), ASKED, accepted("ana", CAUSE, 3), TEST_CLICK])
        assert await standing(scoring, "ana") == {DEMO: True}


async def test_a_deal_of_before_moves_it_into_the_next_cycle_where_it_stands(tmp_path: Path, store: str | None) -> None:
    async with opened(tmp_path, store) as scoring:
        await one_by_one(scoring, [card("ana"), ASKED, won("ana", 0)])
        assert await standing(scoring, "ana") == {DEMO: True}
        await scoring.given(TEST_CLICK)
        assert await standing(scoring, "ana") == {DEMO: False}


@pytest.mark.parametrize("facts", list(permutations([card("ana"), ASKED, won("ana", 0)])))
async def test_the_cycle_that_it_falls_into_is_told(tmp_path: Path, facts: Sequence[Emit]) -> None:
    async with opened(tmp_path) as scoring:
        await one_by_one(scoring, facts)
        assert (await last(scoring, "ana")).cycles == {DEMO: 2}


async def test_a_split_gives_each_what_is_theirs(tmp_path: Path, store: str | None) -> None:
    async with opened(tmp_path, store) as scoring:
        await one_by_one(scoring, [card("ana"), card("bo"), ASKED, merged("ana", "bo")])
        assert await standing(scoring, "bo") == {DEMO: True}
        await scoring.given(split("ana"))
        assert await standing(scoring, "bo") == {}
        assert await standing(scoring, "ana") == {DEMO: True}


async def test_what_turns_out_to_be_somebody_elses_is_told_of_them(tmp_path: Path, store: str | None) -> None:
    async with opened(tmp_path, store) as scoring:
        of_bo = touch("ana", "demo_requested", 2, revision=2, person_id=who("bo"))
        await one_by_one(scoring, [card("ana"), ASKED, of_bo])
        assert await standing(scoring, "ana") == {}
        assert await standing(scoring, "bo") == {DEMO: True}
