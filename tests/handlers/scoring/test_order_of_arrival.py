"""What scoring makes of the same facts, whatever comes first and whatever comes together."""

from collections.abc import Mapping, Sequence
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from shared.contracts.leads import LeadQualified
from tests.handlers.scoring.at_scoring import ScoringService, card, deal, merged, opened, split, touch, who, won
from tests.handlers.scoring.test_promotions_move import one_by_one
from tests.handlers.scoring.test_promotions_told import said

CEO: Mapping[str, Any] = {"traits": {"title": "CEO", "employees": 90}}


async def qualified(scoring: ScoringService) -> list[LeadQualified]:
    """Who is to be handed over."""
    return [one for one in await said(scoring) if isinstance(one, LeadQualified)]


async def lead(scoring: ScoringService, name: str) -> tuple[Any, ...]:
    """What is told of somebody: stages, points, and the points that their reasons add up to."""
    found = await scoring.get(f"/v1/leads/{who(name)}")
    why = await scoring.get(f"/v1/leads/{who(name)}/why")
    stages = [step["stage"] for step in found["history"]]
    return found["cycle"], stages, found["engagement"]["points"], why["points"]


@pytest.mark.parametrize("together", [False, True])
async def test_whoever_is_left_by_a_split_has_nothing_of_the_other_any_more(tmp_path: Path, together: bool) -> None:
    before = [
        card("ana"), card("bo"), touch("ana", "page_viewed", 1), touch("bo", "form_submitted", 2), won("bo", 3),
        merged("bo", "ana"), card("ana", version=2),
    ]  # fmt: skip
    after = [split("bo"), touch("ana", "page_viewed", 9)]
    async with opened(tmp_path) as scoring:
        await one_by_one(scoring, before)
        await (scoring.given(*after) if together else one_by_one(scoring, after))
        cycle, stages, points, adding_up = await lead(scoring, "ana")
        assert (cycle, stages) == (1, ["visitor", "subscriber"])
        assert points == pytest.approx(adding_up)


@pytest.mark.parametrize("together", [False, True])
async def test_nobody_is_handed_over_for_what_somebody_else_did(tmp_path: Path, together: bool) -> None:
    theirs = [touch("bo", "content_downloaded", 4 + hour / 24) for hour in range(3)]
    theirs += [touch("bo", "webinar_attended", 5), touch("bo", "webinar_attended", 5.5)]
    before = [card("ana", **CEO), card("bo"), *theirs, merged("bo", "ana"), card("ana", version=2, **CEO)]
    after = [split("bo"), touch("ana", "form_submitted", 6), touch("ana", "chat", 6.5)]
    async with opened(tmp_path) as scoring:
        await one_by_one(scoring, before)
        await (scoring.given(*after) if together else one_by_one(scoring, after))
        assert await qualified(scoring) == []


@pytest.mark.parametrize("closed_on", [5, None])
async def test_a_lost_deal_ends_when_that_was_said_where_it_does_not_say_when(
    tmp_path: Path, closed_on: float | None
) -> None:
    facts = [card("ana"), touch("ana", "page_viewed", 1), deal("ana", "open", 1, 2, 2)]
    facts += [deal("ana", "lost", 2, 2, 5, closed_on), touch("ana", "demo_requested", 9)]
    async with opened(tmp_path) as scoring:
        await one_by_one(scoring, facts)
        _, stages, _, _ = await lead(scoring, "ana")
        assert stages[-3:] == ["opportunity", "recycled", "mql"]
        assert len(await qualified(scoring)) == 1


async def test_a_lead_is_told_the_same_in_whatever_order_its_past_came(tmp_path: Path) -> None:
    facts = [
        touch("ana", "page_viewed", 1, page={"path": "/"}),
        *(touch("ana", "content_downloaded", 2 + number) for number in range(4)),
        *(touch("ana", "page_viewed", 7 + number / 10, page={"path": "/pricing"}) for number in range(6)),
        touch("ana", "chat", 10), touch("ana", "demo_requested", 11),
    ]  # fmt: skip
    told = []
    for name, order in {"forwards": facts, "backwards": facts[::-1]}.items():
        (folder := tmp_path / name).mkdir()
        async with opened(folder) as scoring:
            await one_by_one(scoring, [*order, card("ana", 4)])
            told += await qualified(scoring)
    forwards, backwards = told
    assert (forwards.journey, forwards.reasons) == (backwards.journey, backwards.reasons)
    assert forwards.engagement_points == backwards.engagement_points
    times = [line.occurred_at for line in forwards.journey]
    assert times == sorted(times)


@pytest.mark.parametrize("why", [{"withdrawn": True}, {"bot": True}, {"vanity": True}, {"consent": {"scoring": False}}])
@pytest.mark.parametrize("order", list(permutations(range(2))))
async def test_the_first_touch_that_is_told_is_one_that_counts(
    tmp_path: Path, why: Mapping[str, Any], order: Sequence[int]
) -> None:
    clicks = [touch("ana", "email_clicked", 1), touch("ana", "email_clicked", 1, revision=2, **why)]
    async with opened(tmp_path) as scoring:
        await one_by_one(scoring, [card("ana"), *(clicks[place] for place in order), touch("ana", "demo_requested", 2)])
        [promotion] = await qualified(scoring)
        assert promotion.first_touch["kind"] == "demo_requested"
