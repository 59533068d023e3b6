"""Reports that hold spend against credit."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.handlers.attribution.scene import Json, Scene, deal, scene, spent, touch

RATES = "2026-01-01,USD,0.5\n2026-01-08,USD,0.9"
STORY = (
    touch("t1", 1, channel="email", campaign={"name": "Spring", "source": "mail"}),
    touch("t2", 2, channel="phone"),
    deal(amount_minor=100_00),
    spent("email", 10_00, campaign="Spring"),
    spent("email", 5_00, 1),
    spent("print", 20_00, 1),
    spent("print", 1_01, 2, currency="USD"),
    spent("tv", 7_00, 3, currency="CHF"),
)


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Scene]:
    async with scene(tmp_path, rates=RATES) as stage:
        await stage.tell(*STORY)
        yield stage


def rows(report: Json, model: str = "first_last") -> dict[str, tuple[int, int, float | None]]:
    """Of each row what it earned, what it cost and what it gave back; both columns have to sum to their totals."""
    found = report["models"][model]["rows"]
    assert sum(row["amount_minor"] for row in found) == report["won"]["amount_minor"]
    assert sum(row["spend_minor"] for row in found) == report["spend"]["amount_minor"]
    return {str(row["key"]): (row["amount_minor"], row["spend_minor"], row["roi"]) for row in found}


async def test_spend_stands_beside_what_was_credited_and_alone_where_nothing_was(stage: Scene) -> None:
    report = await stage.get("/v1/attribution", group_by="channel")
    assert rows(report) == {"email": (50_00, 15_00, 2.333333), "phone": (50_00, 0, None), "print": (0, 20_50, -1.0)}
    assert report["unconverted_spend"] == [{"currency": "CHF", "amount_minor": 7_00}]


async def test_spend_without_a_campaign_meets_credit_without_one(stage: Scene) -> None:
    report = await stage.get("/v1/attribution", group_by="campaign")
    assert rows(report) == {"Spring": (50_00, 10_00, 4.0), "(none)": (50_00, 25_50, 0.960784)}
    both = await stage.get("/v1/attribution", group_by="campaign,channel")
    assert rows(both)["['Spring', 'email']"] == (50_00, 10_00, 4.0)


async def test_models_that_learn_have_their_return_too(stage: Scene) -> None:
    report = await stage.get("/v1/attribution", models="shapley")
    assert rows(report, "shapley")["email"] == (50_00, 15_00, 2.333333)


async def test_other_groups_speak_of_no_spend(stage: Scene) -> None:
    report = await stage.get("/v1/attribution", group_by="channel,kind")
    assert (report["spend"], report["unconverted_spend"]) == (None, [])
    assert {row["spend_minor"] for row in report["models"]["linear"]["rows"]} == {None}


async def test_spend_goes_by_its_day_and_credit_by_the_close(stage: Scene) -> None:
    report = await stage.get("/v1/attribution", **{"from": "2026-01-06T00:00:00Z", "to": "2026-01-07T00:00:00Z"})
    assert rows(report) == {"print": (0, 20_00, -1.0), "email": (0, 5_00, -1.0)}
    assert report["deals"] == 0
