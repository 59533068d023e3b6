"""The doors against an app that does nothing: requests per CPU second of the server's process, in rounds that take turns."""

from collections import defaultdict
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from statistics import median

from tests.bench.drive import BATCH_OF, driven
from tests.bench.load import Loaded
from tests.bench.processes import Running, deployment, running
from tests.bench.run import NotHere, Run, Section
from tests.parts.machine import free_ports

_CONNECTIONS = {"single": 64, "batch": 16}
_EVENTS = {"single": 1, "batch": BATCH_OF}
_WARM_SECONDS = 0.5
_NULL = "null ASGI app"
_KINDS = ("single", "batch")


@dataclass(frozen=True, slots=True)
class Round:
    """One load, and the CPU seconds that the server used for it."""

    loaded: Loaded
    cpu: float


async def measure(run: Run) -> Section:
    """All doors."""
    async with AsyncExitStack() as stack:
        notes: list[str] = []
        servers = await _servers(run, stack, notes)
        for server in servers.values():
            for kind in _KINDS:
                await driven(server.port, kind, _CONNECTIONS[kind], _WARM_SECONDS)
        rounds: defaultdict[tuple[str, str], list[Round]] = defaultdict(list)
        for number in range(run.effort.rounds):
            for kind in _KINDS:
                for name, server in servers.items():
                    run.say(f"round {number + 1} of {run.effort.rounds}: {name}, {kind}")
                    rounds[name, kind].append(await _round(server, kind, run.effort.round_seconds))
    return _section(run, rounds, notes)


async def _servers(run: Run, stack: AsyncExitStack, notes: list[str]) -> dict[str, Running]:
    folder = run.scratch("doors")
    null, embedded, shared = free_ports(3)
    api = ("services", "ingest:api")
    servers = {
        _NULL: await stack.enter_async_context(running("tests.bench.null_app", str(null), port=null, folder=folder)),
        "embedded": await stack.enter_async_context(
            running(*api, port=embedded, folder=folder, environment=deployment(folder, {"ingest": embedded}))
        ),
    }
    try:
        kafka, database = await run.kafka(), await stack.enter_async_context(run.database())
    except NotHere as reason:
        notes.append(f"The doors on Kafka were not measured: {reason}")
        return servers
    beside = run.scratch("doors-kafka")
    environment = deployment(beside, {"ingest": shared}, kafka=kafka, database=database)
    on_kafka = running(*api, port=shared, folder=beside, environment=environment)
    return servers | {"Kafka": await stack.enter_async_context(on_kafka)}


async def _round(server: Running, kind: str, seconds: float) -> Round:
    before = server.cpu_seconds()
    loaded = await driven(server.port, kind, _CONNECTIONS[kind], seconds)
    return Round(loaded, server.cpu_seconds() - before)


def _section(run: Run, rounds: dict[tuple[str, str], list[Round]], notes: list[str]) -> Section:
    section = Section(
        "Doors",
        ("server", "request", "events per CPU second", "of the null app", "events/s", "p50 ms", "p99 ms"),
        notes=[
            "`ingest:api` alone, each answer after the event is durable: embedded in SQLite with `synchronous=FULL`, on "
            "Kafka after the broker's acknowledgement (one broker, `acks=all`). A single event is about 900 bytes, over "
            f"{_CONNECTIONS['single']} connections; a batch has {BATCH_OF}, over {_CONNECTIONS['batch']}. The null app "
            "reads the same bodies on the same server and answers; for it, an event is a hundredth of a batch too. CPU "
            "seconds are those of the server's process (all threads); the load generator is another process on the "
            f"same cores. Medians of {run.effort.rounds} rounds of {run.effort.round_seconds:g} s that take turns.",
            *notes,
        ],
    )
    null = {kind: _per_cpu(rounds[_NULL, kind], kind) for kind in _KINDS}
    for (name, kind), taken in sorted(rounds.items(), key=lambda item: _KINDS[::-1].index(item[0][1]), reverse=True):
        rate = _per_cpu(taken, kind)
        wall = median(one.loaded.requests * _EVENTS[kind] / one.loaded.seconds for one in taken)
        p50, p99 = (median(getattr(one.loaded, q) for one in taken) * 1e3 for q in ("p50", "p99"))
        label = kind if kind == "single" else f"batch of {BATCH_OF}"
        section.rows.append(
            (name, label, f"{rate:,.0f}", f"{rate / null[kind]:.2f}", f"{wall:,.0f}", f"{p50:.1f}", f"{p99:.1f}")
        )
    if refused := sum(one.loaded.refused for taken in rounds.values() for one in taken):
        section.notes.append(f"{refused:,} requests were refused: the figures are not to be trusted.")
    return section


def _per_cpu(rounds: Sequence[Round], kind: str) -> float:
    return median(one.loaded.requests * _EVENTS[kind] / one.cpu for one in rounds)
