"""`GET /v1/costs`, from events to the answer."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.handlers.attribution.sales_news import stages
from tests.handlers.attribution.scene import Scene, deal, scene, spent, touch

RATES = "2025-01-01,USD,0.5"
COUNTS = ("leads", "mqls", "sals", "sqls", "won")


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Scene]:
    async with scene(tmp_path, rates=RATES) as stage:
        await stage.tell(
            touch("t1", 1, channel="email"),
            touch("t2", 1, "ben", channel="email"),
            touch("t3", 2, "ben", channel="phone"),
            deal("d-1", closed=10, amount_minor=60_00),
            deal("d-2", "ben", closed=20, amount_minor=100_00, currency="USD"),
            deal("d-3", "cleo", currency="CHF"),
            spent("email", 75_00),
            spent("print", 4_00, currency="USD"),
        )
        yield stage


async def test_costs_and_payback_by_channel(stage: Scene) -> None:
    answer = await stage.get("/v1/costs")
    email, printed, phone = answer["rows"]
    assert (email["key"], email["spend_minor"], email["won_deals"], email["credited_minor"]) == (
        "email",
        75_00,
        1.5,
        85_00,
    )
    assert (email["cost_per_won_minor"], email["payback_days"], email["roi"]) == (50_00, 20, 0.133333)
    assert (printed["key"], printed["spend_minor"], printed["cost_per_won_minor"]) == ("print", 2_00, None)
    assert (phone["key"], phone["spend_minor"], phone["payback_days"]) == ("phone", 0, None)
    assert answer["unconverted"] == [{"currency": "CHF", "deals": 1, "amount_minor": 100_00}]


async def test_leads_and_stages_are_counted_where_their_first_touch_was(stage: Scene) -> None:
    await stage.tell(stages(lead=1, mql=2, sal=40), stages("ben", lead=1, mql=3, sql=5), touch("t4", 0, channel="chat"))
    rows = {row["key"]: row for row in (await stage.get("/v1/costs"))["rows"]}
    assert {key: [row[name] for name in COUNTS] for key, row in rows.items()} == {
        "email": [1, 1, 1, 1, 1], "chat": [1, 1, 1, 0, 1], "print": [0] * 5, "phone": [0] * 5,
    }  # fmt: skip
    assert [rows["email"][f"cost_per_{name}_minor"] for name in ("lead", "mql", "sal", "sql", "won_deal")] == [
        75_00
    ] * 5
    assert rows["print"]["cost_per_lead_minor"] is None


async def test_a_stage_counts_in_the_time_it_was_entered_by_the_interaction_asked_for(stage: Scene) -> None:
    await stage.tell(stages(lead=1, mql=2, sal=40), stages("ben", lead=2, mql=3, sql=5))
    until = {"to": "2026-01-07T12:00:00Z"}
    answer = await stage.get("/v1/costs", by="lead_creation", **until)
    found = {row["key"]: [row[name] for name in COUNTS] for row in answer["rows"]}
    assert (answer["by"], found) == (
        "lead_creation", {"email": [1, 1, 0, 0, 0], "phone": [1, 0, 0, 0, 0], "print": [0] * 5},
    )  # fmt: skip


async def test_what_is_open_stands_beside_what_was_paid_for_it(stage: Scene) -> None:
    later = touch("t9", 25, "ben", channel="email")
    await stage.tell(later, deal("d-9", "ben", closed=None, amount_minor=10_00, currency="USD"))
    rows = (await stage.get("/v1/costs"))["rows"]
    assert {row["key"]: row["pipeline_minor"] for row in rows} == {"email": 5_00, "phone": 0, "print": 0}


async def test_another_model_and_currency_may_be_asked_for(stage: Scene) -> None:
    answer = await stage.get("/v1/costs", model="first_touch", currency="USD", group_by="campaign")
    assert (answer["model"], answer["currency"], len(answer["rows"])) == ("first_touch", "USD", 1)
    [row] = answer["rows"]
    assert (row["key"], row["spend_minor"], row["credited_minor"]) == ("(none)", 154_00, 220_00)


@pytest.mark.parametrize(
    "query", [{"group_by": "kind"}, {"by": "middle"}, {"model": "guess"}, {"model": "linear,single"}]
)
async def test_what_cannot_be_asked_is_refused(stage: Scene, query: dict[str, str]) -> None:
    assert (await stage.ask("/v1/costs", **query)).status_code == 422
