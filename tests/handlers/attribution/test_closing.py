"""Months that are closed, what becomes known of them later, and how a deal's credit changed: on both stores."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from services.attribution.store.books import CHANGES_KEPT
from shared.kernel.ids import derived, touchpoint_id
from shared.kernel.instant import parse, to_text
from tests.handlers.attribution.sales_news import stages
from tests.handlers.attribution.scene import NOW, Json, Scene, deal, merged, person, scene, split, touch

APRIL, MAY = "2026-04", "2026-05"
MAY_DAY = 130
"""A day of May, as April's deals close on day 100."""
ADJUSTMENTS = f"/v1/periods/{APRIL}/adjustments"
HISTORY = "/v1/deals/d-1/credits/history"
VISITS = (touch("t1", 1, channel="organic_search"), touch("t2", 2, channel="email"))
REFUSED = {
    "/v1/periods/2026-13": 422,
    "/v1/periods/2026-Q2": 422,
    "/v1/periods/0000-01": 422,
    "/v1/periods/9999-12": 422,
    "/v1/periods/9999-12/adjustments": 422,
    f"{ADJUSTMENTS}?model=guess": 422,
    f"{ADJUSTMENTS}?group_by=person": 422,
    f"{ADJUSTMENTS}?after=bad": 422,
    "/v1/attribution?view=guess": 422,
    "/v1/attribution?view=as_reported&models=markov": 422,
    "/v1/deals/none/credits/history": 404,
    f"{HISTORY}?model=guess": 422,
}
"""What cannot be asked, and the status it is answered with."""


async def close(stage: Scene, period: str = APRIL) -> Json:
    """Close a month that can be closed."""
    answer = await stage.post(f"/v1/periods/{period}/close")
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()
    return found


async def adjusted(stage: Scene, **query: str) -> list[tuple[Any, ...]]:
    """What was added to April: the key, the amount, why."""
    items = (await stage.get(ADJUSTMENTS, **query))["items"]
    return [(item["key"], item["amount_minor"], item["cause"]) for item in items]


class Closing:
    """The stories, told on whichever store `stage` stands on."""

    async def test_a_closed_month_says_what_it_was_closed_with(self, stage: Scene) -> None:
        await stage.tell(*VISITS, deal(), deal("d-2", currency="USD", amount_minor=7))
        assert (await stage.get(f"/v1/periods/{APRIL}"))["state"] == "open"
        found = await close(stage)
        totals = [
            {"currency": "EUR", "deals": 1, "amount_minor": 100_00},
            {"currency": "USD", "deals": 1, "amount_minor": 7},
        ]
        assert found == {
            "id": APRIL, "state": "closed", "from": "2026-04-01T00:00:00.000Z", "to": "2026-05-01T00:00:00.000Z",
            "closed_at": to_text(NOW), "charter": "default", "agreed_model": "first_last", "reported": totals,
            "known": totals,
        }  # fmt: skip
        assert await stage.get("/v1/periods") == {"items": [found], "next": None}

    async def test_to_close_a_month_again_changes_nothing(self, stage: Scene) -> None:
        await stage.tell(*VISITS, deal())
        first = await close(stage)
        await stage.tell(deal("d-2", amount_minor=5))
        again = await close(stage)
        assert again["reported"] == first["reported"]
        assert again["known"] == [{"currency": "EUR", "deals": 2, "amount_minor": 100_05}]

    async def test_a_month_that_is_not_over_cannot_be_closed(self, stage: Scene) -> None:
        running = to_text(NOW)[:7]
        answer = await stage.post(f"/v1/periods/{running}/close")
        assert (answer.status_code, answer.json()["code"]) == (409, "conflict")
        assert (await stage.get(f"/v1/periods/{running}"))["state"] == "running"
        assert (await stage.get("/v1/periods"))["items"] == []

    async def test_a_late_touch_is_an_adjustment_and_the_books_stay(self, stage: Scene) -> None:
        await stage.tell(*VISITS, deal())
        await close(stage)
        await stage.tell(touch("t3", 3, channel="phone"))
        late = touchpoint_id("web", "t3")
        assert sorted(await adjusted(stage)) == [
            ("email", -30_00, "late_touch"), ("organic_search", -10_00, "late_touch"), ("phone", 40_00, "late_touch"),
        ]  # fmt: skip
        assert {item["event_id"] for item in (await stage.get(ADJUSTMENTS))["items"]} == {late}
        assert await stage.report(view="as_reported") == {"organic_search": 50_00, "email": 50_00}
        assert await stage.report() == {"organic_search": 40_00, "email": 20_00, "phone": 40_00}

    async def test_a_change_of_who_somebody_is_names_itself_as_the_cause(self, stage: Scene) -> None:
        await stage.tell(*VISITS[:1], touch("t2", 2, "ben", channel="email"), deal())
        await close(stage)
        await stage.tell(merged("ben", "ana"))
        assert sorted(await adjusted(stage)) == [("email", 50_00, "merge"), ("organic_search", -50_00, "merge")]
        await stage.tell(split("ben"))
        assert sorted(await adjusted(stage))[1:3] == [("email", 50_00, "merge"), ("organic_search", -50_00, "merge")]
        assert sorted(await adjusted(stage))[0] == ("email", -50_00, "split")

    async def test_what_becomes_of_the_deal_itself_is_told_by_its_version(self, stage: Scene) -> None:
        await stage.tell(*VISITS[:1], deal())
        await close(stage)
        await stage.tell(deal(version=2, amount_minor=80_00))
        await stage.tell(deal(version=3, status="lost"))
        await stage.tell(deal(version=4, amount_minor=1_00))
        await stage.tell(deal(version=5, closed=None))
        told = [(amount, cause) for _, amount, cause in await adjusted(stage)]
        assert told == [(-20_00, "amended"), (-80_00, "lost"), (1_00, "new_deal"), (-1_00, "reopened")]
        [first, *_] = (await stage.get(ADJUSTMENTS))["items"]
        assert first["event_id"] == derived("deal", "d-1", "2", "1")

    async def test_a_deal_that_is_posted_after_the_close_is_an_adjustment(self, stage: Scene) -> None:
        await close(stage)
        await stage.tell(*VISITS[:1], deal(account="acme"))
        assert await adjusted(stage, group_by="account,channel") == [(["acme", "organic_search"], 100_00, "new_deal")]
        assert (await stage.get("/v1/attribution", view="as_reported"))["won"] == {"amount_minor": 0}

    async def test_another_moment_of_becoming_a_lead_is_a_cause_of_its_own(self, stage: Scene) -> None:
        await stage.tell(*VISITS, deal())
        await close(stage)
        await stage.tell(stages(lead=2))
        found = await adjusted(stage, model="lead_creation")
        assert found == [("email", 100_00, "stage"), ("organic_search", -100_00, "stage")]
        told = (await stage.get(HISTORY))["items"][-1]
        assert (told["cause"], told["event_id"]) == ("stage", derived("stage", person("ana"), "1"))

    async def test_another_purchase_of_the_buyer_is_a_cause_of_its_own(self, stage: Scene) -> None:
        await stage.tell(*VISITS, deal(account="acme"))
        await close(stage)
        await stage.tell(deal("d-0", "ben", closed=1.5, account="acme"))
        assert sorted(await adjusted(stage)) == [
            ("email", 50_00, "other_deal"),
            ("organic_search", -50_00, "other_deal"),
        ]

    async def test_a_deal_that_moves_to_an_open_month_leaves_the_closed_one(self, stage: Scene) -> None:
        await stage.tell(*VISITS[:1], deal())
        await close(stage)
        await stage.tell(deal(version=2, closed=MAY_DAY))
        assert await adjusted(stage) == [("organic_search", -100_00, "amended")]
        may = {"from": "2026-05-01T00:00:00Z", "to": "2026-06-01T00:00:00Z"}
        assert await stage.report(view="as_reported", **may) == {"organic_search": 100_00}
        await close(stage, MAY)
        await stage.tell(deal(version=3))
        assert await adjusted(stage) == [("organic_search", -100_00, "amended"), ("organic_search", 100_00, "amended")]

    async def test_a_close_that_is_told_by_the_version_alone_moves_with_it(self, stage: Scene) -> None:
        april, may = (parse(f"2026-0{number}-15T00:00:00Z") for number in (4, 5))
        await stage.tell(*VISITS[:1], deal(closed=None, status="won", occurred_at=april))
        await close(stage)
        await stage.tell(deal(closed=None, status="won", occurred_at=may, version=2))
        assert await adjusted(stage) == [("organic_search", -100_00, "amended")]

    async def test_a_report_lists_what_became_known_in_its_time_apart(self, stage: Scene) -> None:
        await stage.tell(*VISITS[:1], deal())
        await close(stage)
        await stage.tell(deal(version=2, amount_minor=90_00), deal("d-2", closed=399, amount_minor=1))
        month = to_text(NOW)[:7]
        answer = await stage.get(
            "/v1/attribution", view="as_reported", models="linear", **{"from": f"{month}-01T00:00:00Z"}
        )
        assert (answer["view"], answer["won"]) == ("as_reported", {"amount_minor": 1})
        rows = [{"key": "organic_search", "amount_minor": -10_00}]
        assert answer["adjustments"] == [
            {"period": APRIL, "models": {"linear": {"rows": rows, "amount_minor": -10_00}}}
        ]
        before = await stage.get("/v1/attribution", view="as_reported", to=f"{month}-01T00:00:00Z")
        assert (before["adjustments"], before["won"]) == ([], {"amount_minor": 100_00})
        assert (await stage.get("/v1/attribution"))["adjustments"] == []

    async def test_adjustments_come_in_pages(self, stage: Scene) -> None:
        await close(stage)
        await stage.tell(*VISITS, deal(), deal("d-2", amount_minor=3), deal("d-3", "ben"))
        whole = (await stage.get(ADJUSTMENTS))["items"]
        found, after = [], ""
        while page := await stage.get(ADJUSTMENTS, limit="2", **({"after": after} if after else {})):
            found += page["items"]
            if not (after := page["next"]):
                break
        assert (found, len(found)) == (whole, 5)

    async def test_the_history_of_a_credit_has_a_line_a_change_and_no_other(self, stage: Scene) -> None:
        await stage.tell(*VISITS[:1], deal(closed=None))
        assert (await stage.get(HISTORY))["items"] == []
        await stage.tell(deal(version=2))
        await stage.tell(touch("t9", 200, channel="phone"), deal(version=2), deal(version=3, stage="booked"))
        await stage.tell(VISITS[1])
        first, second = (await stage.get(HISTORY))["items"]
        won = {"currency": "EUR", "amount_minor": 100_00, "channels": {"organic_search": 100_00}}
        assert (first["cause"], first["before"], first["after"]) == ("new_deal", None, won)
        assert (second["cause"], second["before"], second["event_id"]) == (
            "late_touch",
            won,
            touchpoint_id("web", "t2"),
        )
        assert second["after"]["channels"] == {"organic_search": 50_00, "email": 50_00}

    async def test_the_history_comes_in_pages_that_know_what_was_before(self, stage: Scene) -> None:
        for version in range(1, 5):
            await stage.tell(deal(version=version, amount_minor=version))
        first = await stage.get(HISTORY, limit="2", model="linear")
        rest = await stage.get(HISTORY, limit="2", model="linear", after=first["next"])
        told = [(item["n"], (item["before"] or {}).get("amount_minor")) for item in (*first["items"], *rest["items"])]
        assert (told, rest["next"]) == ([(1, None), (2, 1), (3, 2), (4, 3)], None)

    async def test_what_cannot_be_answered_is_a_problem(self, stage: Scene) -> None:
        await stage.tell(deal())
        assert {path: (await stage.ask(path)).status_code for path in REFUSED} == REFUSED
        for period in ("october", "9999-12"):
            assert (await stage.post(f"/v1/periods/{period}/close")).status_code == 422

    async def test_nobody_is_named_in_the_books(self, stage: Scene) -> None:
        await stage.tell(*VISITS, deal())
        await close(stage)
        await stage.tell(touch("t3", 3, channel="phone"))
        for path in (ADJUSTMENTS, HISTORY, f"/v1/periods/{APRIL}"):
            assert person("ana") not in (await stage.ask(path)).text


class TestOnSqlite(Closing):
    """On a file."""

    async def test_of_a_deal_that_never_rests_the_last_changes_are_kept(self, stage: Scene) -> None:
        for version in range(1, CHANGES_KEPT + 3):
            await stage.tell(deal(version=version, amount_minor=version))
        items = (await stage.get(HISTORY, limit="1000"))["items"]
        assert [item["n"] for item in items] == list(range(3, CHANGES_KEPT + 3))
        assert [items[0]["before"], items[1]["before"]["amount_minor"]] == [None, 3]

    @pytest.fixture
    async def stage(self, tmp_path: Path) -> AsyncIterator[Scene]:
        async with scene(tmp_path) as stage:
            yield stage


class TestOnPostgres(Closing):
    """On a database of its own."""

    @pytest.fixture
    async def stage(self, tmp_path: Path, postgres_url: str) -> AsyncIterator[Scene]:
        async with scene(tmp_path, postgres_url) as stage:
            yield stage
