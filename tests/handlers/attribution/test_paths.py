"""Paths of closed deals, from events to answers, on both stores."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.handlers.attribution.scene import Scene, deal, scene, touch

STORY = (
    touch("a1", 1, channel="email", campaign={"name": "spring"}),
    touch("a2", 2, channel="email"),
    touch("a3", 5, channel="phone", kind="call"),
    deal("d-1", closed=11),
    touch("b1", 3, "ben", channel="email"),
    touch("b2", 4, "ben", channel="phone", kind="call"),
    deal("d-2", "ben", closed=23, amount_minor=50_00),
    touch("c1", 3, "cleo", channel="event"),
    deal("d-3", "cleo", closed=4, status="lost"),
    deal("d-4", "dora", closed=4, amount_minor=1_00),
    deal("d-5", "eve", closed=None),
    deal("d-6", "fay", closed=9, currency="USD"),
)
"""Two deals by e-mail and phone, one lost after an event, one nobody knows anything of, one open, one in dollars."""


class Scenarios:
    """The stories, told on whichever store `stage` stands on."""

    async def test_the_paths_of_most_deals_come_first(self, stage: Scene) -> None:
        await stage.tell(*STORY)
        answer = await stage.get("/v1/paths")
        assert (answer["outcome"], answer["currency"], answer["deals"], answer["amount_minor"]) == (
            "won", "EUR", 3, 151_00,
        )  # fmt: skip
        both = {"deals": 2, "amount_minor": 150_00, "median_length": 2.5, "median_days": 15.0}
        nobody = {"deals": 1, "amount_minor": 1_00, "median_length": 0.0, "median_days": None}
        assert answer["items"] == [{"path": ["email", "phone"], **both}, {"path": [], **nobody}]
        assert (await stage.get("/v1/paths", limit="1"))["items"] == answer["items"][:1]

    async def test_paths_of_lost_deals_and_those_told_by_something_else_are_asked_for(self, stage: Scene) -> None:
        await stage.tell(*STORY)
        [lost] = (await stage.get("/v1/paths", outcome="lost"))["items"]
        assert (lost["path"], lost["median_days"]) == (["event"], 1.0)
        by_campaign = (await stage.get("/v1/paths", group_by="campaign", repeats="true"))["items"]
        assert [item["path"] for item in by_campaign] == [["spring", "(none)", "(none)"], ["(none)", "(none)"], []]
        by_source = (await stage.get("/v1/paths", group_by="source", repeats="true"))["items"]
        assert [item["path"] for item in by_source] == [["web", "web", "web"], ["web", "web"], []]

    async def test_lengths_and_lags_are_told_with_their_medians(self, stage: Scene) -> None:
        await stage.tell(*STORY)
        lengths = await stage.get("/v1/paths/lengths")
        assert (lengths["median_length"], [(each["length"], each["deals"]) for each in lengths["items"]]) == (
            2.0, [(0, 1), (2, 1), (3, 1)],
        )  # fmt: skip
        lags = await stage.get("/v1/paths/lags")
        held = [(each["from_days"], each["to_days"]) for each in lags["items"] if each["deals"]]
        assert (lags["median_days"], held) == (15.0, [(7, 14), (14, 30)])
        assert (lags["items"][0]["from_days"], lags["items"][-1]["to_days"]) == (0, None)

    async def test_transitions_lead_from_the_start_to_won_and_lost(self, stage: Scene) -> None:
        await stage.tell(*STORY)
        items = (await stage.get("/v1/paths/transitions"))["items"]
        assert {(each["from"], each["to"]): each["count"] for each in items} == {
            ("(start)", "email"): 2, ("email", "phone"): 2, ("phone", "(won)"): 2,
            ("(start)", "event"): 1, ("event", "(lost)"): 1, ("(start)", "(won)"): 1,
        }  # fmt: skip

    async def test_assists_are_told_beside_last_touches(self, stage: Scene) -> None:
        await stage.tell(*STORY)
        answer = await stage.get("/v1/assists")
        assert {item.pop("key"): tuple(item.values()) for item in answer["items"]} == {
            "email": (2, 150_00, 0, 0, None), "phone": (0, 0, 2, 150_00, 0.0),
        }  # fmt: skip
        assert [item["key"] for item in (await stage.get("/v1/assists", group_by="kind"))["items"]] == ["chat", "call"]

    async def test_only_deals_that_closed_in_the_time_are_told_of(self, stage: Scene) -> None:
        await stage.tell(*STORY)
        assert (await stage.get("/v1/paths", **{"from": "2026-01-16T00:00:00Z", "to": "2026-01-28T00:00:00Z"}))[
            "deals"
        ] == 1
        assert (await stage.get("/v1/paths", currency="usd"))["deals"] == 1

    async def test_nothing_is_told_of_nothing(self, stage: Scene) -> None:
        for path in ("/v1/paths", "/v1/paths/lengths", "/v1/paths/transitions", "/v1/assists"):
            assert (await stage.get(path))["items"] == []
        assert (await stage.get("/v1/paths/lags"))["median_days"] is None

    @pytest.mark.parametrize(
        "path",
        [
            "/v1/paths?outcome=open",
            "/v1/paths?limit=0",
            "/v1/paths?group_by=content",
            "/v1/assists?from=soon",
            "/v1/paths/lags?currency=EURO",
        ],
    )
    async def test_what_cannot_be_asked_is_a_problem(self, stage: Scene, path: str) -> None:
        assert (await stage.ask(path)).status_code == 422


class TestOnSqlite(Scenarios):
    """On a file."""

    @pytest.fixture
    async def stage(self, tmp_path: Path) -> AsyncIterator[Scene]:
        async with scene(tmp_path) as stage:
            yield stage


class TestOnPostgres(Scenarios):
    """On a database of its own."""

    @pytest.fixture
    async def stage(self, tmp_path: Path, postgres_url: str) -> AsyncIterator[Scene]:
        async with scene(tmp_path, postgres_url) as stage:
            yield stage
