"""The demo's CRM: it trusts a signature and nothing else, and knows what it has seen."""

import json
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from typing import Any

import httpx
import pytest
from standardwebhooks.webhooks import Webhook

from tests.demo.crm import Clerk, Mailbox
from tests.demo.deployment import PORTS, Deployment, Keys
from tests.demo.player import Ledger

_SECRET = "whsec_MDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAw"
_BODY = json.dumps({"type": "lead.qualified", "data": {"handoff_id": "h1"}}).encode()


def _signed(webhook_id: str, body: bytes = _BODY) -> dict[str, str]:
    now = datetime.now(UTC)
    return {
        "webhook-id": webhook_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(_SECRET).sign(webhook_id, now, body.decode()),
    }


class _Desk:
    """A mailbox with its book and what it has handed on."""

    def __init__(self, path: Path) -> None:
        self.leads: list[dict[str, Any]] = []
        self.book = Ledger(path)
        self.mailbox = Mailbox(self.book, self.leads.append)
        self.mailbox.trust(_SECRET)


@pytest.fixture
def desk(tmp_path: Path) -> _Desk:
    return _Desk(tmp_path / "received.ndjson")


def test_a_signed_lead_is_written_down_and_handed_on(desk: _Desk) -> None:
    assert desk.mailbox.take(_BODY, _signed("msg_2")) == 200
    assert desk.leads == [{"handoff_id": "h1"}]
    assert [line["answered"] for line in desk.book.lines()] == [200]


def test_a_body_that_was_changed_on_the_way_is_turned_away(desk: _Desk) -> None:
    assert desk.mailbox.take(_BODY + b" ", _signed("msg_2")) == 401
    assert desk.leads == []


def test_nothing_is_trusted_before_the_secret_is_known(tmp_path: Path) -> None:
    leads: list[dict[str, Any]] = []
    mailbox = Mailbox(Ledger(tmp_path / "received.ndjson"), leads.append)
    assert mailbox.take(_BODY, _signed("msg_2")) == 401


def test_the_same_webhook_twice_is_one_lead(desk: _Desk) -> None:
    assert [desk.mailbox.take(_BODY, _signed("msg_2")) for _ in range(2)] == [200, 200]
    assert len(desk.leads) == 1


def test_some_first_attempts_are_refused_and_none_of_the_second(desk: _Desk) -> None:
    ids = [f"msg_{number}" for number in range(200)]
    first = [desk.mailbox.take(_BODY, _signed(webhook_id)) for webhook_id in ids]
    second = [desk.mailbox.take(_BODY, _signed(webhook_id)) for webhook_id in ids]
    assert 0 < first.count(503) < 30
    assert set(second) == {200}
    assert len(desk.leads) == len(ids)


def test_sales_rejects_whom_it_does_not_want_and_calls_the_others(tmp_path: Path) -> None:
    book = Ledger(tmp_path / "answered.ndjson")
    done = Event()
    acts: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        acts.append(f"{request.url.path} {request.content.decode()}")
        if len(acts) == 3:
            done.set()
        return httpx.Response(200, json={})

    deployment = Deployment(dict.fromkeys(PORTS, "http://service.example"), Keys("wk", "sk", "tl"))
    clerk = Clerk(deployment, {"ben@acme.example": "no-budget"}, book, httpx.MockTransport(answer))
    clerk.put({"handoff_id": "h1", "person": {"emails": ["ana@acme.example"]}})
    clerk.put({"handoff_id": "h2", "person": {"emails": ["ben@acme.example"]}})
    assert clerk.answered() is None
    clerk.start()
    assert done.wait(10)
    clerk.stop()
    assert clerk.answered() == 2
    assert [(line["handoff_id"], line["act"]) for line in book.lines()] == [
        ("h1", "accept"), ("h1", "contact"), ("h2", "reject"),
    ]  # fmt: skip
    assert '"no-budget"' in acts[2]
