"""What ingest's API says of accounts."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from shared.contracts.touchpoints import AccountRef
from shared.kernel.ids import derived
from shared.kernel.instant import to_text
from shared.web.paging import encode_cursor
from tests.handlers.ingest.at_ingest import IngestService, call, day, deal, event_id, identify, opened

ACME = AccountRef(id="crm-7", name="Acme", domain="acme.com")


@pytest.fixture
async def ingest(tmp_path: Path) -> AsyncIterator[IngestService]:
    async with opened(tmp_path) as service:
        yield service


async def test_an_account_is_found_by_its_id_and_by_any_host_under_its_domain(ingest: IngestService) -> None:
    await ingest.given(deal("d", 1, "ana@acme.com", ACME))
    acme = {"id": "crm-7", "name": "Acme", "domain": "acme.com", "domains": ["acme.com"]}
    for asked in ({"id": "crm-7"}, {"domain": "acme.com"}, {"domain": "https://www.sub.acme.com/"}):
        assert (await ingest.get("/v1/accounts", **asked))["items"] == [acme]
    assert (await ingest.get("/v1/accounts", domain="gmail.com"))["items"] == []
    assert (await ingest.get("/v1/accounts", domain="nobody.com"))["items"] == []


async def test_an_account_that_only_addresses_tell_of_is_found_by_its_domain(ingest: IngestService) -> None:
    await ingest.given(identify("i", 1, "ana@sub.globex.com"))
    (found,) = (await ingest.get("/v1/accounts", domain="globex.com"))["items"]
    assert found == {"id": "globex.com", "name": None, "domain": "globex.com", "domains": []}


async def test_an_account_is_asked_for_in_one_way(ingest: IngestService) -> None:
    for asked in ({}, {"id": "a", "domain": "a.com"}):
        assert (await ingest.ask("/v1/accounts", **asked)).status_code == 422
    for path in ("/v1/accounts/nobody", "/v1/accounts/nobody/why"):
        assert (await ingest.ask(path)).status_code == 404


async def test_an_account_that_is_asked_for_comes_on_one_page(ingest: IngestService) -> None:
    await ingest.given(deal("d", 1, "ana@acme.com", ACME), deal("e", 1, "bo@bmw.com", AccountRef(id="crm-8")))
    assert (await ingest.get("/v1/accounts", id="crm-7", limit=1))["next"] is None
    for account_id, found in (("crm-7", []), ("crm-8", ["crm-8"])):
        page = await ingest.get("/v1/accounts", id=account_id, after=encode_cursor(("crm-7",)))
        assert [account["id"] for account in page["items"]] == found
    for asked in ({"limit": -5}, {"limit": 1_001}, {"after": "junk"}):
        assert (await ingest.ask("/v1/accounts", id="crm-7", **asked)).status_code == 422


async def test_the_people_of_an_account_come_in_pages(ingest: IngestService) -> None:
    names = [f"p{number}@acme.com" for number in range(5)]
    await ingest.given(*(identify(name, 2, name) for name in names), deal("d", 1, "eve@gmail.com", ACME))
    found: list[Any] = []
    after: dict[str, str] = {}
    while True:
        account = await ingest.get("/v1/accounts/crm-7", limit=2, **after)
        found += account["people"]["items"]
        if account["people"]["next"] is None:
            break
        after = {"after": account["people"]["next"]}
    assert sorted(person["emails"] for person in found) == sorted([name] for name in [*names, "eve@gmail.com"])
    assert {(person["since"], person["current"]) for person in found} == {
        (to_text(day(2)), True),
        (to_text(day(1)), True),
    }


async def test_an_account_says_which_events_make_it_what_it_is(ingest: IngestService) -> None:
    await ingest.given(deal("d", 1, "ana@acme.com", ACME))
    known = {"rule": "crm_id", "trusted": True, "event_id": derived("deal", "d"), "occurred_at": to_text(day(1))}
    assert (await ingest.get("/v1/accounts/crm-7/why"))["said"] == [
        {"what": "name", "value": "Acme", **known},
        {"what": "domain", "value": "acme.com", **known},
    ]


async def test_a_person_says_which_rule_told_each_account_and_why_there_is_none(ingest: IngestService) -> None:
    await ingest.given(deal("d", 3, "ana@acme.com", ACME), identify("i", 1, "ana@acme.com", user_id="u"))
    await ingest.given(identify("j", 2, "ana@gmail.com", user_id="u"))
    await ingest.given(call("g", 4, type="group", user_id="u", group_id="g1", traits={"name": "G"}))
    (ana,) = await ingest.found(user_id="u")
    matched = (await ingest.get(f"/v1/people/{ana['id']}/why"))["accounts"]
    assert [(one["account_id"], one["rule"], one["event_id"]) for one in matched] == [
        ("crm-7", "domain", event_id("i")),
        (None, "free_mail", event_id("j")),
        ("crm-7", "crm_id", derived("deal", "d")),
        ("g1", "group", event_id("g")),
    ]
