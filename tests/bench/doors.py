"""The doors against an app that does nothing: requests per CPU second of the server, in rounds that take turns."""

from collections import defaultdict
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from statistics import median

from tests.bench.drive import BATCH_OF, driven
from tests.bench.load import Loaded
from tests.bench.processes import Running, deployment, running
from tests.bench.run import Run, Section
from tests.parts.engine import NotHere
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


async def measure(run: Run) -> list[Section]:
    """All doors."""
    notes: list[str] = []
    rounds: defaultdict[tuple[str, str], list[Round]] = defaultdict(list)
    async with run.step("the doors", notes), AsyncExitStack() as stack:
        servers = await _servers(run, stack, notes)
        for server in servers.values():
            await server.ready()
            for kind in _KINDS:
                await driven(server.port, kind, _CONNECTIONS[kind], _WARM_SECONDS)
        for number in range(run.effort.rounds):
            for kind in _KINDS:
                for name, server in servers.items():
                    run.say(f"round {number + 1} of {run.effort.rounds}: {name}, {kind}")
                    rounds[name, kind].append(await _round(server, kind, run.effort.round_seconds))
    return [_section(run, rounds, notes)]


async def _servers(run: Run, stack: AsyncExitStack, notes: list[str]) -> dict[str, Running]:
    folder = run.scratch("doors")
    null, embedded, shared = free_ports(3)
    api = ("services", "ingest:api")
    environment = deployment(folder, {"ingest": embedded})
    servers = {
        _NULL: stack.enter_context(running("tests.bench.null_app", str(null), port=null, folder=folder)),
        "embedded": stack.enter_context(running(*api, port=embedded, folder=folder, environment=environment)),
    }
    try:
        kafka = await stack.enter_async_context(run.kafka())
        database = await stack.enter_async_context(run.database())
    except NotHere as reason:
        notes.append(f"The doors on Kafka were not measured: {reason}")
        return servers
    beside = run.scratch("doors-kafka")
    environment = deployment(beside, {"ingest": shared}, kafka=kafka, database=database)
    on_kafka = running(*api, port=shared, folder=beside, environment=environment)
    return servers | {"Kafka": stack.enter_context(on_kafka)}


async def _round(server: Running, kind: str, seconds: float) -> Round:
    before = server.cpu_seconds()
    loaded = await driven(server.port, kind, _CONNECTIONS[kind], seconds)
    return Round(loaded, server.cpu_seconds() - before)


def _section(run: Run, rounds: dict[tuple[str, str], list[Round]], notes: list[str]) -> Section:
    prose = (
        "`ingest:api` alone, each answer after the event is durable: embedded in SQLite with `synchronous=FULL`, on "
        "Kafka after the broker's acknowledgement (one broker, `acks=all`). A single event is about 900 bytes, over "
        f"{_CONNECTIONS['single']} connections; a batch has {BATCH_OF}, over {_CONNECTIONS['batch']}. The null app "
        "reads the same bodies on the same server and answers. CPU seconds are those of the server's process, all "
        "threads; the load generator is another process on the same cores. Medians of up to "
        f"{run.effort.rounds} rounds of {run.effort.round_seconds:g} s that take turns."
    )
    refused = sum(one.loaded.refused for taken in rounds.values() for one in taken)
    doubts = [f"{refused:,} requests were refused: the figures are not to be trusted."] if refused else []
    columns = ("server", "request", "events per CPU second", "of the null app", "events/s", "p50 ms", "p99 ms")
    rows = [
        _row(name, kind, taken, _per_cpu(rounds[_NULL, kind], kind))
        for (name, kind), taken in sorted(rounds.items(), key=lambda item: _KINDS.index(item[0][1]))
    ]
    return Section("Doors", columns, rows, [prose, *notes, *doubts])


def _row(name: str, kind: str, rounds: Sequence[Round], null: float) -> tuple[str, ...]:
    rate = _per_cpu(rounds, kind)
    wall = median(one.loaded.requests * _EVENTS[kind] / one.loaded.seconds for one in rounds)
    p50, p99 = (median(getattr(one.loaded, share) for one in rounds) * 1e3 for share in ("p50", "p99"))
    label = kind if kind == "single" else f"batch of {BATCH_OF}"
    return (name, label, f"{rate:,.0f}", f"{rate / null:.2f}", f"{wall:,.0f}", f"{p50:.1f}", f"{p99:.1f}")


def _per_cpu(rounds: Sequence[Round], kind: str) -> float:
    return median(one.loaded.requests * _EVENTS[kind] / one.cpu for one in rounds)
