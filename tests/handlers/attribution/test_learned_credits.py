"""What the interactions of one deal earned by the models that learn from all journeys, on both stores."""

from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.handlers.attribution.scene import Scene, deal, person, scene, touch

BRYL = (
    touch("t1", 1, channel="c1"), touch("t2", 2, channel="c2"), touch("t3", 3, channel="c3"), deal(),
    touch("t4", 1, "ben", channel="c1"), deal("d-2", "ben", status="lost"),
    touch("t5", 1, "cleo", channel="c2"), touch("t6", 2, "cleo", channel="c3"), deal("d-3", "cleo", status="lost"),
)  # fmt: skip
"""C1>C2>C3 won, C1 lost, C2>C3 lost: removal effects are 0.5, 1 and 1."""
REFUSED = {
    "/v1/deals/d-1/credits?model=markov_channel": 422,
    "/v1/deals/d-1/credits?model=guess": 422,
    "/v1/deals/d-1/credits?model=": 422,
    "/v1/deals/d-1/credits?model=incremental": 409,
    "/v1/deals/d-2/credits?model=markov": 409,
    "/v1/deals/none/credits?model=shapley": 404,
    "/v1/deals/d-1/credits/history?model=markov": 422,
    "/v1/exports/credits.csv?model=markov": 422,
}
"""What cannot be asked of a deal, and the status it is answered with."""


class LearnedCredits:
    """The stories, told on whichever store `stage` stands on."""

    async def test_markov_shares_a_deal_by_the_removal_effects_of_its_own_touches(self, stage: Scene) -> None:
        await stage.tell(*BRYL)
        assert await stage.earned(model="markov") == {"c1": 20_00, "c2": 40_00, "c3": 40_00}
        answer = await stage.get("/v1/deals/d-1/credits", model="markov")
        assert (answer["model"], answer["charter"], answer["warnings"]) == ("markov", "default", [])
        assert "removal effect" in answer["rule"]
        assert [(each["person_id"], each["kind"]) for each in answer["credits"]] == [(person("ana"), "chat")] * 3
        assert [each["share"] for each in answer["credits"]] == pytest.approx([0.2, 0.4, 0.4])

    @pytest.mark.parametrize("model", ["shapley", "shapley_ordered"])
    async def test_shapley_shares_a_deal_over_its_channels_and_a_channel_over_its_repeats(
        self, stage: Scene, model: str
    ) -> None:
        channels = ("email", "phone", "email", "email")
        await stage.tell(*(touch(f"t{n}", n, channel=channel) for n, channel in enumerate(channels)), deal())
        answer = await stage.get("/v1/deals/d-1/credits", model=model)
        told = [(each["channel"], each["amount_minor"]) for each in answer["credits"]]
        assert told == [("email", 16_67), ("phone", 50_00), ("email", 16_67), ("email", 16_66)]

    @pytest.mark.parametrize("model", ["markov", "shapley", "shapley_ordered"])
    async def test_the_credits_of_all_deals_are_what_the_report_says(self, stage: Scene, model: str) -> None:
        await stage.tell(*BRYL, touch("t7", 1, "dora", channel="c1"), touch("t8", 2, "dora", channel="c2"))
        await stage.tell(deal("d-4", "dora", amount_minor=10_01), deal("d-5", "eve", amount_minor=5))
        earned: Counter[str] = Counter()
        for name, amount in (("d-1", 100_00), ("d-4", 10_01), ("d-5", 5)):
            credits_of_it = await stage.earned(name, model)
            assert sum(credits_of_it.values()) == amount
            earned.update(credits_of_it)
        rows = (await stage.get("/v1/attribution", models=model))["models"][model]["rows"]
        assert earned == pytest.approx({row["key"]: row["amount_minor"] for row in rows}, abs=3)

    async def test_markov_without_lost_journeys_says_what_it_lacks(self, stage: Scene) -> None:
        await stage.tell(touch("t1", 1, channel="email"), deal())
        answer = await stage.get("/v1/deals/d-1/credits", model="markov")
        assert [warning[:27] for warning in answer["warnings"]] == ["there are no lost journeys:"]
        assert (await stage.get("/v1/deals/d-1/credits", model="shapley"))["warnings"] == []

    async def test_a_deal_that_no_report_can_convert_is_shared_all_the_same(self, stage: Scene) -> None:
        met = (touch("t9", 1, "eve", channel="fair"), touch("t10", 2, "eve", channel="mail"))
        await stage.tell(*BRYL, *met, deal("d-9", "eve", currency="CHF", amount_minor=7))
        assert await stage.earned("d-9", "markov") == {"fair": 4, "mail": 3}

    async def test_a_deal_without_an_interaction_is_unattributed(self, stage: Scene) -> None:
        await stage.tell(deal())
        for model in ("markov", "shapley"):
            assert await stage.earned(model=model) == {"unattributed": 100_00}

    async def test_what_cannot_be_asked_of_a_deal_says_so(self, stage: Scene) -> None:
        await stage.tell(*BRYL)
        assert {path: (await stage.ask(path)).status_code for path in REFUSED} == REFUSED
        problem = (await stage.ask("/v1/deals/d-1/credits", model="guess")).json()
        assert "shapley_ordered" in problem["detail"]
        assert "markov_channel" not in problem["detail"]


class TestOnSqlite(LearnedCredits):
    """On a file."""

    @pytest.fixture
    async def stage(self, tmp_path: Path) -> AsyncIterator[Scene]:
        async with scene(tmp_path) as stage:
            yield stage


class TestOnPostgres(LearnedCredits):
    """On a server."""

    @pytest.fixture
    async def stage(self, tmp_path: Path, postgres_url: str) -> AsyncIterator[Scene]:
        async with scene(tmp_path, postgres_url) as stage:
            yield stage
