"""Credit of many paths, ours beside ChannelAttribution's, in rounds that take turns.

`THROUGHLINE_BENCH_PEER` names a Python that has ChannelAttribution (with matplotlib, which it needs and does not say);
without one only our own figures are told, and that nothing was compared.
"""

import asyncio
import os
import signal
import sys
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from statistics import median
from types import MappingProxyType

from msgspec import json

from tests.bench.paths import made, rows
from tests.bench.processes import ROOT, NotStarted
from tests.bench.run import Run, Section

PEER = "THROUGHLINE_BENCH_PEER"
_SAME_MODELS = "first_touch,last_touch,linear,markov_channel"
_NOT_COMPARED = f"Not compared with ChannelAttribution: `{PEER}` names no Python that has it."
_ROWS = MappingProxyType(
    {
        "heuristics": "seven rule models; its three heuristics, s",
        "markov": "Markov of order 1; its `markov_model`, s",
        "shapley": "exact Shapley; it has none, s",
        "whole": "the whole run on the file: three heuristics and Markov, s",
        "whole megabytes": "peak memory of the whole run, MB",
        "megabytes": "peak memory of all models on arrays, MB",
    }
)
_EXPLAINED = (
    "Medians of rounds that take turns, each in processes of their own. Ours are given arrays, which is what the paths "
    "of a file or of deals are by then; the peer is given the data frame that it asks for. The whole run is a process "
    "from its start to its end: the command `throughline attribute`, and a program that reads the same file with "
    "pandas and asks the same models. Removal effects are solved here and simulated there: its figures are estimates."
)
_LOG_TAIL = 2_000
Figures = Mapping[str, float]


async def measure(run: Run) -> list[Section]:
    """Ours, and the peer's where there is one."""
    notes: list[str] = []
    found: dict[str, defaultdict[str, list[float]]] = {"ours": defaultdict(list), "theirs": defaultdict(list)}
    peer = os.environ.get(PEER)
    async with run.step("credit", notes):
        file = run.scratch("credit") / "paths.csv"
        await asyncio.to_thread(_written, file, run.effort.paths)
        for number in range(run.effort.rounds):
            run.say(f"credit, round {number + 1} of {run.effort.rounds}")
            _add(found["ours"], await _ours(file, run.effort.paths))
            if peer is not None:
                _add(found["theirs"], await _theirs(peer, file))
    notes.append(_EXPLAINED if peer is not None else _NOT_COMPARED)
    return [_section(run, found, notes)]


def _written(file: Path, count: int) -> None:
    with file.open("w", encoding="utf-8") as lines:
        lines.writelines(f"{line}\n" for line in rows(made(count)))


def _add(sums: defaultdict[str, list[float]], figures: Figures) -> None:
    for name, figure in figures.items():
        sums[name].append(figure)


async def _ours(file: Path, count: int) -> Figures:
    *_, arrays = await _printed("tests.bench.crediting", str(count))
    command = str(Path(sys.executable).with_name("throughline"))
    *_, whole = await _printed(
        "tests.bench.peak", command, "attribute", str(file), "--models", _SAME_MODELS, "--format", "json"
    )
    return _figures(arrays, whole)


async def _theirs(peer: str, file: Path) -> Figures:
    *_, told, whole = await _printed("tests.bench.peak", peer, str(ROOT / "tests" / "bench" / "peer.py"), str(file))
    return _figures(told, whole)


def _figures(*printed: bytes) -> Figures:
    told = [json.decode(line, type=dict[str, float | str]) for line in printed]
    return {name: figure for each in told for name, figure in each.items() if isinstance(figure, float)}


async def _printed(program: str, *arguments: str) -> list[bytes]:
    """The lines that a program of this folder prints; raises NotStarted where it fails."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", program, *arguments,
        cwd=ROOT, start_new_session=True, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        printed, complaint = await process.communicate()
    finally:
        if process.returncode is None:
            os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
    if process.returncode:
        raise NotStarted(complaint.decode(errors="replace")[-_LOG_TAIL:])
    return printed.splitlines()


def _section(run: Run, found: Mapping[str, Mapping[str, list[float]]], notes: list[str]) -> Section:
    ours, theirs = ({name: median(figures) for name, figures in found[whose].items()} for whose in ("ours", "theirs"))
    table = [
        (what, _shown(ours.get(name)), _shown(theirs.get(name)), _part(ours.get(name), theirs.get(name)))
        for name, what in _ROWS.items()
        if name in ours
    ]
    columns = (f"{run.effort.paths:,} distinct paths, 12 channels", "Throughline", "ChannelAttribution", "of theirs")
    return Section("Credit of many paths", columns, table, notes)


def _shown(figure: float | None) -> str:
    return "" if figure is None else f"{figure:.3f}" if figure < 1 else f"{figure:,.2f}"


def _part(ours: float | None, theirs: float | None) -> str:
    return "" if ours is None or theirs is None else f"{ours / theirs:.3f}"
