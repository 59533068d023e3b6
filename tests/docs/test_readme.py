"""What the README says is done here as it is written."""

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.blocks import ROOT, Desk, blocks
from tests.parts.kafka import KafkaBroker

MAKE, START, FIRST_EVENT, CLUSTER = blocks("README.md", "sh")
(SDK,) = blocks("README.md", "python")
PAGES = sorted(str(page.relative_to(ROOT)) for folder in (ROOT, ROOT / "docs") for page in folder.glob("*.md"))


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """A reader's desk."""
    return Desk.at(tmp_path)


@pytest.fixture
def started(desk: Desk) -> Iterator[Desk]:
    """The desk once the services are started as the README says."""
    command = START.splitlines()[-1]
    process = desk.start(command)
    try:
        desk.run(f"{command} wait --seconds 60")
        yield desk
    finally:
        process.terminate()
        process.wait(30)


def test_the_targets_that_are_named_exist(desk: Desk) -> None:
    """Dry, because one of them runs this very test."""
    for line in [*MAKE.splitlines(), *START.splitlines()[:-1]]:
        desk.run(f"{line} --dry-run")


def test_a_first_event_is_answered_resolved_and_scored(started: Desk) -> None:
    """The block as written, then what each of its calls must have printed."""
    printed = started.run(FIRST_EVENT)
    answers = [json.loads(part) for part in printed.replace("}{", "}\n{").splitlines() if part.startswith("{")]
    assert answers[0] == {"success": True}
    assert answers[1]["items"][0]["emails"] == ["ana@acme.example"]
    assert [lead["stage"] for lead in answers[2]["items"]] == ["mql"]


def test_the_sdk_that_somebody_has_sends_here_with_two_lines_changed(started: Desk) -> None:
    """Segment's own library, unmodified."""
    keys = json.loads((started.folder / "data" / "credentials.json").read_text())
    (started.folder / "sends.py").write_text(started.typed(SDK).replace("wk_...", keys["write_key"]))
    started.run(f"{sys.executable} sends.py && .venv/bin/throughline wait")
    bearer = f"Authorization: Bearer {keys['admin_token']}"
    events = json.loads(started.run(f"curl -sS -H '{bearer}' http://127.0.0.1:8001/v1/events"))
    assert [event["state"] for event in events["items"]] == ["stored"]


def test_the_cluster_starts_as_it_is_written(desk: Desk, kafka_broker: KafkaBroker, postgres_url: str) -> None:
    """Kafka and PostgreSQL named in the environment, and the parts of a service in processes of their own."""
    api, workers = (line for line in CLUSTER.splitlines() if line.startswith(".venv"))
    url = postgres_url.replace("+asyncpg", "")
    named = {"THROUGHLINE_KAFKA": kafka_broker.bootstrap, "THROUGHLINE_DATABASE": url}
    processes = [desk.start(api, **named, THROUGHLINE_INGEST_WORKER_PORT="0"), desk.start(workers, **named)]
    try:
        desk.run(".venv/bin/throughline wait --seconds 80", **named)
    finally:
        for process in processes:
            process.terminate()
        assert [process.wait(40) for process in processes] == [0, 0]


@pytest.mark.parametrize("page", PAGES)
def test_every_page_that_is_linked_is_there(page: str) -> None:
    """A link to nowhere is the first thing a newcomer follows."""
    text = (ROOT / page).read_text()
    linked = [part.split(")")[0] for part in text.split("](")[1:]]
    local = [link for link in linked if "://" not in link]
    assert [link for link in local if not ((ROOT / page).parent / link).exists()] == []


@pytest.mark.parametrize("page", PAGES)
def test_every_file_that_a_page_names_is_there(page: str) -> None:
    """A path in a page is where somebody goes next."""
    named = re.findall(r"`((?:services|shared|tests|docs|deploy)/[\w./-]+)`", (ROOT / page).read_text())
    assert [path for path in named if not (ROOT / path).exists()] == []
