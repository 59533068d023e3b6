"""`python -m tests.bench`: measure this tree on this machine and write the page of it.

Every step has a deadline; what it has started is ended whatever happens. Exits with 1 where something was not measured.
"""

import asyncio
import signal
import sys
import tempfile
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Annotated

import typer
import uvloop
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from shared.observe import logs
from tests.bench import attributing, consumers, credit, doors, identity, latency, reports
from tests.bench.page import Machine, page
from tests.bench.processes import ROOT
from tests.bench.run import FULL, QUICK, Parts, Run, Section
from tests.parts.engine import NotHere

PAGE = ROOT / "docs" / "performance.md"
Part = Callable[[Run], Awaitable[list[Section]]]


PARTS: Mapping[str, Part] = MappingProxyType(
    {
        "doors": doors.measure,
        "consumers": consumers.measure,
        "identity": identity.measure,
        "latency": latency.measure,
        "credit": credit.measure,
        "attribution": attributing.measure,
        "reports": reports.measure,
    }
)
"""Memory is told by the part that has every process running under load."""


async def _measured(run: Run, names: list[str]) -> list[Section]:
    """The sections of these parts."""
    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    run.say("starting PostgreSQL")
    with suppress(NotHere):  # Whoever needs it asks again, and says that it is not there.
        await asyncio.to_thread(lambda: run.parts.postgres)
    return [section for name in names for section in await PARTS[name](run)]


def main(
    *,
    quick: Annotated[bool, typer.Option("--quick", help="Under seven minutes instead of twenty.")] = False,
    facts: Annotated[int | None, typer.Option(min=1_000, help="Facts that the consumers find there already.")] = None,
    only: Annotated[
        str, typer.Option(help="Of doors, consumers, identity, latency, memory, credit, attribution, reports.")
    ] = "",
    output: Annotated[Path | None, typer.Option(help="Where the page goes; docs/performance.md where all ran.")] = None,
) -> None:
    """Measure, print the page, and write it."""
    names = _wanted(only)
    machine = Machine.here()
    effort = QUICK if quick else FULL
    logs.configure("error")
    columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn())
    with (
        Progress(*columns, console=Console(stderr=True), refresh_per_second=2) as progress,
        tempfile.TemporaryDirectory(prefix="throughline-bench-") as folder,
    ):
        shown = progress.add_task("starting", total=None)

        def say(text: str) -> None:
            progress.update(shown, description=text)

        parts = Parts(say)
        run = Run(replace(effort, facts=facts or effort.facts), Path(folder), parts, say)
        try:
            sections = uvloop.run(_measured(run, names))
        finally:
            parts.ladder.close()
    given = [*(["--quick"] if quick else []), *([f"--facts {facts}"] if facts else [])]
    command = f'make bench ARGS="{" ".join(given)}"' if given else "make bench"
    text = page(sections, machine, command, parts.ladder.used, quick=quick)
    print(text)
    if output is not None or (not run.unfinished and len(names) == len(PARTS)):
        (output or PAGE).write_text(text, encoding="utf-8")
    sys.exit(bool(run.unfinished))


def _wanted(only: str) -> list[str]:
    """The parts to run, in order; memory is told by the run of the latencies."""
    asked = {"latency" if name.strip() == "memory" else name.strip() for name in only.split(",") if name.strip()}
    if unknown := asked - PARTS.keys():
        raise typer.BadParameter(f"there is no {', '.join(sorted(unknown))}", param_hint="--only")
    return [name for name in PARTS if not asked or name in asked]


if __name__ == "__main__":
    typer.run(main)
