"""What became of the leads of each source, from events to answers, on both stores."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.handlers.attribution.sales_news import acted, promoted, stages
from tests.handlers.attribution.scene import Json, Scene, deal, merged, scene, split, touch

NOTHING = {
    "leads": 0, "mqls": 0, "accepted": 0, "rejected": 0, "rejection_reasons": {}, "contacted": 0, "won_deals": 0,
    "won_amount_minor": 0, "median_days_to_close": None,
    "conversion": {"lead_to_mql": None, "mql_to_accepted": None, "lead_to_won": None},
}  # fmt: skip
SOLD = (
    touch("t1", 1, channel="organic_search", kind="page_viewed", source="site", campaign={"name": "spring"}),
    touch("t2", 9, channel="email", kind="email_clicked", properties={"heard_from": " A  Podcast "}),
    touch("t3", 12, channel="phone", kind="call"),
    stages(visitor=1, lead=10, mql=12),
    promoted(cause="t3", day=12),
    acted("assigned", cause="t3", version=1),
    acted("accepted", cause="t3", version=2),
    acted("contacted", cause="t3", version=3),
    deal(closed=40),
)
"""Ana came by search, became a lead by e-mail, qualified by a call and bought."""
TURNED_DOWN = (
    touch("b1", 2, "ben", channel="phone", kind="prospected", properties={"heard_from": "a podcast"}),
    stages("ben", lead=2, mql=5),
    promoted("ben", cause="b1", day=5),
    acted("rejected", "ben", cause="b1", version=2, reason="poor-fit", outcome="disqualified"),
)
"""Sales found Ben, and turned him down."""


async def rows(stage: Scene, **query: str) -> dict[str, Json]:
    """The rows of a report, by key."""
    answer = await stage.get("/v1/quality", **query)
    return {key if isinstance(key := row.pop("key"), str) else ",".join(key): row for row in answer["rows"]}


class Scenarios:
    """The stories, told on whichever store `stage` stands on."""

    async def test_each_source_is_told_what_became_of_its_leads(self, stage: Scene) -> None:
        await stage.tell(*SOLD, *TURNED_DOWN)
        assert await rows(stage) == {
            "organic_search": {
                "leads": 1, "mqls": 1, "accepted": 1, "rejected": 0, "rejection_reasons": {}, "contacted": 1,
                "won_deals": 1, "won_amount_minor": 100_00, "median_days_to_close": 30.0,
                "conversion": {"lead_to_mql": 1.0, "mql_to_accepted": 1.0, "lead_to_won": 1.0},
            },
            "phone": NOTHING | {
                "leads": 1, "mqls": 1, "rejected": 1, "rejection_reasons": {"poor-fit": 1},
                "conversion": {"lead_to_mql": 1.0, "mql_to_accepted": 0.0, "lead_to_won": 0.0},
            },
        }  # fmt: skip

    @pytest.mark.parametrize(
        ("by", "channel"), [("first", "organic_search"), ("lead_creation", "email"), ("last", "phone")]
    )
    async def test_a_lead_is_counted_where_the_interaction_asked_about_happened(
        self, stage: Scene, by: str, channel: str
    ) -> None:
        await stage.tell(*SOLD, touch("t4", 30, channel="event"))
        assert {key: row["leads"] for key, row in (await rows(stage, by=by)).items()} == {channel: 1}

    @pytest.mark.parametrize(
        ("group_by", "keys"),
        [
            ("source", ["site", "web"]),
            ("campaign", ["(none)", "spring"]),
            ("department", ["marketing", "sales"]),
            ("kind", ["page_viewed", "prospected"]),
            ("heard_from", ["a podcast"]),
            ("heard_from,channel", ["a podcast,organic_search", "a podcast,phone"]),
        ],
    )
    async def test_leads_are_grouped_by_what_was_measured_and_by_what_they_said(
        self, stage: Scene, group_by: str, keys: list[str]
    ) -> None:
        await stage.tell(*SOLD, *TURNED_DOWN)
        found = await rows(stage, group_by=group_by)
        assert (sorted(found), sum(row["leads"] for row in found.values())) == (keys, 2)

    async def test_what_they_said_earns_no_credit(self, stage: Scene) -> None:
        await stage.tell(*SOLD)
        without = touch("t2", 9, channel="email", kind="email_clicked", revision=2)
        before = await stage.get("/v1/deals/d-1/credits")
        await stage.tell(without)
        assert await stage.get("/v1/deals/d-1/credits") == before
        assert list(await rows(stage, group_by="heard_from")) == ["(none)"]

    async def test_a_deal_is_counted_once_with_the_first_of_its_people_to_become_a_lead(self, stage: Scene) -> None:
        both = deal("d-1", "ana", "ben", closed=40)
        await stage.tell(*SOLD[:4], *TURNED_DOWN, both)
        assert {key: row["won_deals"] for key, row in (await rows(stage)).items()} == {"organic_search": 0, "phone": 1}
        assert (await stage.get("/v1/quality"))["total"]["won_deals"] == 1

    async def test_a_merge_makes_one_lead_and_a_split_two_again(self, stage: Scene) -> None:
        await stage.tell(*SOLD, *TURNED_DOWN)
        await stage.tell(merged("ben", "ana"))
        found = await rows(stage)
        assert [(key, row["leads"], row["rejected"]) for key, row in found.items()] == [("organic_search", 1, 1)]
        await stage.tell(split("ben"))
        assert sorted(await rows(stage)) == ["organic_search", "phone"]

    async def test_a_hand_off_goes_where_the_touch_that_caused_it_went(self, stage: Scene) -> None:
        await stage.tell(*SOLD, touch("c1", 3, "cleo", channel="event"), stages("cleo", lead=3))
        await stage.tell(touch("t3", 12, "cleo", channel="phone", kind="call", revision=2))
        found = await rows(stage)
        assert {key: row["accepted"] for key, row in found.items()} == {"organic_search": 0, "event": 1}

    async def test_who_became_a_lead_at_another_time_is_left_out(self, stage: Scene) -> None:
        await stage.tell(*SOLD, *TURNED_DOWN)
        day = "2026-01-15T00:00:00Z"
        assert list(await rows(stage, **{"from": day})) == ["organic_search"]
        assert list(await rows(stage, to=day)) == ["phone"]

    async def test_what_was_won_in_another_currency_is_told_apart(self, stage: Scene) -> None:
        await stage.tell(*SOLD[:-1], deal(closed=40, currency="USD"))
        answer = await stage.get("/v1/quality")
        assert (answer["total"]["won_deals"], answer["total"]["won_amount_minor"]) == (1, 0)
        assert answer["unconverted"] == [{"currency": "USD", "deals": 1, "amount_minor": 100_00}]

    @pytest.mark.parametrize("backwards", [False, True])
    async def test_the_order_of_arrival_makes_no_difference(self, stage: Scene, backwards: bool) -> None:
        events = [*SOLD, *TURNED_DOWN, *SOLD]
        for event in reversed(events) if backwards else events:
            await stage.tell(event)
        answer = await stage.get("/v1/quality", group_by="department")
        assert [(row["key"], row["accepted"], row["rejected"]) for row in answer["rows"]] == [
            ("marketing", 1, 0), ("sales", 0, 1),
        ]  # fmt: skip

    async def test_every_lead_is_told_of_however_many_there_are(self, stage: Scene) -> None:
        many = [stages(f"lead {number}", lead=3) for number in range(1_003)]
        await stage.tell(*many, *SOLD)
        assert (await stage.get("/v1/quality"))["total"]["leads"] == 1_004

    async def test_what_cannot_be_asked_is_a_problem(self, stage: Scene) -> None:
        for query in ("group_by=person", "group_by=", "by=middle", "from=yesterday", "currency=EURO"):
            assert (await stage.ask(f"/v1/quality?{query}")).status_code == 422
        assert (await stage.get("/v1/quality"))["total"] == NOTHING

    async def test_a_bot_brings_no_lead_and_says_nothing(self, stage: Scene) -> None:
        bot = touch("t1", 1, channel="email", bot=True, properties={"heard_from": "a crawler"})
        await stage.tell(bot, stages(lead=1))
        assert list(await rows(stage)) == list(await rows(stage, group_by="heard_from")) == ["(none)"]


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
