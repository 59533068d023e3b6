"""A small CRM: it receives leads as signed webhooks, writes each down, and answers them as sales would.

It verifies with a library that is not ours, refuses some first attempts so that retries are seen, and
knows a repeated webhook by its id. Its two files are the receiver's own books.
"""

import http.server
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from queue import Empty, Queue
from threading import Event, Lock, Thread
from zlib import crc32

import httpx
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from tests.demo.calls import Json
from tests.demo.deployment import Deployment
from tests.demo.player import Ledger

_REFUSE_ONE_IN = 20
_THINKING_SECONDS = 0.5
_LARGEST_BODY = 1 << 20


class Mailbox:
    """Takes deliveries: verifies, writes down, hands on what is new. Safe for many threads."""

    def __init__(self, book: Ledger, on_lead: Callable[[Json], None]) -> None:
        self._book = book
        self._on_lead = on_lead
        self._webhook: Webhook | None = None
        self._lock = Lock()
        self._seen: set[str] = set()
        self._refused: set[str] = set()

    def trust(self, secret: str) -> None:
        """Take deliveries that are signed with this secret from now on."""
        self._webhook = Webhook(secret)

    def take(self, body: bytes, headers: Mapping[str, str]) -> int:
        """The status to answer one delivery with."""
        webhook_id = headers.get("webhook-id", "")
        if self._webhook is None or not self._verified(self._webhook, body, headers):
            self._book.append([{"webhook_id": webhook_id, "answered": 401}])
            return 401
        with self._lock:
            if crc32(webhook_id.encode()) % _REFUSE_ONE_IN == 0 and webhook_id not in self._refused:
                self._refused.add(webhook_id)
                self._book.append([{"webhook_id": webhook_id, "answered": 503}])
                return 503
            message = json.loads(body)
            self._book.append([{"webhook_id": webhook_id, "answered": 200, "message": message}])
            new = webhook_id not in self._seen
            self._seen.add(webhook_id)
        if new and message["type"] == "lead.qualified":
            self._on_lead(message["data"])
        return 200

    def _verified(self, webhook: Webhook, body: bytes, headers: Mapping[str, str]) -> bool:
        try:
            webhook.verify(body, dict(headers), json_parse=False)
        except (WebhookVerificationError, ValueError):
            return False
        return True


class Clerk:
    """Answers leads a little after they came in: accepts and calls, or rejects with the reason it has."""

    def __init__(
        self,
        deployment: Deployment,
        verdicts: Mapping[str, str | None],
        book: Ledger,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._url = deployment.urls["handoff"]
        self._verdicts = verdicts
        self._book = book
        self._leads: Queue[Json] = Queue()
        self._done = 0
        self._stopping = Event()
        self._thread = Thread(target=self._work, name="clerk", daemon=True)
        self._client = httpx.Client(
            headers={"Authorization": f"Bearer {deployment.keys.admin_token}"},
            timeout=30.0,
            trust_env=False,
            transport=transport,
        )

    def start(self) -> None:
        self._thread.start()

    def put(self, lead: Json) -> None:
        """A lead to answer."""
        self._leads.put(lead)

    def answered(self) -> int | None:
        """How many leads have been answered; none while some still wait for it."""
        with self._leads.all_tasks_done:
            return None if self._leads.unfinished_tasks else self._done

    def stop(self) -> None:
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(timeout=40)
        self._client.close()

    def _work(self) -> None:
        # Leads are answered in bunches, as by somebody who looks at the screen now and then.
        while not self._stopping.wait(_THINKING_SECONDS):
            for lead in self._waiting():
                self._answer(lead)
                self._done += 1
                self._leads.task_done()

    def _waiting(self) -> list[Json]:
        leads: list[Json] = []
        while True:
            try:
                leads.append(self._leads.get_nowait())
            except Empty:
                return leads

    def _answer(self, lead: Json) -> None:
        reason = next((self._verdicts[email] for email in lead["person"]["emails"] if email in self._verdicts), None)
        if reason is not None:
            self._act(lead, "reject", {"reason": reason, "note": "not now"})
            return
        self._act(lead, "accept", {})
        self._act(lead, "contact", {"kind": "call"})

    def _act(self, lead: Json, act: str, body: Json) -> None:
        handoff_id = lead["handoff_id"]
        try:
            answer = self._client.post(
                f"{self._url}/v1/handoffs/{handoff_id}/{act}", json=body,
                headers={"Idempotency-Key": f"{handoff_id}-{act}"},
            )  # fmt: skip
            said = answer.status_code
        except httpx.TransportError:
            said = 0
        self._book.append([{"handoff_id": handoff_id, "act": act, "answered": said}])


@dataclass(frozen=True, slots=True)
class Place:
    """Where the CRM listens, and by which name the services reach it."""

    bind: str = "127.0.0.1"
    name: str = "127.0.0.1"


class Crm:
    """The mailbox behind an HTTP server in a thread of its own."""

    def __init__(self, mailbox: Mailbox, place: Place) -> None:
        self._server = _Server((place.bind, 0), mailbox)
        self.url = f"http://{place.name}:{self._server.server_address[1]}/leads"
        self._thread = Thread(target=self._server.serve_forever, name="crm", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address: tuple[str, int], mailbox: Mailbox) -> None:
        super().__init__(address, _Request)
        self.mailbox = mailbox


class _Request(http.server.BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        if length > _LARGEST_BODY:
            self.send_error(413)
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.send_response(self.server.mailbox.take(self.rfile.read(length), headers))
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the parent's
        """Say nothing: the book has it all."""
