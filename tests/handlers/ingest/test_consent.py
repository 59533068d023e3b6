"""A person's consent as the API tells it."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.handlers.ingest.at_ingest import IngestService, call, event_id, identify, opened


@pytest.fixture
async def ingest(tmp_path: Path) -> AsyncIterator[IngestService]:
    async with opened(tmp_path) as service:
        yield service


def chosen(**preferences: bool) -> dict[str, Any]:
    """The context of an event after such a choice."""
    return {"context": {"consent": {"categoryPreferences": preferences}}}


async def test_a_person_shows_what_was_said_last(ingest: IngestService) -> None:
    await ingest.given(identify("m1", 1, "ana@acme.example", **chosen(analytics=True, scoring=True)))
    await ingest.given(identify("m2", 2, "ana@acme.example", **chosen(analytics=True)))
    (ana,) = await ingest.found(email="ana@acme.example")
    refused = {"advertising": False, "sales_handoff": False, "scoring": False}
    assert ana["consent"] == {"analytics": True} | refused


async def test_who_never_chose_shows_no_consent(ingest: IngestService) -> None:
    await ingest.given(identify("m1", 1, "ana@acme.example"))
    (ana,) = await ingest.found(email="ana@acme.example")
    assert ana["consent"] == {}


async def test_an_older_choice_that_comes_later_changes_nothing(ingest: IngestService) -> None:
    await ingest.given(identify("m2", 2, "ana@acme.example", **chosen()))
    await ingest.given(identify("m1", 1, "ana@acme.example", **chosen(scoring=True)))
    (ana,) = await ingest.found(email="ana@acme.example")
    assert not any(ana["consent"].values())


async def test_consent_is_kept_and_told_on_postgresql_too(tmp_path: Path, postgres_url: str) -> None:
    async with opened(tmp_path, postgres_url) as ingest:
        await ingest.given(identify("m2", 2, "ana@acme.example", anonymous_id="b1", **chosen(scoring=True)))
        await ingest.given(identify("m1", 1, "ana@acme.example", anonymous_id="b1", **chosen()))
        (ana,) = await ingest.found(email="ana@acme.example")
        assert [purpose for purpose, allowed in ana["consent"].items() if allowed] == ["scoring"]


@pytest.mark.parametrize("erased", ["before", "after"])
async def test_an_erasure_takes_what_the_erased_chose_in_a_browser_that_others_use(
    ingest: IngestService, erased: str
) -> None:
    await ingest.given(
        call("m1", 1, anonymous_id="kiosk", **chosen(analytics=True)),
        identify("m2", 2, "ana@acme.example", user_id="ana", anonymous_id="kiosk"),
        identify("m3", 3, "bo@acme.example", user_id="bo", anonymous_id="kiosk"),
    )
    (bo,) = await ingest.found(user_id="bo")
    refuses = identify("m4", 4, "bo@acme.example", user_id="bo", anonymous_id="kiosk", **chosen())
    if erased == "after":
        await ingest.given(refuses)
    assert (await ingest.erase(bo["id"])).status_code == 202
    if erased == "before":
        await ingest.given(refuses)
    (ana,) = await ingest.found(user_id="ana")
    assert [purpose for purpose, allowed in ana["consent"].items() if allowed] == ["analytics"]
    whole = await ingest.get(f"/v1/people/{ana['id']}/export")
    assert event_id("m4") not in str(whole["identifiers"])


async def test_an_erasure_takes_what_the_erased_chose_with_a_name_of_somebody_else(ingest: IngestService) -> None:
    await ingest.given(identify("m1", 1, "ana@acme.example", user_id="ana"))
    await ingest.given(identify("m2", 2, "ana@acme.example", user_id="bo", **chosen()))
    (bo,) = await ingest.found(user_id="bo")
    assert (await ingest.erase(bo["id"])).status_code == 202
    (ana,) = await ingest.found(user_id="ana")
    assert ana["consent"] == {}
