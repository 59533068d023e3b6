"""The page of figures: one table a section, the machine they are of, and how to get them again."""

import os
import platform
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path
from random import Random

from shared.kernel.instant import to_text
from shared.observe import clock
from tests.bench.run import Section

_PACKAGES = ("uvicorn", "uvloop", "aiokafka", "asyncpg", "SQLAlchemy", "msgspec")
_WALK = 3_000_000
_BUSY_SHARE = 0.5
"""Load above this share of the cores before anything was started, and the figures are those of a busy machine."""


@dataclass(frozen=True, slots=True)
class Machine:
    """What the figures were taken on. `load`: how many processes wanted to run when the run began; `step`: nanoseconds
    of a step of a walk that finds nothing in the caches."""

    cores: int
    processor: str
    load: float
    step: float

    @classmethod
    def here(cls) -> "Machine":
        """This one, now."""
        return cls(os.cpu_count() or 1, _processor(), os.getloadavg()[0], _step())

    @property
    def busy(self) -> bool:
        """Whether others were at work when the run began."""
        return self.load > _BUSY_SHARE * self.cores


def page(sections: Sequence[Section], machine: Machine, command: str, parts: Mapping[str, str], *, quick: bool) -> str:
    """The whole page, as Markdown; `parts` are the real ones that were used."""
    versions = [f"Python {platform.python_version()}", *(f"{name} {version(name)}" for name in _PACKAGES)]
    versions += [f"{name} {how}" for name, how in sorted(parts.items())]
    lines = [
        "# Performance",
        "",
        "Written by the command below from one run on one machine. Read the ratios: rates follow the machine, and two",
        "rates of different runs cannot be compared.",
        "",
        "```sh",
        command,
        "```",
        "",
        f"- {to_text(clock.now())[:10]}, {machine.cores} cores ({machine.processor}), {platform.system()}; a step of a "
        f"random walk through memory, in Python, took {machine.step:.0f} ns.",
        f"- {', '.join(versions)}.",
        f"- {_circumstances(machine, quick=quick)}",
    ]
    for section in sections:
        lines += ["", f"## {section.title}", "", *_table(section), *(f"\n{note}" for note in section.notes)]
    return "\n".join([*lines, ""])


def _circumstances(machine: Machine, *, quick: bool) -> str:
    length = "A quick run (`--quick`): short rounds and few facts" if quick else "A full run"
    others = (
        f"the machine was busy with other work (load {machine.load:.1f} when it began), so rates are low, tails are "
        "long and ratios are rough"
        if machine.busy
        else f"the machine had little else to do (load {machine.load:.1f} when it began)"
    )
    return f"{length}; {others}."


def _table(section: Section) -> list[str]:
    rows = [section.columns, tuple("---" for _ in section.columns), *section.rows]
    return [f"| {' | '.join(row)} |" for row in rows]


def _step() -> float:
    """Two machines of one name differ by what their neighbours leave them of the caches: services, which touch much and
    compute little, by several times; a loop that adds up, not at all."""
    order = list(range(_WALK))
    Random(1).shuffle(order)
    following = [0] * _WALK
    for at, then in pairwise([*order, order[0]]):
        following[at] = then
    at, started = 0, time.process_time_ns()
    for _ in range(_WALK):
        at = following[at]
    return (time.process_time_ns() - started) / _WALK


def _processor() -> str:
    listed = Path("/proc/cpuinfo")
    lines = listed.read_text().splitlines() if listed.exists() else []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.processor() or sys.platform)
