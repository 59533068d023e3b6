"""The file of leads says of everybody what the list says."""

import csv
from collections.abc import AsyncIterator
from io import BytesIO, StringIO
from pathlib import Path

import arro3.io
import pytest

from shared.kernel.instant import to_text
from tests.handlers.scoring.at_scoring import NOW, ScoringService, acted, card, day, merged, opened, touch, who

FILE = "/v1/exports/leads.csv"


@pytest.fixture
async def scoring(tmp_path: Path) -> AsyncIterator[ScoringService]:
    """A service with nobody in it."""
    async with opened(tmp_path) as service:
        yield service


async def rows(scoring: ScoringService, **query: str) -> list[dict[str, str]]:
    """The rows of the file."""
    return list(csv.DictReader(StringIO((await scoring.ask(FILE, **query)).text, newline="")))


async def test_a_lead_is_in_the_file_as_it_is_in_the_list(scoring: ScoringService) -> None:
    await scoring.given(card("ana", traits={"title": "VP Marketing"}), touch("ana", "demo_requested", 1))
    await scoring.given(acted("ana", "assigned", 1, 2, "dana"))
    [row], [item] = await rows(scoring), (await scoring.get("/v1/leads"))["items"]
    assert row == {
        "person_id": who("ana"), "stage": "mql", "phase": item["phase"], "stage_since": to_text(day(1)), "cycle": "1",
        "fit_grade": item["fit"]["grade"], "fit_points": str(item["fit"]["points"]),
        "engagement_points": str(item["engagement"]["points"]), "as_of": to_text(NOW), "cell": item["cell"],
        "charter": "default", "owner": "dana",
    }  # fmt: skip


async def test_everybody_is_in_the_file_once_and_aliases_are_not(scoring: ScoringService) -> None:
    names = [f"visitor {number}" for number in range(1_030)]
    await scoring.given(*(touch(name, "page_viewed", 1) for name in names), merged(names[0], into=names[1]))
    found = [row["person_id"] for row in await rows(scoring)]
    assert found == sorted(map(who, names[1:]))


async def test_leads_are_taken_by_stage_and_by_when_they_entered_it(scoring: ScoringService) -> None:
    await scoring.given(touch("bo", "page_viewed", 1), card("ana"), touch("ana", "demo_requested", 2))
    assert [row["person_id"] for row in await rows(scoring, stage="mql")] == [who("ana")]
    assert [row["person_id"] for row in await rows(scoring, to=to_text(day(2)))] == [who("bo")]
    assert [row["person_id"] for row in await rows(scoring, **{"from": to_text(day(2))})] == [who("ana")]


async def test_the_file_is_also_parquet(scoring: ScoringService) -> None:
    await scoring.given(touch("bo", "page_viewed", 1))
    answer = await scoring.ask("/v1/exports/leads.parquet")
    assert arro3.io.read_parquet(BytesIO(answer.content)).read_all().num_rows == 1


async def test_the_file_is_for_those_who_may_read(scoring: ScoringService) -> None:
    assert (await scoring.ask(FILE, key="wk")).status_code == 403
    assert (await scoring.ask(FILE, to="yesterday")).status_code == 422
