"""What the funnel says of people who went down it."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from shared.kernel.instant import to_text
from tests.handlers.scoring.at_scoring import ScoringService, card, day, opened, touch, who, won


@pytest.fixture
async def scoring(tmp_path: Path) -> AsyncIterator[ScoringService]:
    async with opened(tmp_path) as service:
        yield service


def by_stage(answer: Any) -> dict[str, Any]:
    return {row.pop("stage"): row for row in answer["stages"]}


async def test_the_funnel_counts_who_entered_a_stage_and_who_went_on(scoring: ScoringService) -> None:
    await scoring.given(touch("bo", "page_viewed", 1), card("ana", 0), touch("ana", "form_submitted", 2))
    funnel = by_stage(await scoring.get("/v1/funnel"))
    assert funnel["visitor"] == {"entered": 2, "converted": 1, "conversion": 0.5, "median_days": 0.0}
    assert funnel["subscriber"] == {"entered": 1, "converted": 1, "conversion": 1.0, "median_days": 2.0}
    assert funnel["lead"] == {"entered": 1, "converted": 0, "conversion": 0.0, "median_days": None}
    assert funnel["mql"] == {"entered": 0, "converted": 0, "conversion": None, "median_days": None}


async def test_a_skipped_stage_counts_as_entered_and_converted(scoring: ScoringService) -> None:
    await scoring.given(card("ana", 0), won("ana", 5))
    funnel = by_stage(await scoring.get("/v1/funnel"))
    assert funnel["mql"] == {"entered": 1, "converted": 1, "conversion": 1.0, "median_days": None}
    assert funnel["opportunity"]["median_days"] == 1.0
    assert (funnel["customer"]["entered"], funnel["repeat_customer"]["entered"]) == (1, 0)


async def test_the_period_is_of_the_entering_and_not_of_the_going_on(scoring: ScoringService) -> None:
    await scoring.given(card("ana", 0), touch("ana", "form_submitted", 2), card("bo", 1))
    funnel = by_stage(await scoring.get("/v1/funnel", **{"from": to_text(day(0)), "to": to_text(day(1))}))
    assert funnel["subscriber"] == {"entered": 1, "converted": 1, "conversion": 1.0, "median_days": 2.0}
    assert funnel["lead"]["entered"] == 0


async def test_groups_sum_to_the_whole(scoring: ScoringService) -> None:
    fitting = {"title": "VP Marketing", "employees": 200}
    await scoring.given(card("ana", traits=fitting), card("bo", emails=("bo@gmail.com",)))
    answer = await scoring.get("/v1/funnel", group_by="grade")
    assert [group["key"] for group in answer["groups"]] == ["A", "D"]
    grouped = [by_stage(group) for group in answer["groups"]]
    assert sum(stages["subscriber"]["entered"] for stages in grouped) == by_stage(answer)["subscriber"]["entered"] == 2


async def test_a_funnel_by_what_is_not_known_is_a_422(scoring: ScoringService) -> None:
    assert (await scoring.ask("/v1/funnel", group_by="persona")).status_code == 422
    assert (await scoring.ask("/v1/funnel", **{"from": "monday"})).status_code == 422


async def test_postgresql_answers_every_question(tmp_path: Path, postgres_url: str) -> None:
    async with opened(tmp_path, postgres_url) as scoring:
        await scoring.given(*(touch(f"v{n}", "page_viewed", n) for n in range(5)), card("ana", 0))
        await scoring.given(touch("ana", "demo_requested", 2))
        assert len(await scoring.pages("/v1/leads", limit=2)) == 6
        assert len(await scoring.pages("/v1/leads", stage="visitor", grade="D", limit=2)) == 5
        assert len(await scoring.pages("/v1/leads", account="acme.example", limit=2)) == 1
        assert (await scoring.get(f"/v1/leads/{who('ana')}"))["stage"] == "mql"
        assert (await scoring.get(f"/v1/leads/{who('ana')}/why"))["points"] > 0
        assert (await scoring.ask("/v1/leads/no-id")).status_code == 404
        assert by_stage(await scoring.get("/v1/funnel", group_by="grade"))["visitor"]["entered"] == 6
