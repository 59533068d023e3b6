"""What the API tells of people who use one browser."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.handlers.ingest.at_ingest import IngestService, call, event_id, identify, opened


@pytest.fixture
async def ingest(tmp_path: Path) -> AsyncIterator[IngestService]:
    async with opened(tmp_path) as service:
        yield service


async def test_an_account_named_there_is_told_of_whoever_named_it(ingest: IngestService) -> None:
    await ingest.given(
        identify("m1", 1, "ana@gmail.com", user_id="ana", anonymous_id="kiosk"),
        identify("m2", 2, "bo@gmail.com", user_id="bo", anonymous_id="kiosk"),
        call("m3", 3, type="group", anonymous_id="kiosk", group_id="g1", traits={"name": "Acme"}),
    )
    (ana,), (bo,) = [await ingest.found(user_id=user) for user in ("ana", "bo")]
    assert [one["accounts"] for one in (ana, bo)] == [[], bo["accounts"]]
    people = (await ingest.get("/v1/accounts/g1"))["people"]["items"]
    assert [one["person_id"] for one in people] == [bo["id"]]
    told = [(await ingest.get(f"/v1/people/{one['id']}/why"))["accounts"] for one in (ana, bo)]
    assert [[(one["account_id"], one["event_id"]) for one in found if one["account_id"]] for found in told] == [
        [],
        [("g1", event_id("m3"))],
    ]


@pytest.mark.parametrize("number", range(4))
async def test_of_two_named_there_at_one_instant_whoever_has_what_follows_comes_first(
    ingest: IngestService, number: int
) -> None:
    await ingest.given(
        identify(f"a{number}", 1, "ana@gmail.com", user_id="ana", anonymous_id="kiosk"),
        identify(f"b{number}", 1, "bo@gmail.com", user_id="bo", anonymous_id="kiosk"),
        call("visit", 2, anonymous_id="kiosk"),
    )
    (visit,) = (await ingest.get("/v1/events", message_id="visit"))["items"]
    owners = [person["id"] for person in await ingest.found(anonymous_id="kiosk")]
    assert (owners[0], len(owners)) == (visit["person_id"], 2)
