"""Identity under load: many newcomers, a merge of two people with a long past, merges by the thousand.

Each figure is held against its bar. Newcomers are worked as in `consumers`; merges are asked for over HTTP of all
services in processes of their own on Kafka and PostgreSQL, among other people's events.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx

from services.deployment import Deployment, Settings
from shared.kernel.instant import DAY, MINUTE, Instant, to_text
from shared.log.memory import MemoryLog
from shared.observe import clock
from shared.web.credentials import load
from shared.web.server import relax_garbage_collector
from tests.bench.collected import records
from tests.bench.consumers import fill, publish, worked
from tests.bench.events import basic
from tests.bench.latency import apart, endpoint
from tests.bench.load import request
from tests.bench.newcomers import newcomers
from tests.bench.paced import Sender
from tests.bench.processes import ADMIN_TOKEN, SERVER_KEY, pause
from tests.bench.receiver import Receiver, receiving
from tests.bench.run import Run, Section

_RESOLVED_BAR = 5_000.0
_PAST = 10_000
"""Touches of each of the two."""
_VISIT = 5
"""Pages of a visit."""
_VISIT_EVERY = 4 * 60 * MINUTE
_SETTLED_BAR = 5.0
_TWICE = 2.0
_RATE = 200
_DEMO_EVERY = 5
_LOOK_SECONDS = 0.02
_QUIET_ROUNDS = 2
_PATIENCE_SECONDS = 120.0
_BATCH = 100
_MERGES_A_SECOND = 1_000
_MERGE_SECONDS = 5


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure beside its bar, if it has one. `most`: the bar is what it may be at most, else at least."""

    what: str
    value: float
    unit: str
    bar: float | None = None
    most: bool = True

    def row(self) -> tuple[str, ...]:
        """It as a row: the ratio is above 1 where it is better than its bar."""
        value = f"{self.value:,.{_digits(self.value)}f} {self.unit}"
        if self.bar is None:
            return self.what, value, "", ""
        ratio = (self.bar / self.value if self.value else 0.0) if self.most else self.value / self.bar
        bound = "at most" if self.most else "at least"
        return self.what, value, f"{bound} {self.bar:,.{_digits(self.bar)}f} {self.unit}", f"{ratio:.2f}"


def _digits(value: float) -> int:
    return 0 if value >= 100 else 1


async def measure(run: Run) -> list[Section]:
    """The table of identity."""
    notes: list[str] = []
    found: list[Figure] = []
    async with run.step("newcomers", notes):
        found.append(await _newcomers(run))
    async with run.step("a merge of two long pasts", notes), _deployed(run, "long-past") as market:
        found += await _a_long_past(run, market)
    async with run.step("merges by the thousand", notes), _deployed(run, "thousands") as market:
        found += await _by_the_thousand(run, market)
    prose = (
        "Newcomers: of three events one brings an identifier that nobody has seen, on PostgreSQL, beside "
        f"{run.effort.facts:,} facts. A long past: two people with {_PAST:,} page views each, {_VISIT} a visit, and a "
        "won deal each; an operator merges them, splits them and merges them again. Settled: every service has read "
        f"all, twice in a row. Others: {_RATE} events/s, one in {_DEMO_EVERY} a demo request, from when it was due to "
        f"its verified webhook; before, and in the {_SETTLED_BAR:g} s from the merge on. By the thousand: "
        f"{_MERGES_A_SECOND:,} aliases a second for {_MERGE_SECONDS} s, each of two people who are known; they let "
        "others go first. The last "
        "column is above 1 where the figure is better than its bar. Sender and receiver share the cores."
    )
    columns = ("figure", "value", "bar", "to the bar")
    return [Section("Identity", columns, [one.row() for one in found], [prose, *notes])]


async def _newcomers(run: Run) -> Figure:
    relax_garbage_collector()
    async with run.database() as url:
        folder = run.scratch("newcomers")
        settings = Settings(data=folder, database=url, kafka=None)
        log = MemoryLog(now=clock.now)
        await log.start(settings.topic_partitions())
        deployment = Deployment(settings, load(folder, {}), log)
        since = Instant(clock.now() - DAY)
        run.say("newcomers: warming up")
        await publish(log, list(records("earlier", run.effort.events // 2, Instant(since - DAY))))
        await worked(deployment, "ingest")
        await fill(run, folder, url, "ingest", Instant(since - 2 * DAY))
        run.say("newcomers")
        await publish(log, list(newcomers("now", run.effort.events, since)))
        done = await worked(deployment, "ingest")
        await log.close()
    what = "resolver, a third of events with new identifiers"
    return Figure(what, done.records / done.seconds, "events/s", _RESOLVED_BAR, most=False)


@dataclass(frozen=True, slots=True)
class _Market:
    """Everything that runs, and who asks it."""

    ports: Mapping[str, int]
    sender: Sender
    receiver: Receiver
    client: httpx.AsyncClient

    async def post(self, items: Sequence[Mapping[str, object]], rate: float) -> None:
        """Have a back end send these, so many batches a second."""
        parts = (items[first : first + _BATCH] for first in range(0, len(items), _BATCH))
        bodies = (request("/v1/batch", json.dumps({"batch": part}).encode(), basic(SERVER_KEY)) for part in parts)
        await self.sender.send(bodies, rate)

    async def others(self, name: str, seconds: float) -> list[float]:
        """Other people act for so long; how long each of their leads took, in order."""
        due = await self.sender.send(_others(name, int(seconds * _RATE)), _RATE)
        leads = {_address(name, number): due[number] for number in range(0, len(due), _DEMO_EVERY)}
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while not leads.keys() <= self.receiver.verified.keys() and time.monotonic() < deadline:
            await pause(0.1)
        return sorted(self.receiver.verified[one] - at for one, at in leads.items())

    async def settled(self) -> float:
        """The seconds until every service has done everything, two looks in a row."""
        started, quiet, since = time.perf_counter(), 0, 0.0
        while quiet < _QUIET_ROUNDS:
            answers = [await self.client.get(f"http://127.0.0.1:{port}/v1/lag") for port in self.ports.values()]
            done = all(answer.raise_for_status().json()["caught_up"] for answer in answers)
            since = since if quiet else time.perf_counter()
            quiet = quiet + 1 if done else 0
            await pause(_LOOK_SECONDS)
        return since - started

    async def person(self, user: str) -> str:
        """The id of somebody."""
        answer = await self.client.get(f"http://127.0.0.1:{self.ports['ingest']}/v1/people", params={"user_id": user})
        (found,) = answer.raise_for_status().json()["items"]
        return str(found["id"])

    async def act(self, person: str, what: str, **body: str) -> str:
        """What an operator does; the id of the act."""
        url = f"http://127.0.0.1:{self.ports['ingest']}/v1/people/{person}/{what}"
        answer = await self.client.post(url, json=body)
        return str(answer.raise_for_status().json()["act_ids"][0])


@asynccontextmanager
async def _deployed(run: Run, name: str) -> AsyncIterator[_Market]:
    headers = {"authorization": f"Bearer {ADMIN_TOKEN}"}
    async with (
        apart(run, name) as (ports, _),
        receiving() as receiver,
        Sender(ports["ingest"]) as sender,
        httpx.AsyncClient(trust_env=False, headers=headers, timeout=60) as client,
    ):
        receiver.trust(await endpoint(ports["handoff"], receiver.url))
        services = {name: port for name, port in ports.items() if name != "ingest_worker"}
        market = _Market(services, sender, receiver, client)
        # The broker remembers earlier deployments: who is named as there was handed over before anybody could be told.
        await market.others(f"{name}-warm", 3)
        yield market


async def _a_long_past(run: Run, market: _Market) -> list[Figure]:
    run.say("identity: two people get a long past")
    for name in ("ana", "bo"):
        await market.post(list(_past(name)), rate=30)
    deals = json.dumps([_deal(name) for name in ("ana", "bo")]).encode()
    await market.sender.send([request("/v1/deals", deals, basic(SERVER_KEY))], 1)
    await market.settled()
    ana, bo = await market.person("ana"), await market.person("bo")
    run.say("identity: they are merged, and split")
    merged = await market.act(ana, "merge", other=bo)
    settled = await market.settled()
    await market.act(bo, "split", event_id=merged)
    apart_again = await market.settled()
    before = await market.others("before", 2 * _SETTLED_BAR)
    run.say("identity: they are merged among others")
    async with asyncio.TaskGroup() as at_once:
        at_once.create_task(market.act(ana, "merge", other=bo))
        while_merging = at_once.create_task(market.others("merging", _SETTLED_BAR))
    await market.settled()
    return [
        Figure("a merge of two long pasts, settled in all services", settled, "s", _SETTLED_BAR),
        Figure("its split, settled in all services", apart_again, "s", _SETTLED_BAR),
        _beside("p99 of others' leads while they are merged", while_merging.result(), before),
    ]


async def _by_the_thousand(run: Run, market: _Market) -> list[Figure]:
    run.say("identity: people who will be merged by the thousand")
    count = _MERGES_A_SECOND * _MERGE_SECONDS
    await market.post([_known(f"{side}-{number}") for number in range(count) for side in ("left", "right")], rate=20)
    await market.settled()
    before = await market.others("calm", _MERGE_SECONDS)
    run.say(f"identity: {count:,} merges")
    aliases = [_alias(number) for number in range(count)]
    async with asyncio.TaskGroup() as at_once:
        at_once.create_task(market.post(aliases, rate=_MERGES_A_SECOND / _BATCH))
        meanwhile = at_once.create_task(market.others("queued", _MERGE_SECONDS))
    late = await market.settled()
    return [
        _beside("p99 of others' leads among 1,000 merges a second", meanwhile.result(), before),
        Figure("all of them settled after the last one was sent", late, "s"),
    ]


def _beside(what: str, times: Sequence[float], before: Sequence[float]) -> Figure:
    return Figure(what, _p99(times) * 1e3, "ms", _TWICE * _p99(before) * 1e3)


def _p99(times: Sequence[float]) -> float:
    return times[int(len(times) * 0.99)]


def _past(name: str) -> Iterator[dict[str, object]]:
    """An identify call, and visits of the months before."""
    since = clock.now() - 370 * DAY
    yield _known(name) | {"anonymousId": f"browser-{name}"}
    for number in range(_PAST):
        visit, page = divmod(number, _VISIT)
        at = Instant(since + visit * _VISIT_EVERY + page * MINUTE)
        yield {
            "type": "page", "messageId": f"{name}-{number}", "anonymousId": f"browser-{name}",
            "name": "Docs", "timestamp": to_text(at), "properties": {"path": "/docs"},
        }  # fmt: skip


def _known(name: str) -> dict[str, object]:
    return {
        "type": "identify", "messageId": f"{name}-known", "userId": name,
        "traits": {"email": f"{name}@{name}.example"},
    }  # fmt: skip


def _alias(number: int) -> dict[str, object]:
    return {
        "type": "alias", "messageId": f"alias-{number}", "userId": f"left-{number}", "previousId": f"right-{number}"
    }  # fmt: skip


def _deal(name: str) -> dict[str, object]:
    at = to_text(Instant(clock.now() - DAY))
    return {
        "id": f"deal-{name}", "contacts": [{"email": f"{name}@{name}.example"}], "amount": "12000.00",
        "currency": "EUR", "status": "won", "created_at": at, "closed_at": at, "version": 1,
    }  # fmt: skip


def _others(name: str, count: int) -> Iterator[bytes]:
    for number in range(count):
        demo = number % _DEMO_EVERY == 0
        event = {
            "messageId": f"{name}-{number}",
            "anonymousId": f"{name}-{number}" if demo else f"other-{number % 500}",
            "event": "Demo Requested" if demo else "Pricing Viewed",
            "properties": {"email": _address(name, number)} if demo else {},
        }
        yield request("/v1/track", json.dumps(event).encode(), basic(SERVER_KEY))


def _address(name: str, number: int) -> str:
    return f"{name}{number}@buyer{number}.example"
