"""Files of credits, journeys and deals, on both stores: nothing is lost between pages, and the money is exact."""

import csv
from collections.abc import AsyncIterator
from io import BytesIO, StringIO
from pathlib import Path

import arro3.io
import pytest

from services.attribution.api import exports
from services.attribution.domain.models import MODELS
from shared.kernel.ids import touchpoint_id
from tests.handlers.attribution.scene import Scene, deal, merged, person, scene, touch

VISITS = (touch("t1", 1, channel="organic_search"), touch("t2", 2, channel="email", campaign={"name": "=1+1"}))
MANY = 230
"""Deals: more than two pages of them."""


async def rows(stage: Scene, name: str, **query: str) -> list[dict[str, str]]:
    """The rows of a CSV file."""
    answer = await stage.ask(f"/v1/exports/{name}.csv", **query)
    assert answer.status_code == 200, answer.text
    return list(csv.DictReader(StringIO(answer.text, newline="")))


class Exports:
    """The stories, told on whichever store `stage` stands on."""

    async def test_every_credit_is_in_the_file_and_they_sum_to_what_was_won(self, stage: Scene) -> None:
        await stage.tell(*VISITS, *(deal(f"d-{number:03}", amount_minor=1000 + number) for number in range(MANY)))
        await stage.tell(deal("d-open", closed=None), deal("d-lost", status="lost"))
        found = await rows(stage, "credits")
        won = sum(1000 + number for number in range(MANY))
        assert {row["model"] for row in found} == MODELS.keys()
        for model in MODELS:
            assert sum(int(row["amount_minor"]) for row in found if row["model"] == model) == won
        assert len({row["deal_id"] for row in await rows(stage, "credits", model="linear")}) == MANY

    async def test_a_credit_says_all_that_the_api_says_of_it(self, stage: Scene) -> None:
        await stage.tell(*VISITS, deal(account="acme"))
        [_, last] = await rows(stage, "credits", model="linear")
        assert last == {
            "deal_id": "d-1", "model": "linear", "n": "1", "closed_at": "2026-04-15T00:00:00.000Z", "currency": "EUR",
            "account_id": "acme", "interaction_id": touchpoint_id("web", "t2"),
            "occurred_at": "2026-01-07T00:00:00.000Z", "person_id": person("ana"), "kind": "chat", "channel": "email",
            "campaign": "'=1+1", "department": "marketing", "source": "web", "utm_source": "", "content": "",
            "share": "0.5", "amount_minor": "5000", "charter": "default",
        }  # fmt: skip

    async def test_journeys_are_there_of_deals_that_won_nothing_too(self, stage: Scene) -> None:
        await stage.tell(*VISITS, deal(closed=None), deal("d-2", status="lost"))
        told = [(row["deal_id"], row["status"], row["n"], row["channel"]) for row in await rows(stage, "journeys")]
        assert told == [
            (name, status, str(number), channel)
            for name, status in (("d-1", "open"), ("d-2", "lost"))
            for number, channel in enumerate(("organic_search", "email"))
        ]

    async def test_deals_name_who_their_people_are_now(self, stage: Scene) -> None:
        await stage.tell(deal("d-1", "ben", "ana", amount_minor=-5), merged("ben", "ana"))
        [row] = await rows(stage, "deals")
        assert (row["people"], row["amount_minor"], row["status"]) == (person("ana"), "-5", "won")

    async def test_a_file_takes_the_close_from_inclusive_to_exclusive(self, stage: Scene) -> None:
        await stage.tell(deal("d-1", closed=1), deal("d-2", closed=2), deal("d-3", closed=None))
        span = {"from": "2026-01-06T00:00:00Z", "to": "2026-01-07T00:00:00Z"}
        assert [row["id"] for row in await rows(stage, "deals", **span)] == ["d-1"]
        assert {row["deal_id"] for row in await rows(stage, "credits", **span)} == {"d-1"}
        assert len(await rows(stage, "deals")) == 3

    @pytest.mark.parametrize("name", ["credits", "journeys", "deals"])
    async def test_parquet_holds_the_rows_of_the_csv(self, stage: Scene, name: str) -> None:
        await stage.tell(*VISITS, *(deal(f"d-{number:03}") for number in range(MANY)))
        answer = await stage.ask(f"/v1/exports/{name}.parquet")
        table = arro3.io.read_parquet(BytesIO(answer.content)).read_all()
        columns = {"credits": exports.CREDITS, "journeys": exports.JOURNEYS, "deals": exports.DEALS}[name]
        assert list(table.column_names) == [column.name for column in columns]
        assert table.num_rows == len(await rows(stage, name)) > MANY - 1

    async def test_with_nothing_to_tell_a_file_is_its_header(self, stage: Scene) -> None:
        assert (await stage.ask("/v1/exports/deals.csv")).text.startswith("id,version,name,")
        assert await rows(stage, "credits") == []

    @pytest.mark.parametrize("path", ["credits.xlsx", "credits.csv?model=guess", "deals.csv?from=yesterday"])
    async def test_what_cannot_be_exported_is_a_problem(self, stage: Scene, path: str) -> None:
        answer = await stage.ask(f"/v1/exports/{path}")
        assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")


class TestOnSqlite(Exports):
    """On a file."""

    @pytest.fixture
    async def stage(self, tmp_path: Path) -> AsyncIterator[Scene]:
        async with scene(tmp_path) as stage:
            yield stage


class TestOnPostgres(Exports):
    """On a database of its own."""

    @pytest.fixture
    async def stage(self, tmp_path: Path, postgres_url: str) -> AsyncIterator[Scene]:
        async with scene(tmp_path, postgres_url) as stage:
            yield stage
