"""What the page about privacy says is done here as it is written."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.blocks import Desk, blocks

CONSENT, EXPORT, ERASE, ERASE_OVER_HTTP = blocks("docs/privacy.md", "sh")
BO = CONSENT.replace("ana", "bo").replace("consent-", "bo-")


@pytest.fixture
def started(tmp_path: Path) -> Iterator[Desk]:
    """A reader's desk with all services started."""
    desk = Desk.at(tmp_path)
    process = desk.start(".venv/bin/throughline")
    try:
        desk.run(".venv/bin/throughline wait --seconds 60")
        yield desk
    finally:
        process.terminate()
        process.wait(30)


def test_who_refuses_to_be_handed_over_is_a_lead_and_no_mql(started: Desk) -> None:
    printed = started.run(CONSENT)
    answers = [json.loads(part) for part in printed.replace("}{", "}\n{").splitlines() if part.startswith("{")]
    assert answers[2]["items"][0]["consent"] == {
        "advertising": False, "analytics": True, "sales_handoff": False, "scoring": True,
    }  # fmt: skip
    assert [lead["stage"] for lead in answers[3]["items"]] == ["lead"]


def test_one_file_holds_what_every_service_has_of_somebody(started: Desk) -> None:
    started.run(CONSENT)
    printed = json.loads(started.run(EXPORT))
    collected = json.loads((started.folder / "ana.json").read_text())
    assert list(collected) == ["ingest", "scoring", "handoff", "attribution"]
    assert collected["scoring"] == printed
    assert [one["message_id"] for one in collected["ingest"]["touchpoints"]] == ["consent-1", "consent-2"]
    assert (started.folder / "ana.json").stat().st_mode & 0o077 == 0


def test_who_is_erased_is_gone_for_every_service_and_the_receipt_says_so(tmp_path: Path) -> None:
    desk = Desk.at(tmp_path)
    process = desk.start(".venv/bin/throughline")
    try:
        desk.run(".venv/bin/throughline wait --seconds 60")
        desk.run(CONSENT)
        desk.run(BO)
        receipt = json.loads(desk.run(ERASE))
        printed = desk.run(ERASE_OVER_HTTP)
        desk.run(".venv/bin/throughline wait --seconds 60")
    finally:
        process.terminate()
        process.wait(30)
    assert receipt["state"] == "finished"
    assert {line["service"] for line in receipt["stores"]} == {"ingest", "scoring", "handoff", "attribution"}
    assert {"service": "ingest", "store": "people", "removed": 1} in [_plain(line) for line in receipt["stores"]]
    assert '"status":410' in printed


def _plain(line: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in line.items() if name != "at"}
