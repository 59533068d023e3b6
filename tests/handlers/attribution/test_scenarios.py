"""What deals earn, from events to answers, on both stores."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from shared.kernel.ids import touchpoint_id
from tests.handlers.attribution.scene import Scene, deal, merged, person, scene, split, touch

VISITS = (touch("t1", 1, channel="organic_search"), touch("t2", 2, channel="email"), touch("t3", 3, channel="phone"))
REFUSED = {
    "/v1/deals/none": 404,
    "/v1/deals/none/credits": 404,
    "/v1/deals/none/why": 404,
    "/v1/deals/none/credits?model=guess": 422,
    "/v1/attribution?models=guess": 422,
    "/v1/attribution?group_by=person": 422,
    "/v1/attribution?group_by=": 422,
    "/v1/attribution?group_by=channel,kind,source": 422,
    "/v1/attribution?from=yesterday": 422,
    "/v1/attribution?from=0001-01-01T00:00:00%2B14:00": 422,
    "/v1/attribution?to=9999-12-31T23:59:59-14:00": 422,
    "/v1/attribution?currency=EURO": 422,
    "/v1/deals?after=bad": 422,
}
"""What cannot be asked, and the status it is answered with."""


class Scenarios:
    """The stories, told on whichever store `stage` stands on."""

    async def test_a_won_deal_is_credited_to_the_cent_by_every_model(self, stage: Scene) -> None:
        await stage.tell(*VISITS, deal(amount_minor=100_01))
        assert await stage.earned() == {"organic_search": 40_01, "email": 20_00, "phone": 40_00}
        assert await stage.earned(model="linear") == {"organic_search": 33_34, "email": 33_34, "phone": 33_33}
        assert await stage.earned(model="single") == {"phone": 100_01}
        answer = await stage.get("/v1/deals/d-1/credits")
        assert (answer["model"], answer["charter"], answer["amount_minor"]) == ("first_last", "default", 100_01)
        first = answer["credits"][0]
        assert (first["occurred_at"], first["person_id"]) == ("2026-01-06T00:00:00.000Z", person("ana"))
        assert (first["interaction_id"], first["share"]) == (touchpoint_id("web", "t1"), 0.4)

    async def test_the_first_and_the_last_instant_there_is_are_bounds(self, stage: Scene) -> None:
        await stage.tell(*VISITS, deal())
        first, last = "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"
        assert await stage.report(**{"from": first, "to": last}) == await stage.report()
        assert await stage.report(**{"from": last}) == await stage.report(to=first) == {}

    async def test_a_late_touch_is_credited_as_if_it_had_been_there(self, stage: Scene) -> None:
        await stage.tell(*VISITS[1:], deal())
        assert await stage.earned() == {"email": 50_00, "phone": 50_00}
        await stage.tell(VISITS[0])
        assert await stage.earned() == {"organic_search": 40_00, "email": 20_00, "phone": 40_00}

    async def test_a_deal_that_comes_before_its_touches_waits_for_them(self, stage: Scene) -> None:
        await stage.tell(deal())
        assert await stage.earned() == {"unattributed": 100_00}
        await stage.tell(*VISITS[:1])
        assert await stage.earned() == {"organic_search": 100_00}

    @pytest.mark.parametrize("after", [False, True])
    async def test_who_is_merged_brings_their_touches(self, stage: Scene, after: bool) -> None:
        story = [merged("ben", "ana"), deal()]
        await stage.tell(touch("t1", 1, "ben", channel="email"), touch("t2", 2, channel="phone"))
        for event in reversed(story) if after else story:
            await stage.tell(event)
        assert await stage.earned() == {"email": 50_00, "phone": 50_00}
        [credit, _] = (await stage.get("/v1/deals/d-1/credits"))["credits"]
        assert credit["person_id"] == person("ana")

    async def test_who_comes_back_takes_their_touches_along(self, stage: Scene) -> None:
        await stage.tell(touch("t1", 1, "ben", channel="email"), touch("t2", 2, channel="phone"), deal())
        await stage.tell(merged("ben", "ana"))
        await stage.tell(split("ben"))
        assert await stage.earned() == {"phone": 100_00}

    async def test_a_deal_of_somebody_merged_is_shown_with_who_they_are_now(self, stage: Scene) -> None:
        await stage.tell(deal("d-1", "ben", "ana"), touch("t1", 1, channel="email"), merged("ben", "ana"))
        assert await stage.earned() == {"email": 100_00}
        assert (await stage.get("/v1/deals/d-1"))["people"] == [{"person_id": person("ana"), "role": "buyer"}]

    async def test_a_touch_that_turns_out_to_be_somebody_elses_moves_its_credit(self, stage: Scene) -> None:
        await stage.tell(*VISITS, deal(), deal("d-2", "ben"))
        await stage.tell(touch("t1", 1, "ben", channel="organic_search", revision=2))
        assert await stage.earned() == {"email": 50_00, "phone": 50_00}
        assert await stage.earned("d-2") == {"organic_search": 100_00}
        await stage.tell(VISITS[0])
        assert await stage.earned("d-2") == {"organic_search": 100_00}

    async def test_a_touch_of_any_person_on_the_deal_counts(self, stage: Scene) -> None:
        await stage.tell(deal("d-1", "ana", "ben"))
        await stage.tell(touch("t1", 1, "ben", channel="email"))
        await stage.tell(touch("t2", 2, "ana", channel="phone"), touch("t3", 3, "cleo", channel="other"))
        assert await stage.earned() == {"email": 50_00, "phone": 50_00}

    async def test_an_amended_amount_is_split_again(self, stage: Scene) -> None:
        await stage.tell(*VISITS[:2], deal())
        await stage.tell(deal(version=2, amount_minor=7))
        assert await stage.earned() == {"organic_search": 4, "email": 3}
        assert await stage.report() == {"organic_search": 4, "email": 3}

    async def test_only_while_it_is_won_has_a_deal_credits(self, stage: Scene) -> None:
        await stage.tell(*VISITS, deal(closed=None))
        assert (await stage.ask("/v1/deals/d-1/credits")).status_code == 409
        await stage.tell(deal(version=2))
        assert sum((await stage.earned()).values()) == 100_00
        await stage.tell(deal(version=3, status="lost"))
        assert (await stage.ask("/v1/deals/d-1/credits")).status_code == 409
        assert (await stage.get("/v1/attribution"))["won"] == {"amount_minor": 0}
        history = (await stage.get("/v1/deals/d-1"))["history"]
        assert [(each["version"], each["status"]) for each in history] == [(1, "open"), (2, "won"), (3, "lost")]

    async def test_an_older_version_that_comes_late_changes_nothing_but_the_history(self, stage: Scene) -> None:
        await stage.tell(deal(version=2), deal(version=1, amount_minor=1, closed=None))
        found = await stage.get("/v1/deals/d-1")
        assert (found["version"], found["status"], found["amount_minor"]) == (2, "won", 100_00)
        assert [each["amount_minor"] for each in found["history"]] == [1, 100_00]

    async def test_what_comes_twice_counts_once(self, stage: Scene) -> None:
        for _ in range(2):
            await stage.tell(*VISITS, *VISITS, deal(), deal())
        assert await stage.earned(model="linear") == {"organic_search": 33_34, "email": 33_33, "phone": 33_33}
        assert len((await stage.get("/v1/deals/d-1"))["history"]) == 1

    async def test_a_repeat_purchase_begins_where_the_accounts_last_one_closed(self, stage: Scene) -> None:
        second = deal("d-2", "ben", closed=20, account="acme")
        await stage.tell(touch("t1", 5, "ben", channel="email"), touch("t2", 15, "ben", channel="phone"), second)
        assert await stage.earned("d-2") == {"email": 50_00, "phone": 50_00}
        await stage.tell(deal("d-1", closed=10, account="acme"))
        assert await stage.earned("d-2") == {"phone": 100_00}
        await stage.tell(deal("d-1", closed=10, account="other", version=2))
        assert await stage.earned("d-2") == {"email": 50_00, "phone": 50_00}

    async def test_the_why_of_a_deal_names_what_did_not_count(self, stage: Scene) -> None:
        late = touch("t9", 200, channel="phone")
        sent = touch("t5", 5, kind="email_sent", channel="email")
        await stage.tell(*VISITS[:1], sent, touch("t6", 6, bot=True), touch("t7", 7, type="identify"), late, deal())
        why = await stage.get("/v1/deals/d-1/why")
        assert [(each["interaction_id"], each["kinds"]) for each in why["counted"]] == [
            (touchpoint_id("web", "t1"), ["chat"])
        ]
        assert [(each["what"], each["why"]) for each in why["not_counted"]] == [
            ("touchpoint", "kind"), ("touchpoint", "bot"), ("interaction", "after_close"),
        ]  # fmt: skip
        assert why["not_counted"][-1]["sentence"] == "It happened after the deal was closed."

    async def test_every_report_sums_to_what_was_won(self, stage: Scene) -> None:
        people = ("ana", "ben", "cleo")
        touches = [touch(f"{who}{n}", n, who, channel=("email", "phone")[n % 2]) for who in people for n in range(3)]
        deals = [deal(f"d-{n}", who, amount_minor=1_00 + n, account="acme") for n, who in enumerate(people)]
        await stage.tell(*touches, *deals, deal("d-9", "dora"))
        for group_by in ("channel", "department", "campaign", "account", "source,kind", "content,utm_source"):
            answer = await stage.get("/v1/attribution", group_by=group_by)
            for model in answer["models"].values():
                assert sum(row["amount_minor"] for row in model["rows"]) == answer["won"]["amount_minor"] == 103_03
                assert sum(row["deals"] for row in model["rows"]) == pytest.approx(answer["deals"])

    async def test_models_that_learn_are_asked_over_all_closed_deals(self, stage: Scene) -> None:
        await stage.tell(touch("a", 1, channel="email"), touch("b", 2, "ben", channel="email"), deal())
        await stage.tell(touch("c", 3, channel="phone"), deal("d-2", "ben", status="lost", currency="USD"))
        await stage.tell(deal("d-3", "cleo", amount_minor=1_01))
        models = ["markov_channel", "markov", "shapley", "shapley_ordered", "linear"]
        answer = await stage.get("/v1/attribution", models=",".join(models))
        assert (list(answer["models"]), answer["warnings"]) == (models, [])
        for model in answer["models"].values():
            found = {row["key"]: row["amount_minor"] for row in model["rows"]}
            assert found == {"email": 50_00, "phone": 50_00, "unattributed": 1_01}

    async def test_models_that_learn_say_what_they_lack(self, stage: Scene) -> None:
        await stage.tell(*VISITS, deal())
        answer = await stage.get("/v1/attribution", models="markov")
        assert [warning[:27] for warning in answer["warnings"]] == ["there are no lost journeys:"]
        assert (await stage.ask("/v1/attribution?models=markov&group_by=source")).status_code == 422
        assert (await stage.get("/v1/attribution", models="shapley", currency="USD"))["models"]["shapley"]["rows"] == []

    async def test_a_milestone_that_nobody_knows_of_is_said(self, stage: Scene) -> None:
        await stage.tell(*VISITS, deal())
        assert await stage.earned(model="w_shaped") == {"organic_search": 85_72, "email": 7_14, "phone": 7_14}
        answer = await stage.get("/v1/deals/d-1/credits", model="w_shaped")
        assert answer["missing"] == ["lead_creation"]
        assert (await stage.get("/v1/deals/d-1/credits", model="linear"))["missing"] == []

    async def test_departments_are_told_even_with_nothing(self, stage: Scene) -> None:
        await stage.tell(*VISITS, deal())
        assert await stage.report(group_by="department") == {"marketing": 60_00, "sales": 40_00, "service": 0}
        pairs = await stage.report(group_by="department,campaign")
        assert pairs == {("marketing", "(none)"): 60_00, ("sales", "(none)"): 40_00}

    async def test_a_report_takes_the_close_from_inclusive_to_exclusive(self, stage: Scene) -> None:
        await stage.tell(deal("d-1", closed=1), deal("d-2", closed=2), deal("d-3", closed=None))
        first, second = "2026-01-06T00:00:00Z", "2026-01-07T00:00:00Z"
        assert (await stage.get("/v1/attribution", **{"from": first, "to": second}))["deals"] == 1
        assert (await stage.get("/v1/attribution", **{"from": first}))["deals"] == 2

    async def test_other_currencies_are_told_apart(self, stage: Scene) -> None:
        await stage.tell(*VISITS, deal(), deal("d-2", currency="USD", amount_minor=5))
        answer = await stage.get("/v1/attribution", models="linear,first_last")
        assert (answer["currency"], answer["agreed_model"], list(answer["models"])) == (
            "EUR", "first_last", ["linear", "first_last"],
        )  # fmt: skip
        assert (answer["deals"], answer["won"]) == (1, {"amount_minor": 100_00})
        assert answer["unconverted"] == [{"currency": "USD", "deals": 1, "amount_minor": 5}]
        assert sum((await stage.report(currency="usd")).values()) == 5

    async def test_deals_come_in_pages(self, stage: Scene) -> None:
        await stage.tell(*(deal(f"d-{n}", "ana", "ben") for n in range(5)))
        first = await stage.get("/v1/deals", limit="3")
        rest = await stage.get("/v1/deals", limit="3", after=first["next"])
        assert [each["id"] for each in (*first["items"], *rest["items"])] == [f"d-{n}" for n in range(5)]
        assert rest["next"] is None
        assert (first["items"][0]["amount_minor"], first["items"][0]["status"]) == (100_00, "won")

    async def test_what_cannot_be_answered_is_a_problem(self, stage: Scene) -> None:
        assert {path: (await stage.ask(path)).status_code for path in REFUSED} == REFUSED


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
