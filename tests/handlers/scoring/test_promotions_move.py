"""A promotion is a fact of the touch that caused it: where that turns out to be somebody else's, it is theirs."""

from collections.abc import Sequence
from pathlib import Path

from shared.contracts.envelope import Emit, decode
from shared.contracts.leads import LeadQualified
from shared.contracts.topics import TYPES
from shared.db import outbox
from tests.handlers.scoring.at_scoring import ScoringService, card, merged, opened, split, touch, who, won

DEMO = ("ana", "demo_requested", 2)
OF_ANA, OF_BO = touch(*DEMO), touch(*DEMO, revision=2, person_id=who("bo"))


async def said(scoring: ScoringService) -> list[tuple[str, str, int, int]]:
    """Of each `lead.qualified`: whose it is, whom its card tells of, the revision and the cycle."""
    async with scoring.database.read() as reader:
        waiting = [one.record for one in await outbox.waiting(reader, 1_000)]
    told = [decode(one.value, one.headers, TYPES).data for one in waiting]
    leads = [one for one in told if isinstance(one, LeadQualified)]
    assert len({lead.promotion_id for lead in leads}) <= 1
    return [(lead.person_id, lead.card.person_id, lead.revision, lead.cycle) for lead in leads]


async def one_by_one(scoring: ScoringService, facts: Sequence[Emit]) -> None:
    for fact in facts:
        await scoring.given(fact)


async def test_it_is_said_again_of_whoever_owns_its_cause(tmp_path: Path, store: str | None) -> None:
    async with opened(tmp_path, store) as scoring:
        await one_by_one(scoring, [card("ana"), card("bo"), OF_ANA, OF_BO, OF_BO, OF_ANA])
        assert await said(scoring) == [(who("ana"), who("ana"), 1, 1), (who("bo"), who("bo"), 2, 1)]


async def test_it_is_said_again_as_soon_as_they_can_be_reached(tmp_path: Path, store: str | None) -> None:
    async with opened(tmp_path, store) as scoring:
        await one_by_one(scoring, [card("ana"), OF_ANA, OF_BO])
        assert await said(scoring) == [(who("ana"), who("ana"), 1, 1)]
        await one_by_one(scoring, [card("bo"), card("bo", version=2)])
        assert (await said(scoring))[1:] == [(who("bo"), who("bo"), 2, 1)]


async def test_it_goes_back_to_whom_it_was_first_said_of(tmp_path: Path, store: str | None) -> None:
    async with opened(tmp_path, store) as scoring:
        back = touch(*DEMO, revision=3)
        await one_by_one(scoring, [card("ana"), card("bo"), OF_ANA, OF_BO, back])
        assert [one[0] for one in await said(scoring)] == [who("ana"), who("bo"), who("ana")]


async def test_it_tells_in_which_cycle_of_theirs_its_cause_is(tmp_path: Path, store: str | None) -> None:
    async with opened(tmp_path, store) as scoring:
        early, late = won("bo", 0), won("bo", 5)
        await one_by_one(scoring, [card("ana"), card("bo"), early, OF_ANA, OF_BO])
        assert (await said(scoring))[1:] == [(who("bo"), who("bo"), 2, 2)]
        await scoring.given(late)
        assert len(await said(scoring)) == 2


async def test_merges_and_splits_say_it_no_more_often(tmp_path: Path, store: str | None) -> None:
    async with opened(tmp_path, store) as scoring:
        facts = [card("ana"), card("bo"), OF_BO, merged("bo", into="ana"), split("bo")]
        await one_by_one(scoring, facts)
        assert await said(scoring) == [(who("bo"), who("bo"), 2, 1)]


async def test_of_merged_people_it_is_of_the_owner_of_its_cause(tmp_path: Path, store: str | None) -> None:
    async with opened(tmp_path, store) as scoring:
        await one_by_one(scoring, [card("ana"), merged("bo", into="ana"), OF_BO])
        assert await said(scoring) == [(who("bo"), who("ana"), 2, 1)]
