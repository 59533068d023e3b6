"""A deployment as processes, with a CRM beside it, in which people have lived as tests/privacy/lives.py tells.

Everything is posted and asked over HTTP. What could not be worked lies on the log before the services first start.
"""

import asyncio
import json
import time
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path
from threading import Event

import httpx

from services.attribution.domain.models import MODELS
from services.attribution.domain.paths.study import LEARNED
from services.deployment import Settings, open_log
from shared.contracts.records import Outgoing
from shared.contracts.topics import TOUCHPOINTS_COLLECTED
from tests.demo.calls import USER_AGENT, Json
from tests.demo.crm import Crm, Mailbox, Place
from tests.demo.deployment import Reader
from tests.demo.player import Ledger
from tests.faults.processes import EMBEDDED, Fleet, until
from tests.privacy.lives import ANA, OTHERS, Posted, Who, deals, everything, in_flight

_SECONDS = 60.0
_SENDERS = 4
_BEGAN_AT = time.time_ns() // 1_000_000 - 40 * 24 * 60 * 60_000


class World:
    """What can be done to it, and asked of it."""

    def __init__(self, fleet: Fleet, folder: Path, reader: Reader, client: httpx.Client) -> None:
        self.data = folder / "data"
        self.received = Ledger(folder / "received")
        self._fleet = fleet
        self._reader = reader
        self._client = client
        self._sent, self._versions = count(), count(1)

    def post(self, posted: Posted) -> int:
        """Post something; the status it is answered with."""
        keys = self._fleet.deployment.keys
        key = keys.write_key if posted.browser else keys.server_key
        url = f"{self._fleet.deployment.urls['ingest']}/v1/{posted.path}"
        return self._client.post(url, json=posted.body, auth=(key, "")).status_code

    def settle(self) -> None:
        """Return when no service has work."""
        self._reader.wait_until_settled(_SECONDS, Event())

    def live(self) -> None:
        """Everybody does what they do, sales answers, and deals are closed."""
        posts = everything(_BEGAN_AT)
        named = next(number for number, posted in enumerate(posts) if posted.path == "identify")
        answered = [self.post(posted) for posted in posts[:named]]
        # By now each device is somebody: whichever event comes first after this, a name makes one person of two.
        self.settle()
        answered += [self.post(posted) for posted in posts[named:]]
        assert answered == [200] * (len(answered) - 2) + [400] * 2
        self.settle()
        for number, handoff in enumerate(self._reader.pages("handoff", "/v1/handoffs")):
            note = {"reason": "no-budget", "note": f"says {ANA.tag}" if self._is_ana(handoff) else "says nothing"}
            self._act(handoff["id"], "reject" if number % 2 or self._is_ana(handoff) else "accept", note)
        self.post_deals(())

    def post_deals(self, without: Collection[Who]) -> None:
        """The CRM posts the next version of every deal, with all their contacts but some."""
        assert {self.post(posted) for posted in deals(_BEGAN_AT, next(self._versions), without)} == {200}
        self.settle()

    def _is_ana(self, handoff: Json) -> bool:
        return bool(handoff["person_id"] == self.person(ANA)["id"])

    def _act(self, handoff_id: str, act: str, body: Json) -> None:
        url = f"{self._fleet.deployment.urls['handoff']}/v1/handoffs/{handoff_id}/{act}"
        headers = self._bearer() | {"Idempotency-Key": f"{act}-{handoff_id}"}
        answer = self._client.post(url, json=body if act == "reject" else {}, headers=headers)
        assert answer.is_success, answer.text

    def _bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._fleet.deployment.keys.admin_token}"}

    def person(self, who: Who) -> Json:
        """Who an address is of, as ingest tells it."""
        (person,) = self._reader.pages("ingest", "/v1/people", email=who.email)
        return person

    def erase(self, person_id: str) -> str:
        """Ask for the erasure of somebody; answers its id."""
        url = f"{self._fleet.deployment.urls['ingest']}/v1/people/{person_id}"
        answer = self._client.delete(url, headers=self._bearer())
        assert answer.status_code == 202, answer.text
        return str(answer.json()["id"])

    def erase_amid_events(self, person_id: str) -> str:
        """Ask for the erasure while four senders post events of theirs, the last of which comes after the answer."""
        over, begun = Event(), Event()

        def send() -> None:
            while not over.is_set():
                assert self.post(in_flight(ANA, _BEGAN_AT, next(self._sent))) == 200
                begun.set()

        with ThreadPoolExecutor(_SENDERS) as senders:
            sending = [senders.submit(send) for _ in range(_SENDERS)]
            try:
                assert begun.wait(_SECONDS)
                erasure = self.erase(person_id)
            finally:
                over.set()
            for one in sending:
                one.result()
        return erasure

    def receipt(self, erasure: str) -> Json:
        """How far an erasure is."""
        return self._reader.get("ingest", f"/v1/erasures/{erasure}")

    def answered(self, erasure: str) -> bool:
        """Whether all services have said what they removed."""
        return {line["service"] for line in self.receipt(erasure)["stores"]} == set(self._fleet.deployment.urls)

    def finish(self, erasure: str) -> None:
        """Return when an erasure is finished."""
        until(lambda: self.receipt(erasure)["state"] == "finished", "the erasure is finished")

    def die_and_return(self) -> None:
        """Kill the process, and start it again."""
        (process,) = self._fleet.processes.values()
        process.kill()
        process.start()
        until(process.ready, "it is ready again")

    def totals(self) -> Json:
        """What every model credits, by channel and by department."""
        named = ",".join((*MODELS, *LEARNED))
        by_channel = self._reader.get("attribution", "/v1/attribution", models=named)
        return {"channel": by_channel} | {
            keys: self._reader.get("attribution", "/v1/attribution", models=",".join(MODELS), group_by=keys)
            for keys in ("department", "channel,department", "campaign", "source", "kind")
        }

    def of_others(self) -> Json:
        """All that is told of everybody but Ana; what wanes with time is left out."""
        return {who.tag: self._of(self.person(who)) for who in OTHERS}

    def _of(self, person: Json) -> Json:
        lead = self._reader.get("scoring", f"/v1/leads/{person['id']}")
        return {
            "person": person,
            "journey": list(self._reader.pages("ingest", f"/v1/people/{person['id']}/journey")),
            "stages": [lead["stage"], lead["history"], lead["fit"]],
            "handoffs": list(self._reader.pages("handoff", "/v1/handoffs", person_id=person["id"])),
        }

    def absences(self, person_id: str) -> dict[str, int]:
        """What each service answers whoever asks for somebody."""
        urls = self._fleet.deployment.urls
        asked = {name: f"{url}/v1/people/{person_id}/export" for name, url in urls.items()}
        asked["person"] = f"{urls['ingest']}/v1/people/{person_id}"
        asked["lead"] = f"{urls['scoring']}/v1/leads/{person_id}"
        return {name: self._client.get(url, headers=self._bearer()).status_code for name, url in asked.items()}

    def events(self) -> Sequence[Json]:
        """Everything that came through the doors."""
        return list(self._reader.pages("ingest", "/v1/events"))

    def said(self) -> bytes:
        """What the process has logged, its metrics, and what it answers about events, rejects, leads and hand-offs."""
        urls = self._fleet.deployment.urls
        pages = [f"{url}/metrics" for url in urls.values()] + [
            f"{urls['ingest']}/v1/events?limit=1000", f"{urls['ingest']}/v1/rejected?limit=1000",
            f"{urls['scoring']}/v1/leads?limit=1000", f"{urls['handoff']}/v1/handoffs?limit=1000",
            f"{urls['attribution']}/v1/deals?limit=1000", f"{urls['attribution']}/v1/attribution?group_by=heard_from",
        ]  # fmt: skip
        answers = [self._client.get(url, headers=self._bearer()).raise_for_status().content for url in pages]
        return b"".join(answers) + b"".join(log.read_bytes() for log in self.data.parent.glob("*.log"))


async def _poison(settings: Settings) -> None:
    """Put something of Ana's on the log that nobody can work."""
    log = open_log(settings)
    try:
        await log.start(settings.topic_partitions())
        value = json.dumps({"context": {"traits": {"email": ANA.email}}, "messageId": f"dead-{ANA.tag}"}).encode()
        await log.publish([Outgoing(TOUCHPOINTS_COLLECTED.name, b"key", value, ())])
    finally:
        await log.close()


@contextmanager
def world(folder: Path, kafka: str | None = None, database: str | None = None) -> Iterator[World]:
    """A world that everybody has lived in, embedded or on Kafka and PostgreSQL. It ends with the block."""
    parts = {"THROUGHLINE_KAFKA": kafka, "THROUGHLINE_DATABASE": database, "THROUGHLINE_LOG_LEVEL": "debug"}
    asyncio.run(_poison(Settings(data=folder / "data", kafka=kafka, database=database, kafka_partitions=4)))
    fleet = Fleet(folder, EMBEDDED, {name: value for name, value in parts.items() if value is not None})
    with ExitStack() as exit_stack:
        exit_stack.enter_context(fleet).start()
        reader = exit_stack.enter_context(Reader(fleet.deployment))
        client = exit_stack.enter_context(httpx.Client(trust_env=False, timeout=30, headers={"User-Agent": USER_AGENT}))
        here = World(fleet, folder, reader, client)
        mailbox = Mailbox(here.received, lambda _lead: None)
        crm = Crm(mailbox, Place())
        crm.start()
        exit_stack.callback(crm.stop)
        endpoint = reader.post("handoff", "/v1/endpoints", {"url": crm.url, "events": ["*"], "name": "CRM"})
        mailbox.trust(endpoint["secret"])
        here.live()
        yield here
