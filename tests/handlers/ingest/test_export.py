"""What ingest gives out of a person, to whom, and what it keeps back."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from shared.kernel.ids import derived
from tests.handlers.ingest.at_ingest import IngestService, call, deal, identify, opened, reject


@pytest.fixture
async def ingest(tmp_path: Path) -> AsyncIterator[IngestService]:
    async with opened(tmp_path) as service:
        yield service


async def exported(ingest: IngestService, email: str) -> dict[str, list[dict[str, object]]]:
    """The export of whoever has this address."""
    (person,) = await ingest.found(email=email)
    document: dict[str, list[dict[str, object]]] = await ingest.get(f"/v1/people/{person['id']}/export")
    return document


async def test_everything_of_a_person_is_in_one_document(ingest: IngestService) -> None:
    await ingest.given(call("m1", 1, anonymous_id="b1"), identify("m2", 2, "ana@acme.example", anonymous_id="b1"))
    await ingest.given(deal("d1", 3, "ana@acme.example"), reject("m3", 4, email="ana@acme.example"))
    whole = await exported(ingest, "ana@acme.example")
    assert [one["message_id"] for one in whole["touchpoints"]] == ["m1", "m2"]
    assert [one["id"] for one in whole["identifiers"]] == ["anonymous_id:b1", "email:ana@acme.example"]
    assert [one["deal_id"] for one in whole["deal_contacts"]] == ["d1"]
    assert [len(whole[name]) for name in ("people", "claims", "traits", "rejected")] == [1, 3, 1, 1]


async def test_nothing_of_anybody_else_is_in_it(ingest: IngestService) -> None:
    await ingest.given(identify("m1", 1, "ana@acme.example"), identify("m2", 2, "bo@acme.example"))
    await ingest.given(deal("d1", 3, "bo@acme.example"), reject("m3", 4, email="bo@acme.example"))
    assert "bo@acme" not in str(await exported(ingest, "ana@acme.example"))


async def live_long(ingest: IngestService) -> None:
    """More than one page of a section, on SQLite or PostgreSQL."""
    await ingest.given(identify("m0", 0, "ana@acme.example", anonymous_id="b1"))
    await ingest.given(*(call(f"m{n}", n % 7 + n / 10_000, anonymous_id="b1") for n in range(1, 1_100)))
    times = [str(one["occurred_at"]) for one in (await exported(ingest, "ana@acme.example"))["touchpoints"]]
    assert len(times) == 1_100
    assert times == sorted(times)


async def test_a_long_life_is_given_out_whole_and_in_order(ingest: IngestService) -> None:
    await live_long(ingest)


async def test_a_long_life_is_given_out_whole_and_in_order_on_postgresql(tmp_path: Path, postgres_url: str) -> None:
    async with opened(tmp_path, postgres_url) as ingest:
        await live_long(ingest)


async def test_only_an_admin_may_have_it_and_only_of_somebody_who_is_there(ingest: IngestService) -> None:
    nobody = derived("nobody")
    assert (await ingest.ask(f"/v1/people/{nobody}/export")).status_code == 404
    assert (await ingest.ask("/v1/people/ana/export")).status_code == 404
    assert (await ingest.ask(f"/v1/people/{nobody}/export", key="wk")).status_code == 403
