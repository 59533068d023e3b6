"""What the pages about closed months and exports say, done as it is written on running services."""

import csv
import json
import re
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import arro3.io
import pytest

from services.attribution.domain.cause import Cause
from tests.docs.blocks import ROOT, Desk, blocks

Json = dict[str, Any]
CLOSE, LATER = blocks("docs/periods.md", "sh")
CURL, COMMAND = blocks("docs/exports.md", "sh")


@pytest.fixture
def started(tmp_path: Path) -> Iterator[Desk]:
    """A reader's desk with all services running."""
    desk = Desk.at(tmp_path)
    process = desk.start(".venv/bin/throughline")
    try:
        desk.run(".venv/bin/throughline wait --seconds 60")
        yield desk
    finally:
        process.terminate()
        process.wait(30)


def test_a_month_is_closed_and_exported_as_the_pages_say(started: Desk) -> None:
    """One start of the services for all of it: that is most of the time."""
    closed = last_answer(started.run(CLOSE))
    assert (closed["state"], closed["reported"]) == (
        "closed", [{"currency": "EUR", "deals": 1, "amount_minor": 1_250_000}],
    )  # fmt: skip
    *_, adjustments, report, history = answers(started.run(LATER))
    [item] = adjustments["items"]
    assert (item["amount_minor"], item["cause"]) == (-50_000, "amended")
    assert (report["won"]["amount_minor"], [each["period"] for each in report["adjustments"]]) == (
        1_250_000,
        ["2025-10"],
    )
    assert [each["after"]["amount_minor"] for each in history["items"]] == [1_250_000, 1_200_000]
    check_files(started)


def check_files(desk: Desk) -> None:
    """What the page about exports writes."""
    desk.run(CURL)
    desk.run(COMMAND)
    with (desk.folder / "credits.csv").open(newline="") as file:
        assert sum(int(row["amount_minor"]) for row in csv.DictReader(file)) == 1_200_000
    assert "linear" in (desk.folder / "all-credits.csv").read_text()
    for name in ("deals.parquet", "leads.parquet"):
        assert arro3.io.read_parquet(BytesIO((desk.folder / name).read_bytes())).read_all().num_rows == 1
    with pytest.raises(AssertionError, match="422"):
        desk.run(".venv/bin/throughline export credits --model guess --out none.csv")
    assert [path.name for path in desk.folder.glob("none*")] == []


def answers(printed: str) -> list[Json]:
    """The JSON texts that a block printed, one behind the other."""
    return [json.loads(part) for part in re.sub(r"\}\s*\{", "}\n{", printed).splitlines() if part.startswith("{")]


def last_answer(printed: str) -> Json:
    """The last of them."""
    return answers(printed)[-1]


def test_every_cause_there_is_is_explained() -> None:
    page = (ROOT / "docs/periods.md").read_text()
    assert [cause for cause in Cause if f"`{cause}`" not in page] == []
