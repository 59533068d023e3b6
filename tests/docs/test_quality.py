"""What the page about sources and paths says is done here as it is written."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.attribution.domain.quality import KEYS, By
from services.attribution.domain.walks import LAG_DAYS
from tests.docs.blocks import ROOT, Desk, blocks

PAGE = "docs/quality.md"
(ASKED,) = blocks(PAGE, "sh")
TEXT = (ROOT / PAGE).read_text()


@pytest.fixture
def started(tmp_path: Path) -> Iterator[Desk]:
    """A reader's desk with the services running."""
    desk = Desk.at(tmp_path)
    process = desk.start(".venv/bin/throughline")
    try:
        desk.run(".venv/bin/throughline wait --seconds 60")
        yield desk
    finally:
        process.terminate()
        process.wait(30)


def test_a_lead_that_bought_is_told_of_in_every_answer(started: Desk) -> None:
    printed = started.run(ASKED)
    told = (part for part in printed.replace("}{", "}\n{").splitlines() if part.startswith("{"))
    answers = [json.loads(part) for part in told if "success" not in part]
    by_channel, by_department, by_both, paths, lags, transitions, assists = answers
    (row,) = by_channel["rows"]
    assert (row["key"], row["leads"], row["won_deals"], row["won_amount_minor"]) == ("paid_search", 1, 1, 12_500_00)
    assert [row["key"] for row in by_department["rows"]] == ["marketing"]
    assert [row["key"] for row in by_both["rows"]] == [["a podcast", "paid_search"]]
    assert (paths["items"][0]["path"], lags["median_days"]) == (["paid_search"], 40.0)
    assert {each["to"] for each in transitions["items"]} == {"paid_search", "(won)"}
    assert assists["items"][0]["last_touch_deals"] == 1


def test_everything_that_can_be_asked_is_on_the_page() -> None:
    assert [name for name in (*KEYS, *(f"by={by}" for by in By)) if f"`{name}`" not in TEXT] == []
    assert f": {', '.join(map(str, LAG_DAYS[:-1]))} and {LAG_DAYS[-1]} begin a bucket" in TEXT
