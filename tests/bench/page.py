"""The page of figures: one table a section, the machine they are of, and how to get them again."""

import os
import platform
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from shared.kernel.instant import to_text
from shared.observe import clock
from tests.bench.run import Section

_PACKAGES = ("uvicorn", "uvloop", "aiokafka", "asyncpg", "SQLAlchemy", "msgspec")
_BUSY_SHARE = 0.5
"""Load above this share of the cores before anything was started, and the figures are those of a busy machine."""


@dataclass(frozen=True, slots=True)
class Machine:
    """What the figures were taken on. `load`: how many processes wanted to run when the run began."""

    cores: int
    processor: str
    load: float

    @classmethod
    def here(cls) -> "Machine":
        """This one, now."""
        return cls(os.cpu_count() or 1, _processor(), os.getloadavg()[0])

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
        f"- {to_text(clock.now())[:10]}, {machine.cores} cores ({machine.processor}), {platform.system()}.",
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


def _processor() -> str:
    listed = Path("/proc/cpuinfo")
    lines = listed.read_text().splitlines() if listed.exists() else []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.processor() or sys.platform)
