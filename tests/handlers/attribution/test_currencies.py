"""Reports over deals in several currencies, on both stores."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.handlers.attribution.sales_news import stages
from tests.handlers.attribution.scene import NOW, Json, Scene, deal, scene, touch

RATES = "2025-01-01,USD,0.5\n2026-04-14,USD,0.25\n2025-01-01,JPY,0.01"
"""Day 99 of every story is 2026-04-14."""
CHANNELS = ("email", "phone", "event")
VISITS = tuple(
    touch(f"{who}-{day}", day, who, channel=channel)
    for who in ("ana", "ben")
    for day, channel in enumerate(CHANNELS, 1)
)
DEALS = (
    deal("d-1", amount_minor=100_00),
    deal("d-2", "ben", currency="USD", amount_minor=101, closed=50),
    deal("d-3", currency="USD", amount_minor=2_00),
    deal("d-4", currency="JPY", amount_minor=333),
    deal("d-5", currency="CHF", amount_minor=9),
)
ENDS = {"from": "2026-02-24T00:00:00.000Z", "to": "2026-04-15T00:00:00.001Z"}
"""From day 50, a whole month, and a millisecond of day 100."""


def amounts(report: Json, model: str = "linear") -> dict[str, int]:
    """What each row earned; they have to sum to what was won."""
    found = {row["key"]: row["amount_minor"] for row in report["models"][model]["rows"]}
    assert sum(found.values()) == report["won"]["amount_minor"] == report["models"][model]["amount_minor"]
    return found


class Scenarios:
    """The stories, told on whichever store `stage` stands on."""

    async def test_what_has_a_rate_is_converted_and_what_has_none_is_listed(self, stage: Scene) -> None:
        await stage.tell(*VISITS, *DEALS)
        report = await stage.get("/v1/attribution")
        assert (report["deals"], report["won"]["amount_minor"]) == (4, 100_00 + 50 + 50 + 3_33)
        assert report["unconverted"] == [{"currency": "CHF", "deals": 1, "amount_minor": 9}]
        assert amounts(report) == {
            "email": 33_34 + 17 + 17 + 1_11,
            "phone": 33_33 + 17 + 17 + 1_11,
            "event": 33_33 + 16 + 16 + 1_11,
        }

    @pytest.mark.parametrize("period", [{}, ENDS])
    @pytest.mark.parametrize("group_by", ["channel", "content"])
    async def test_sums_and_single_deals_tell_the_same(self, stage: Scene, period: Json, group_by: str) -> None:
        await stage.tell(*VISITS, *DEALS)
        report = await stage.get("/v1/attribution", group_by=group_by, **period)
        assert (report["deals"], sum(amounts(report).values())) == (4, 104_33)
        assert report["unconverted"] == [{"currency": "CHF", "deals": 1, "amount_minor": 9}]

    async def test_any_currency_with_a_rate_can_be_asked_for(self, stage: Scene) -> None:
        await stage.tell(*VISITS, *DEALS)
        report = await stage.get("/v1/attribution", currency="usd", models="linear,markov_channel")
        assert (report["currency"], report["deals"]) == ("USD", 4)
        assert sum(amounts(report).values()) == 400_00 + 101 + 2_00 + 13_32
        assert amounts(report, "markov_channel").keys() == {"email", "phone", "event"}

    async def test_a_currency_without_a_rate_has_its_own_deals_alone(self, stage: Scene) -> None:
        await stage.tell(*VISITS, *DEALS)
        report = await stage.get("/v1/attribution", currency="CHF")
        assert (report["deals"], amounts(report)) == (1, {"email": 3, "phone": 3, "event": 3})
        assert [one["currency"] for one in report["unconverted"]] == ["EUR", "JPY", "USD"]

    async def test_a_deal_that_changes_its_currency_leaves_nothing_behind(self, stage: Scene) -> None:
        await stage.tell(*VISITS, *DEALS)
        await stage.tell(*(deal(name, version=2, currency="USD", amount_minor=4_00) for name in ("d-1", "d-4", "d-5")))
        await stage.tell(deal("d-2", version=2, status="lost"), deal("d-3", version=2, closed=None))
        report = await stage.get("/v1/attribution")
        assert (report["deals"], report["won"]["amount_minor"], report["unconverted"]) == (3, 3_00, [])

    async def test_closed_months_are_converted_as_they_were_closed_and_so_is_what_changed_since(
        self, stage: Scene
    ) -> None:
        await stage.tell(*VISITS, *DEALS)
        assert (await stage.post("/v1/periods/2026-04/close")).status_code == 200
        known = await stage.get("/v1/attribution")
        reported = await stage.get("/v1/attribution", view="as_reported")
        assert (reported["deals"], reported["won"], amounts(reported)) == (4, known["won"], amounts(known))
        assert reported["unconverted"] == known["unconverted"]
        await stage.tell(touch("ana-9", 9, channel="event"), deal("d-3", currency="USD", amount_minor=3_01, version=2))
        after = await stage.get("/v1/attribution", view="as_reported")
        assert (after["won"], amounts(after)) == (reported["won"], amounts(reported))
        [april] = after["adjustments"]
        moved = april["models"]["linear"]
        known = await stage.get("/v1/attribution")
        assert moved["amount_minor"] == sum(row["amount_minor"] for row in moved["rows"])
        assert moved["amount_minor"] == known["won"]["amount_minor"] - reported["won"]["amount_minor"] == 25

    async def test_who_was_won_in_another_currency_is_told_with_its_source_and_path(self, stage: Scene) -> None:
        await stage.tell(*VISITS, *DEALS, stages(lead=1), stages("ben", lead=1))
        left = [{"currency": "CHF", "deals": 1, "amount_minor": 9}]
        quality = await stage.get("/v1/quality")
        assert (quality["total"]["won_deals"], quality["total"]["won_amount_minor"]) == (5, 104_33)
        paths = await stage.get("/v1/paths")
        assert (paths["deals"], paths["amount_minor"], paths["items"][0]["amount_minor"]) == (4, 104_33, 104_33)
        assert quality["unconverted"] == paths["unconverted"] == left
        assists = await stage.get("/v1/assists", currency="usd")
        assert [item["assisted_amount_minor"] for item in assists["items"]] == [400_00 + 101 + 2_00 + 13_32] * 2 + [0]


class TestOnSqlite(Scenarios):
    """On a file."""

    @pytest.fixture
    async def stage(self, tmp_path: Path) -> AsyncIterator[Scene]:
        async with scene(tmp_path, rates=RATES) as stage:
            yield stage


class TestOnPostgres(Scenarios):
    """On a database of its own."""

    @pytest.fixture
    async def stage(self, tmp_path: Path, postgres_url: str) -> AsyncIterator[Scene]:
        async with scene(tmp_path, postgres_url, rates=RATES) as stage:
            yield stage


async def test_new_rates_hold_for_what_was_won_before(tmp_path: Path) -> None:
    async with scene(tmp_path) as stage:
        await stage.tell(*VISITS, *DEALS)
        assert (await stage.get("/v1/attribution"))["won"]["amount_minor"] == 100_00
    async with scene(tmp_path, rates=RATES) as stage:
        while await stage.converting.due(NOW):
            pass
        report = await stage.get("/v1/attribution")
        assert (report["deals"], sum(amounts(report).values())) == (4, 104_33)
