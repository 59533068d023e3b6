"""`python -m tests.bench`: measure this tree on this machine and write the page of it.

Every part has a deadline; what it has started is ended whatever happens. Exits with 1 where a part failed.
"""

import asyncio
import signal
import sys
import tempfile
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Annotated

import typer
import uvloop
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from shared.observe import logs
from tests.bench import consumers, doors, latency
from tests.bench.page import Machine, page
from tests.bench.processes import ROOT, NotStarted
from tests.bench.run import FULL, QUICK, NotHere, Run, Section
from tests.parts.ladder import Ladder

PAGE = ROOT / "docs" / "performance.md"
Part = Callable[[Run], Awaitable[list[Section]]]


async def _doors(run: Run) -> list[Section]:
    return [await doors.measure(run)]


PARTS: Mapping[str, Part] = MappingProxyType(
    {"doors": _doors, "consumers": consumers.measure, "latency": latency.measure}
)
"""Memory is told by the part that has every process running under load."""


async def _measured(run: Run, names: list[str], progress: Progress) -> tuple[list[Section], bool]:
    """The sections, and whether every part came to its end."""
    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    sections: list[Section] = []
    whole = True
    for name in names:
        try:
            async with asyncio.timeout(run.effort.part_seconds):
                sections += await PARTS[name](run)
        except (TimeoutError, NotHere, NotStarted) as reason:
            progress.console.print(f"{name}: {type(reason).__name__} {reason}", markup=False)
            whole = False
    return sections, whole


def main(
    *,
    quick: Annotated[bool, typer.Option("--quick", help="Under four minutes instead of fifteen.")] = False,
    facts: Annotated[int | None, typer.Option(min=1_000, help="Facts that the consumers find there already.")] = None,
    only: Annotated[str, typer.Option(help="Parts, with commas: doors, consumers, latency, memory.")] = "",
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

        ladder = Ladder(say)
        run = Run(replace(effort, facts=facts or effort.facts), Path(folder), ladder, say)
        try:
            sections, whole = uvloop.run(_measured(run, names, progress))
        finally:
            ladder.close()
    given = [*(["--quick"] if quick else []), *([f"--facts {facts}"] if facts else [])]
    command = f'make bench ARGS="{" ".join(given)}"' if given else "make bench"
    text = page(sections, machine, command, ladder.used, quick=quick)
    print(text)
    if output is not None or (whole and len(names) == len(PARTS)):
        (output or PAGE).write_text(text, encoding="utf-8")
    sys.exit(not whole)


def _wanted(only: str) -> list[str]:
    """The parts to run, in order; memory is told by the run of the latencies."""
    asked = {"latency" if name.strip() == "memory" else name.strip() for name in only.split(",") if name.strip()}
    if unknown := asked - PARTS.keys():
        raise typer.BadParameter(f"there is no {', '.join(sorted(unknown))}", param_hint="--only")
    return [name for name in PARTS if not asked or name in asked]


if __name__ == "__main__":
    typer.run(main)
