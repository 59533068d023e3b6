"""What the command found, and how it is written down: for people, for programs, for a spreadsheet, for a browser."""

import csv
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from io import StringIO
from itertools import product
from pathlib import Path

import numpy as np
from jinja2 import Environment, FileSystemLoader
from rich.console import Console
from rich.table import Table

from services.attribution.domain.paths.encoded import Credited, Floats

_MODELS_BESIDE_EACH_OTHER = 5
_TABLE_WIDTH = 120
_PAGES = Environment(loader=FileSystemLoader(Path(__file__).parent), autoescape=True, trim_blocks=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Credit by model, and what has to be said of it."""

    title: str
    channels: Sequence[str]
    credited: Mapping[str, Credited]
    won: float
    lost: float
    value: float | None
    """None where the file has no values."""
    left_out: Mapping[str, str]
    """Models that could not be asked, and what they need."""
    warnings: Sequence[str]
    seconds: Mapping[str, float] = field(default_factory=dict)

    def measures(self, credited: Credited) -> Mapping[str, Floats]:
        """By name, a figure for each channel."""
        found = {"conversions": credited.conversions}
        if self.value is not None:
            found["value"] = credited.values
        if credited.removal_effects is not None:
            found["removal_effects"] = credited.removal_effects
        return found

    def ranked(self) -> list[int]:
        """The channels by what they earned of the first model, the most first."""
        first = next(iter(self.credited.values()))
        return [int(index) for index in np.argsort(-first.conversions, kind="stable")]


def as_json(answer: Answer) -> str:
    """Every figure, unrounded."""
    models: dict[str, dict[str, object]] = {}
    for name, credited in answer.credited.items():
        models[name] = {
            measure: dict(zip(answer.channels, figures.tolist(), strict=True))
            for measure, figures in answer.measures(credited).items()
        }
        if credited.positions is not None:
            by_channel = credited.positions.T.tolist()
            models[name]["positions"] = dict(zip(answer.channels, by_channel, strict=True))
    whole = {"won": answer.won, "lost": answer.lost} | ({} if answer.value is None else {"value": answer.value})
    written = {
        "models": models,
        "journeys": whole,
        "left_out": dict(answer.left_out),
        "warnings": list(answer.warnings),
        "seconds": dict(answer.seconds),
    }
    return json.dumps(written, ensure_ascii=False, indent=1) + "\n"


def as_csv(answer: Answer) -> str:
    """A row for each model and channel."""
    text = StringIO()
    names = list(dict.fromkeys(name for credited in answer.credited.values() for name in answer.measures(credited)))
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["model", "channel", *names])
    for (model, credited), index in product(answer.credited.items(), answer.ranked()):
        measures = answer.measures(credited)
        cells = [repr(float(measures[name][index])) if name in measures else "" for name in names]
        writer.writerow([model, answer.channels[index], *cells])
    return text.getvalue()


def as_table(answer: Answer) -> str:
    """Tables of channels by models, a few models beside each other."""
    text = StringIO()
    console = Console(file=text, width=_TABLE_WIDTH, highlight=False)
    names = list(answer.credited)
    for measure, whole in (("conversions", answer.won), ("value", answer.value)):
        for first in range(0, len(names) if whole is not None else 0, _MODELS_BESIDE_EACH_OTHER):
            console.print(_table(answer, measure, names[first : first + _MODELS_BESIDE_EACH_OTHER]))
    with_effects = [name for name in names if answer.credited[name].removal_effects is not None]
    if with_effects:
        console.print(_table(answer, "removal_effects", with_effects[:1], "removal effect"))
    return text.getvalue()


def _table(answer: Answer, measure: str, models: Sequence[str], title: str = "") -> Table:
    table = Table("channel", title=title or measure, title_justify="left", show_footer=not title)
    columns = {name: answer.measures(answer.credited[name])[measure] for name in models}
    digits = 4 if title else 2
    table.columns[0].footer = "all"
    for name, figures in columns.items():
        header = title or name
        table.add_column(header, f"{figures.sum():,.{digits}f}", justify="right")
    for index in answer.ranked():
        table.add_row(answer.channels[index], *(f"{figures[index]:,.{digits}f}" for figures in columns.values()))
    return table


def as_html(answer: Answer) -> str:
    """One page that needs nothing but itself."""
    return _PAGES.get_template("page.html").render(answer=answer, order=answer.ranked())


WRITERS = {"table": as_table, "json": as_json, "csv": as_csv, "html": as_html}
"""By the name of the format."""
