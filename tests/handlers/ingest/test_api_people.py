"""What ingest's API says of the people that it found in what was sent."""

from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from shared.contracts.envelope import Emit
from shared.kernel.ids import derived
from shared.kernel.instant import to_text
from tests.handlers.ingest.at_ingest import IngestService, call, day, deal, event_id, identify, opened

NOBODY = derived("nobody")


def claimed(names: Sequence[str], on_day: int) -> list[Emit]:
    """One browser named all of them that day, one after the other."""
    return [
        identify(f"{name} {on_day}", on_day + place / len(names), name, anonymous_id="kiosk")
        for place, name in enumerate(names)
    ]


@pytest.fixture
async def ingest(tmp_path: Path) -> AsyncIterator[IngestService]:
    async with opened(tmp_path) as service:
        yield service


async def test_a_person_is_told_in_the_words_of_the_api(ingest: IngestService) -> None:
    await ingest.given(call("m1", 1, anonymous_id="b1", context={"page": {"url": "https://ex.org/pricing"}}))
    said = {"email": "Ana@Ex.org", "title": "CMO"}
    for number in (2, 3):
        who = {"user_id": "u1", "anonymous_id": "b1", "traits": {**said, "calls": number}}
        await ingest.given(call(f"m{number}", number, type="identify", trusted=True, **who))
    (person,) = await ingest.found(email="ana@ex.org")
    assert person["first_seen_at"] == to_text(day(1))
    assert (person["emails"], person["user_ids"], person["anonymous_ids"]) == (["ana@ex.org"], ["u1"], ["b1"])
    account = {"id": "ex.org", "name": None, "domain": "ex.org", "since": to_text(day(2))}
    assert (person["phones"], person["accounts"], person["aliases"]) == ([], [account], [])
    assert person["traits"] == {"calls": 3, "email": "ana@ex.org", "title": "CMO"}
    first = person["first_touch"]
    assert (first["type"], first["kind"], first["message_id"]) == ("touchpoint", "page_viewed", "m1")
    assert first["person_id"] == person["id"]


async def test_people_are_found_by_any_identifier_however_it_is_written(ingest: IngestService) -> None:
    traits = {"email": "ana@ex.org", "phone": "+4930901820"}
    await ingest.given(call("m1", 1, type="identify", user_id="u1", anonymous_id="b1", traits=traits))
    written = [
        {"email": " ANA@ex.org "}, {"user_id": "u1 "}, {"anonymous_id": "b1"}, {"phone": "+49 30 901820"},
        {"phone": " 4930901820"},
    ]  # fmt: skip
    for named in written:
        assert [person["phones"] for person in await ingest.found(**named)] == [["+4930901820"]], named


async def test_whom_nobody_knows_is_no_item_and_no_error(ingest: IngestService) -> None:
    for named in ({"email": "no address"}, {"email": "bo@ex.org"}, {"phone": "12"}, {"user_id": "x"}):
        assert await ingest.get("/v1/people", **named) == {"items": [], "next": None}


async def test_exactly_one_identifier_is_asked_for(ingest: IngestService) -> None:
    assert (await ingest.ask("/v1/people")).status_code == 422
    assert (await ingest.ask("/v1/people", email="a@ex.org", user_id="u")).status_code == 422


async def test_a_contested_browser_answers_all_its_owners_the_last_first(ingest: IngestService) -> None:
    await ingest.given(
        call("m1", 1, anonymous_id="kiosk"),
        identify("m2", 2, "ana@ex.org", anonymous_id="kiosk"),
        identify("m3", 4, "bo@ex.org", anonymous_id="kiosk"),
        identify("m4", 6, "ana@ex.org", anonymous_id="kiosk"),
    )
    owners = await ingest.found(anonymous_id="kiosk")
    assert [owner["emails"] for owner in owners] == [["ana@ex.org"], ["bo@ex.org"]]


async def test_the_owners_of_a_browser_come_in_pages_the_last_first(ingest: IngestService) -> None:
    names = [f"p{number}@ex.org" for number in range(7)]
    await ingest.given(*claimed(names, 1))
    for limit in (1, 3, 7, 1_000):
        owners = await ingest.pages("/v1/people", anonymous_id="kiosk", limit=limit)
        assert [owner["emails"] for owner in owners] == [[name] for name in reversed(names)], limit
    page = await ingest.get("/v1/people", anonymous_id="kiosk", limit=3)
    assert (len(page["items"]), page["next"] is None) == (3, False)


async def test_a_browser_of_very_many_people_answers_a_hundred_at_a_time(ingest: IngestService) -> None:
    await ingest.given(*claimed([f"p{number}@ex.org" for number in range(101)], 1))
    page = await ingest.get("/v1/people", anonymous_id="kiosk")
    assert len(page["items"]) == 100
    last = await ingest.get("/v1/people", anonymous_id="kiosk", after=page["next"])
    assert ([person["emails"] for person in last["items"]], last["next"]) == ([["p0@ex.org"]], None)


async def test_who_claims_a_browser_while_somebody_pages_moves_nobody(ingest: IngestService) -> None:
    names = [f"p{number}@ex.org" for number in range(5)]
    await ingest.given(*claimed(names, 1))
    page = await ingest.get("/v1/people", anonymous_id="kiosk", limit=2)
    await ingest.given(*claimed(["p0@ex.org", "new@ex.org", "p4@ex.org"], 2))
    rest = await ingest.pages("/v1/people", anonymous_id="kiosk", limit=2, after=page["next"])
    assert [person["emails"] for person in [*page["items"], *rest]] == [[name] for name in reversed(names)]
    afresh = await ingest.pages("/v1/people", anonymous_id="kiosk", limit=2)
    again = ["p4@ex.org", "new@ex.org", "p0@ex.org", "p3@ex.org", "p2@ex.org", "p1@ex.org"]
    assert [person["emails"] for person in afresh] == [[name] for name in again]


async def test_who_is_merged_into_somebody_on_a_page_before_comes_on_none_after(ingest: IngestService) -> None:
    await ingest.given(*claimed(["p0@ex.org", "p1@ex.org", "p2@ex.org"], 1))
    page = await ingest.get("/v1/people", anonymous_id="kiosk", limit=1)
    people = [(await ingest.found(email=f"p{number}@ex.org"))[0]["id"] for number in range(3)]
    await ingest.done(f"/v1/people/{people[2]}/merge", other=people[1])
    rest = await ingest.pages("/v1/people", anonymous_id="kiosk", limit=1, after=page["next"])
    assert [person["id"] for person in rest] == people[:1]
    await ingest.done(f"/v1/people/{people[2]}/merge", other=people[0])
    assert await ingest.pages("/v1/people", anonymous_id="kiosk", limit=1, after=page["next"]) == []
    assert len(await ingest.found(anonymous_id="kiosk")) == 1


async def test_what_came_under_a_contested_browser_is_in_one_journey_only(ingest: IngestService) -> None:
    views = [call(f"v{number}", number, anonymous_id="kiosk") for number in (1, 3, 5, 7)]
    claims = [identify(f"c{number}", number, f"p{number}@ex.org", anonymous_id="kiosk") for number in (2, 4)]
    await ingest.given(*reversed(views), *claims)
    journeys = []
    for email in ("p2@ex.org", "p4@ex.org"):
        (person,) = await ingest.found(email=email)
        items = await ingest.pages(f"/v1/people/{person['id']}/journey", limit=2)
        journeys.append([item["message_id"] for item in items])
    assert journeys == [["v1", "c2", "v3"], ["c4", "v5", "v7"]]


async def test_an_alias_answers_as_the_survivor_and_is_a_step_of_the_journey(ingest: IngestService) -> None:
    await ingest.given(call("m1", 1, user_id="u1"), identify("m2", 3, "ana@ex.org"))
    ((old,), (young,)) = (await ingest.found(user_id="u1"), await ingest.found(email="ana@ex.org"))
    await ingest.given(call("m4", 9, user_id="u1"), identify("m3", 5, "ana@ex.org", user_id="u1"))
    person = await ingest.get(f"/v1/people/{young['id']}")
    assert (person["id"], person["aliases"]) == (old["id"], [young["id"]])
    items = await ingest.pages(f"/v1/people/{young['id']}/journey", limit=1)
    assert [(item["type"], item["message_id"]) for item in items if item["type"] != "merge"] == [
        ("touchpoint", "m1"), ("identify", "m2"), ("identify", "m3"), ("touchpoint", "m4"),
    ]  # fmt: skip
    (step,) = (item for item in items if item["type"] == "merge")
    assert (step["from_id"], step["cause_event_id"]) == (young["id"], event_id("m3"))
    assert [item["occurred_at"] for item in items] == [to_text(day(number)) for number in (1, 3, 5, 5, 9)]
    assert {item["person_id"] for item in items} == {old["id"]}


async def test_a_journey_is_in_event_time_whatever_the_order_of_arrival(ingest: IngestService) -> None:
    for number in (3, 1, 2):
        await ingest.given(call(f"m{number}", number, user_id="u1", received_at=day(10)))
    (person,) = await ingest.found(user_id="u1")
    items = await ingest.pages(f"/v1/people/{person['id']}/journey", limit=2)
    assert [item["message_id"] for item in items] == ["m1", "m2", "m3"]
    assert person["first_touch"] == items[0]


async def test_calls_that_only_name_somebody_are_no_first_touch(ingest: IngestService) -> None:
    await ingest.given(identify("m1", 1, "ana@ex.org", user_id="u1"))
    assert [person["first_touch"] for person in await ingest.found(user_id="u1")] == [None]
    await ingest.given(call("m2", 2, user_id="u1"))
    assert [person["first_touch"]["message_id"] for person in await ingest.found(user_id="u1")] == ["m2"]


async def test_why_names_every_claim_and_those_that_were_not_followed(ingest: IngestService) -> None:
    await ingest.given(identify("m1", 1, "ana@ex.org", user_id="u1"), identify("m2", 2, "ana@ex.org", user_id="u2"))
    await ingest.given(deal("d1", 3, "ana@ex.org"))
    (person,) = await ingest.found(user_id="u1")
    claims = (await ingest.get(f"/v1/people/{person['id']}/why"))["claims"]
    assert [(claim["event_id"], claim["source"], claim["state"]) for claim in claims] == [
        (event_id("m1"), "web", "stands"),
        (event_id("m2"), "web", "not_followed"),
        (derived("deal", "d1"), "crm", "stands"),
    ]
    assert claims[0]["identifiers"] == ["user_id:u1", "email:ana@ex.org"]
    assert claims[0]["occurred_at"] == to_text(day(1))


async def test_an_unknown_person_is_a_404(ingest: IngestService) -> None:
    for path in ("nobody", NOBODY, f"{NOBODY}/journey", f"{NOBODY}/why", "nobody/journey"):
        assert (await ingest.ask(f"/v1/people/{path}")).status_code == 404


async def test_a_cursor_of_another_list_is_a_422(ingest: IngestService) -> None:
    await ingest.given(call("m1", 1, user_id="u1"))
    (person,) = await ingest.found(user_id="u1")
    for after in ("WzEsIngiXQ", "WyJ4Il0", "?", "W10"):
        assert (await ingest.ask(f"/v1/people/{person['id']}/journey", after=after)).status_code == 422
        for named in ({"user_id": "u1"}, {"email": "no address"}):
            refused = await ingest.ask("/v1/people", **named, after=after)
            assert (refused.status_code, refused.json()["code"]) == (422, "bad_cursor")


async def test_a_page_has_at_least_one_item_and_at_most_a_thousand(ingest: IngestService) -> None:
    for limit in (-5, 0, 1_001, "many"):
        for path in ("/v1/people", "/v1/events"):
            refused = await ingest.ask(path, user_id="u1", limit=limit)
            assert [error["path"] for error in refused.json()["errors"]] == ["limit"], (path, limit)


async def test_people_are_shown_to_those_who_may_read(ingest: IngestService) -> None:
    for path in ("/v1/people", f"/v1/people/{NOBODY}", "/v1/events", "/v1/rejected"):
        assert (await ingest.ask(path, key="nobody's")).status_code == 401
        assert (await ingest.ask(path, key="wk")).status_code == 403
