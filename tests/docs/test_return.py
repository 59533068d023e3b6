"""What the page about return says is done here as it is written."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.blocks import Desk, blocks

RATES, START, POST, ASK = blocks("docs/return.md", "sh")


@pytest.fixture
def started(tmp_path: Path) -> Iterator[Desk]:
    """A reader's desk with the services on the page's rates."""
    desk = Desk.at(tmp_path)
    desk.run(RATES)
    setting, command = START.split()
    process = desk.start(command, **dict([setting.split("=")]))
    try:
        desk.run(f"{command} wait --seconds 60")
        yield desk
    finally:
        process.terminate()
        process.wait(30)


def test_what_the_page_posts_gives_the_return_it_speaks_of(started: Desk) -> None:
    started.run(POST)
    report, pipeline, costs, spend = map(json.loads, started.run(ASK).splitlines())
    rows = {
        row["key"]: (row["amount_minor"], row["spend_minor"], row["roi"])
        for row in report["models"]["first_last"]["rows"]
    }
    assert rows == {"paid_search": (850_00, 400_00, 1.125), "event": (0, 92_00, -1.0)}
    assert pipeline["stages"] == [{"stage": "proposal", "deals": 1, "amount_minor": 300_00}]
    told = ("key", "cost_per_won_minor", "payback_days", "pipeline_minor")
    assert [tuple(row[name] for name in told) for row in costs["rows"]] == [
        ("paid_search", 400_00, 30, 0), ("event", None, None, 0), ("unattributed", None, None, 300_00),
    ]  # fmt: skip
    assert [item["day"] for item in spend["items"]] == ["2026-01-10", "2026-01-12"]
