"""An account, from what is posted to what every service says of it."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from shared.contracts import topics
from shared.kernel.instant import DAY, Instant, to_text
from tests.handlers.together.market import NOW, Market, market


@pytest.fixture
async def acme(tmp_path: Path) -> AsyncIterator[Market]:
    """Ana of Acme is on a deal without a role; Ben, a colleague, found the site, and asked for a demo."""
    async with market(tmp_path) as at_work:
        await at_work.post("/v1/batch", {"batch": [page("ben", 1), asks_for_a_demo("ben", 2), page("eve", 3)]})
        await at_work.post("/v1/identify", {"anonymousId": "eve", "traits": {"email": "eve@gmail.com"}})
        await at_work.post("/v1/deals", DEAL)
        yield at_work


def at(day: int) -> str:
    return to_text(Instant(NOW - (30 - day) * DAY))


def page(who: str, day: int) -> dict[str, Any]:
    search = {"page": {"url": "https://throughline.example/", "referrer": "https://www.google.com/"}}
    return {"type": "page", "anonymousId": who, "timestamp": at(day), "context": search}


def asks_for_a_demo(who: str, day: int) -> dict[str, Any]:
    said = {"email": f"{who}@sub.acme.com"}
    return {
        "type": "track", "event": "Demo Requested", "anonymousId": who, "timestamp": at(day), "properties": said,
    }  # fmt: skip


DEAL = {
    "id": "d-1", "account": {"id": "crm-7", "name": "Acme", "domain": "acme.com"}, "amount": "100.00",
    "contacts": [{"email": "ana@acme.com"}], "currency": "EUR", "status": "won", "created_at": at(5),
    "closed_at": at(10),
}  # fmt: skip


async def test_a_deal_without_roles_credits_the_visits_of_a_colleague(acme: Market) -> None:
    earned = (await acme.get("attribution", "/v1/deals/d-1/credits", model="first_touch"))["credits"]
    (ben,) = (await acme.get("ingest", "/v1/people", email="ben@sub.acme.com"))["items"]
    assert [(one["channel"], one["person_id"], one["amount_minor"]) for one in earned] == [
        ("organic_search", ben["id"], 100_00)
    ]


async def test_the_account_is_on_the_person_the_lead_and_the_report(acme: Market) -> None:
    (ben,) = (await acme.get("ingest", "/v1/people", email="ben@sub.acme.com"))["items"]
    assert [(one["id"], one["name"]) for one in ben["accounts"]] == [("crm-7", "Acme")]
    for account in ("crm-7", "acme.com"):
        leads = (await acme.get("scoring", "/v1/leads", account=account))["items"]
        assert ben["id"] in [lead["person_id"] for lead in leads]
        assert len(leads) == 2
    report = await acme.get("attribution", "/v1/attribution", group_by="account", models="first_touch")
    rows = report["models"]["first_touch"]["rows"]
    assert [(row["key"], row["name"], row["amount_minor"]) for row in rows] == [("crm-7", "Acme", 100_00)]


async def test_a_lead_is_handed_over_with_the_account_as_it_was_known_then(acme: Market) -> None:
    (lead,) = await acme.said(topics.LEADS.name, "lead.qualified")
    assert lead.card.emails == ("ben@sub.acme.com",)
    assert lead.account == {"id": "acme.com", "domain": "acme.com"}


async def test_free_mail_belongs_to_nobodys_account(acme: Market) -> None:
    (eve,) = (await acme.get("ingest", "/v1/people", email="eve@gmail.com"))["items"]
    assert eve["accounts"] == []
    account = await acme.get("ingest", "/v1/accounts/crm-7")
    assert eve["id"] not in [person["person_id"] for person in account["people"]["items"]]
