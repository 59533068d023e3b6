"""From the POST of a demo request to its verified webhook, among other events; and the memory of every process."""

import json
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import httpx

from tests.bench.events import basic
from tests.bench.load import request
from tests.bench.paced import Sender
from tests.bench.processes import ADMIN_TOKEN, WRITE_KEY, Running, deployment, pause, running
from tests.bench.receiver import Receiver, receiving
from tests.bench.run import Run, Section
from tests.parts.machine import free_ports

_RATE = 200
_DEMO_EVERY = 10
_VISITORS = 500
_WARM_SECONDS = 20
"""A broker that has just begun compiles its code for so long, on the cores that everything else needs."""
_PATIENCE_SECONDS = 20.0
_APART = ("ingest:api", "ingest:worker", "scoring", "handoff", "attribution")
_SERVICES = ("ingest", "scoring", "handoff", "attribution")
Ports = dict[str, int]
"""By service, where it listens."""


@dataclass(frozen=True, slots=True)
class Found:
    """What one deployment came to: seconds, in order, and MB by process."""

    times: Sequence[float]
    demos: int
    refused: int
    resident: dict[str, float]


async def measure(run: Run) -> list[Section]:
    """Latency and memory, embedded and on Kafka."""
    notes: list[str] = []
    found: dict[str, Found] = {}
    async with run.step("the latency of the embedded deployment", notes):
        found["embedded, one process"] = await _embedded(run)
    async with run.step("the latency on Kafka and PostgreSQL", notes):
        found["Kafka and PostgreSQL, five processes"] = await _apart(run)
    return [_latency(run, found, notes), _memory(found)]


async def _embedded(run: Run) -> Found:
    folder = run.scratch("latency")
    ports = dict(zip(_SERVICES, free_ports(len(_SERVICES)), strict=True))
    environment = deployment(folder, ports, webhook_networks="127.0.0.0/8")
    run.say("latency: embedded")
    with running("services", port=ports["attribution"], folder=folder, environment=environment) as process:
        await process.ready()
        return await _driven(run, ports, {"all services": process})


async def _apart(run: Run) -> Found:
    async with apart(run, "latency-kafka") as (ports, processes):
        run.say("latency: Kafka and PostgreSQL")
        return await _driven(run, ports, processes)


@asynccontextmanager
async def apart(run: Run, name: str) -> AsyncIterator[tuple[Ports, dict[str, Running]]]:
    """Every service in a process of its own, the doors apart from the resolver, on Kafka and a new database."""
    folder = run.scratch(name)
    names = (*_SERVICES, "ingest_worker")
    ports = dict(zip(names, free_ports(len(names)), strict=True))
    async with AsyncExitStack() as stack:
        kafka = await stack.enter_async_context(run.kafka())
        database = await stack.enter_async_context(run.database())
        more = {"kafka": kafka, "database": database, "webhook_networks": "127.0.0.0/8"}
        environment = deployment(folder, ports, **more)
        processes: dict[str, Running] = {}
        for name in _APART:
            port = ports["ingest_worker" if name == "ingest:worker" else name.partition(":")[0]]
            starting = running("services", name, port=port, folder=folder, environment=environment)
            processes[name] = stack.enter_context(starting)
        for process in processes.values():
            await process.ready()
        yield ports, processes


async def _driven(run: Run, ports: dict[str, int], processes: dict[str, Running]) -> Found:
    async with receiving() as receiver, Sender(ports["ingest"]) as sender:
        receiver.trust(await endpoint(ports["handoff"], receiver.url))
        # Joining groups, first connections, first statements: none of that is what a lead waits for later.
        warm = _WARM_SECONDS * _RATE
        await sender.send(_requests("warm", warm), _RATE)
        await _arrived(receiver, {_address("warm", n) for n in range(0, warm, _DEMO_EVERY)})
        count = int(run.effort.latency_seconds * _RATE)
        due = await sender.send(_requests("lead", count), _RATE)
        demos = {_address("lead", n): due[n] for n in range(0, count, _DEMO_EVERY)}
        await _arrived(receiver, set(demos))
        times = sorted(receiver.verified[one] - at for one, at in demos.items() if one in receiver.verified)
        resident = {name: process.resident_mb() for name, process in processes.items()}
        return Found(times, len(demos), sender.refused, resident)


def _requests(run_name: str, count: int) -> Iterator[bytes]:
    for number in range(count):
        demo = number % _DEMO_EVERY == 0
        visitor = f"{run_name}-{number}" if demo else f"visitor-{number % _VISITORS}"
        event = {
            "messageId": f"{run_name}-{number}",
            "anonymousId": visitor,
            "event": "Demo Requested" if demo else "Pricing Viewed",
            "properties": {"email": _address(run_name, number)} if demo else {},
        }
        yield request("/v1/track", json.dumps(event).encode(), basic(WRITE_KEY))


def _address(run_name: str, number: int) -> str:
    return f"{run_name}{number}@buyer{number}.example"


async def endpoint(port: int, url: str) -> str:
    """Registers the receiver; answers the secret."""
    headers = {"authorization": f"Bearer {ADMIN_TOKEN}"}
    async with httpx.AsyncClient(trust_env=False, headers=headers, timeout=30) as client:
        answer = await client.post(f"http://127.0.0.1:{port}/v1/endpoints", json={"url": url})
        answer.raise_for_status()
        return str(answer.json()["secret"])


async def _arrived(receiver: Receiver, addresses: set[str]) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not addresses <= receiver.verified.keys() and time.monotonic() < deadline:
        await pause(0.1)


def _latency(run: Run, found: dict[str, Found], notes: list[str]) -> Section:
    rows = []
    for name, one in found.items():
        quantiles = (f"{one.times[int(len(one.times) * q)] * 1e3:,.0f}" if one.times else "" for q in (0.5, 0.9, 0.99))
        rows.append((name, *quantiles, f"{len(one.times)} of {one.demos}"))
        if one.refused:
            notes.append(f"{one.refused:,} requests were refused: the figures are not to be trusted.")
    prose = (
        f"From the moment a demo request was due to be posted to the moment its `lead.qualified` webhook was verified, "
        f"at {_RATE} events/s for {run.effort.latency_seconds:g} s after {_WARM_SECONDS} s of warming up; one event in "
        f"{_DEMO_EVERY} asks for a demo. Sender and receiver share the cores with the services, Kafka and PostgreSQL. "
        "`webhooks`: how many came while it was waited for them."
    )
    return Section("Latency", ("deployment", "p50 ms", "p90 ms", "p99 ms", "webhooks"), rows, [prose, *notes])


def _memory(found: dict[str, Found]) -> Section:
    rows = [(name, process, f"{mb:.0f}") for name, one in found.items() for process, mb in one.resident.items()]
    prose = "Resident memory of each process at the end of the run of the latencies."
    return Section("Memory", ("deployment", "process", "MB"), rows, [prose])
