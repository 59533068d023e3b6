"""What the leads' API says of people who did things."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from shared.kernel.ids import derived
from shared.kernel.instant import to_text
from tests.handlers.scoring.at_scoring import NOW, ScoringService, accepted, card, day, merged, opened, touch, who


@pytest.fixture
async def scoring(tmp_path: Path) -> AsyncIterator[ScoringService]:
    async with opened(tmp_path) as service:
        yield service


async def test_a_lead_is_told_in_the_words_of_the_api(scoring: ScoringService) -> None:
    await scoring.given(card("ana", 0, traits={"title": "VP Marketing"}), touch("ana", "demo_requested", 1))
    (item,) = (await scoring.get("/v1/leads"))["items"]
    assert item["person_id"] == who("ana")
    assert (item["stage"], item["phase"], item["cycle"]) == ("mql", "consideration", 1)
    assert item["stage_since"] == to_text(day(1))
    assert item["engagement"]["as_of"] == to_text(NOW)
    assert item["cell"] == f"{item['fit']['grade']}{item['cell'][1]}"
    assert item["charter"] == "default"


async def test_every_lead_is_on_exactly_one_page(scoring: ScoringService) -> None:
    names = [f"visitor {number}" for number in range(7)]
    await scoring.given(*(touch(name, "page_viewed", 1) for name in names))
    items = await scoring.pages("/v1/leads", limit=3)
    assert [item["person_id"] for item in items] == sorted(map(who, names))


async def test_leads_are_found_by_stage_and_grade(scoring: ScoringService) -> None:
    await scoring.given(touch("bo", "page_viewed", 1), card("ana"), touch("ana", "demo_requested", 1))
    (lead,) = await scoring.pages("/v1/leads", stage="mql")
    assert lead["person_id"] == who("ana")
    grade = lead["fit"]["grade"]
    assert lead in await scoring.pages("/v1/leads", grade=grade)
    assert not await scoring.pages("/v1/leads", stage="customer", grade=grade)


async def test_leads_are_found_by_their_account(scoring: ScoringService) -> None:
    company = {"name": "Acme Inc", "id": "c-7"}
    others = [card(f"p{number}", emails=(f"p{number}@other.example",)) for number in range(5)]
    await scoring.given(*others, card("ana", traits={"company": company}))
    for account in ("acme.example", "ACME Inc", "c-7"):
        items = await scoring.pages("/v1/leads", account=account, limit=1)
        assert [item["person_id"] for item in items] == [who("ana")]


async def test_whoever_left_an_account_is_not_found_under_it(scoring: ScoringService) -> None:
    await scoring.given(*(card(name, emails=(f"{name}@old.example",)) for name in ("ana", "bo", "cy")))
    await scoring.given(card("bo", version=2, emails=("bo@new.example",)))
    left = [who(name) for name in ("ana", "cy")]
    assert [item["person_id"] for item in await scoring.pages("/v1/leads", account="old.example", limit=1)] == sorted(
        left
    )
    assert [item["person_id"] for item in await scoring.pages("/v1/leads", account="new.example")] == [who("bo")]


async def test_somebody_who_was_merged_is_hidden_and_answers_as_the_survivor(scoring: ScoringService) -> None:
    await scoring.given(touch("bo", "page_viewed", 1), card("ana"), touch("ana", "form_submitted", 2))
    await scoring.given(merged("bo", into="ana"))
    assert [item["person_id"] for item in await scoring.pages("/v1/leads")] == [who("ana")]
    lead = await scoring.get(f"/v1/leads/{who('bo')}")
    assert lead == await scoring.get(f"/v1/leads/{who('ana').upper()}")
    assert (lead["person_id"], lead["history"][0]["entered_at"]) == (who("ana"), to_text(day(0)))


async def test_a_lead_shows_where_it_comes_from_and_what_comes_next(scoring: ScoringService) -> None:
    await scoring.given(card("ana"), touch("ana", "demo_requested", 1))
    cause = derived("ana", "demo_requested", "1")
    await scoring.given(accepted("ana", cause, 2))
    lead = await scoring.get(f"/v1/leads/{who('ana')}")
    assert [entry["stage"] for entry in lead["history"]] == ["visitor", "subscriber", "lead", "mql", "sal"]
    assert lead["history"][3].items() >= {"entered_at": to_text(day(1)), "cause_event_id": cause}.items()
    assert lead["next"] == {"stage": "sql", "needs": "sales qualifies the lead"}


async def test_the_entries_of_why_sum_to_the_points_of_the_lead(scoring: ScoringService) -> None:
    touches = [touch("ana", "page_viewed", number / 10, page={"path": "/pricing"}) for number in range(12)]
    await scoring.given(card("ana"), *touches, touch("ana", "demo_requested", 3))
    why = await scoring.get(f"/v1/leads/{who('ana')}/why")
    lead = await scoring.get(f"/v1/leads/{who('ana')}")
    assert why["points"] == pytest.approx(sum(entry["points_now"] for entry in why["entries"]))
    assert why["points"] == pytest.approx(lead["engagement"]["points"])
    assert any(entry["capped_by"] for entry in why["entries"])


async def test_what_claims_to_be_ahead_of_now_is_explained_as_it_counts(scoring: ScoringService) -> None:
    await scoring.given(card("ana"), touch("ana", "page_viewed", 29), touch("ana", "demo_requested", 30.5))
    why = await scoring.get(f"/v1/leads/{who('ana')}/why")
    lead = await scoring.get(f"/v1/leads/{who('ana')}")
    assert lead["engagement"]["as_of"] == why["as_of"] == to_text(NOW)
    assert why["points"] == pytest.approx(lead["engagement"]["points"])
    assert derived("ana", "demo_requested", "30.5") in {entry["event_id"] for entry in why["entries"]}


async def test_why_at_a_time_knows_nothing_of_what_came_later(scoring: ScoringService) -> None:
    await scoring.given(card("ana"), touch("ana", "page_viewed", 1), touch("ana", "demo_requested", 3))
    why = await scoring.get(f"/v1/leads/{who('ana')}/why", at=to_text(day(2)))
    assert {entry["event_id"] for entry in why["entries"]} == {derived("ana", "page_viewed", "1")}
    assert why["as_of"] == to_text(day(2))
    assert (await scoring.get(f"/v1/leads/{who('ana')}/why", at="2001-01-01"))["points"] == 0


async def test_an_unknown_lead_is_a_404(scoring: ScoringService) -> None:
    for path in ("nobody", who("nobody"), "nobody/why"):
        assert (await scoring.ask(f"/v1/leads/{path}")).status_code == 404


async def test_a_list_that_cannot_be_asked_for_is_a_422(scoring: ScoringService) -> None:
    wrong = [("grade", "E"), ("stage", "not a stage"), ("limit", "0"), ("after", "x"), ("after", "WzFd")]
    for name, value in (*wrong, ("after", "WyJubyBpZCJd")):
        assert (await scoring.ask("/v1/leads", **{name: value})).status_code == 422


async def test_a_stage_that_the_charter_does_not_have_is_refused_with_those_that_it_has(
    scoring: ScoringService,
) -> None:
    for path in ("/v1/leads", "/v1/exports/leads.csv"):
        for stage in ("zork", "MQL", ""):
            answer = await scoring.ask(path, stage=stage)
            assert (answer.status_code, answer.json()["errors"][0]["path"]) == (422, "stage")
        assert "visitor, subscriber, lead, mql, sal, sql, opportunity" in answer.json()["detail"]
        assert (await scoring.ask(path, stage="disqualified")).status_code == 200


async def test_a_time_that_is_none_is_a_422(scoring: ScoringService) -> None:
    for at in ("yesterday", "", "0", "0001-01-01T00:00:00+14:00"):
        answer = await scoring.ask(f"/v1/leads/{who('ana')}/why", at=at)
        assert (answer.status_code, answer.json()["errors"][0]["path"]) == (422, "at")


async def test_leads_are_shown_to_those_who_may_read(scoring: ScoringService) -> None:
    assert (await scoring.ask("/v1/leads", key="nobody's")).status_code == 401
    assert (await scoring.ask("/v1/leads", key="wk")).status_code == 403
