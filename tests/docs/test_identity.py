"""What the page about people says: its commands run, in their order, and end as it tells."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

from services.ingest.domain.identity import STRENGTH, Why
from services.ingest.domain.reviews import ReviewState
from tests.docs.blocks import ROOT, Desk, blocks

PAGE = "docs/identity.md"
SENDS, ANSWERS, ACTS = blocks(PAGE, "sh")
TEXT = (ROOT / PAGE).read_text()


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


def test_people_are_explained_reviewed_merged_and_split_as_the_page_says(started: Desk) -> None:
    explained = started.run(SENDS, COLUMNS="200")
    assert "not_followed" in explained
    assert json.loads(started.run(ANSWERS))["state"] == "accepted"
    acted = started.run(ACTS, COLUMNS="200")
    assert "would be an alias of" in acted
    assert "is a person again" in acted
    shown = json.loads(acted[acted.index("\n{") :])
    assert (shown["user_ids"], shown["aliases"]) == (["bo-1"], [])


def test_no_kind_no_reason_and_no_state_is_left_out_of_the_page() -> None:
    words = (*STRENGTH, *get_args(Why), *get_args(ReviewState))
    assert [word for word in words if f"`{word}`" not in TEXT] == []
