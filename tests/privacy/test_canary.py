"""Marked personal data goes through all services: no log line, metric or answer to a mistake repeats it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.docs.blocks import Desk

CANARY = "canary7f3a"
"""In everything that is sent, and in nothing else."""
PERSONAL: dict[str, Any] = {
    "userId": f"user-{CANARY}", "anonymousId": f"browser-{CANARY}", "timestamp": "2026-11-20T10:00:00Z",
    "traits": {"email": f"{CANARY}@acme.example", "name": f"Ana {CANARY}", "phone": "+493012345678"},
}  # fmt: skip
PAGES = ("/metrics", "/v1/lag", "/v1/people?email=a&user_id=" + CANARY, f"/v1/people/{CANARY}", f"/v1/leads/{CANARY}")


@pytest.fixture
def flown(tmp_path: Path) -> Iterator[tuple[Desk, list[str]]]:
    """A desk whose services said all they have to say while the canary flew through, and what the doors answered."""
    desk = Desk.at(tmp_path)
    process = desk.start(".venv/bin/throughline", THROUGHLINE_LOG_LEVEL="debug")
    try:
        desk.run(".venv/bin/throughline wait --seconds 60")
        answers = _send(desk)
        desk.run(".venv/bin/throughline wait --seconds 60")
        yield desk, answers
    finally:
        process.terminate()
        process.wait(30)


def _send(desk: Desk) -> list[str]:
    """Somebody who qualifies, a deal of theirs, and what has to be refused."""
    keys = json.loads((desk.folder / "data" / "credentials.json").read_text())
    free_text = {"message": f"please call {CANARY}"}
    calls: list[tuple[str, Any]] = [
        ("identify", PERSONAL | {"messageId": f"one-{CANARY}"}),
        ("track", PERSONAL | {"messageId": f"two-{CANARY}", "event": "Demo Requested", "properties": free_text}),
        ("track", {"event": {"name": CANARY}, "userId": CANARY}),
        ("batch", {"batch": [{"type": CANARY, "userId": CANARY, "messageId": CANARY * 40}]}),
        ("deals", {"id": "d-1", "status": CANARY, "currency": CANARY, "contacts": [{"email": CANARY}]}),
    ]
    url = f"http://127.0.0.1:{desk.ports['8001']}/v1"
    with httpx.Client(auth=(keys["server_key"], ""), trust_env=False) as client:
        answers = [client.post(f"{url}/{path}", json=body) for path, body in calls]
    assert [answer.status_code for answer in answers] == [200, 200, 400, 400, 400]
    return [answer.text for answer in answers]


def test_what_was_sent_is_in_no_log_line_no_metric_and_no_error(flown: tuple[Desk, list[str]]) -> None:
    desk, answers = flown
    token = json.loads((desk.folder / "data" / "credentials.json").read_text())["admin_token"]
    with httpx.Client(headers={"Authorization": f"Bearer {token}"}, trust_env=False) as client:
        leads = client.get(f"http://127.0.0.1:{desk.ports['8002']}/v1/leads?stage=mql").json()["items"]
        pages = [client.get(f"http://127.0.0.1:{port}{page}").text for port in desk.ports.values() for page in PAGES]
    assert len(leads) == 1, "the canary has not flown all the way"
    log = (desk.folder / "services.log").read_text()
    assert "request" in log
    assert [said for said in (log, *answers, *pages) if CANARY in said or "3012345678" in said] == []
