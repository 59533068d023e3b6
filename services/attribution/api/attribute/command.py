"""`throughline attribute PATHS.csv`: reads journeys, asks the models, writes the result.

Only the result goes to standard output; progress and notes go to standard error.
"""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from time import perf_counter
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from services.attribution.api.attribute.answer import WRITERS, Answer
from services.attribution.api.attribute.columns import BadFile, Columns
from services.attribution.api.attribute.reading import read_columns, read_paths, read_touches
from services.attribution.domain.paths.study import NAMES, Study

_ALL = "all"
_BAD_INPUT = 2
EXAMPLE = """Example, a file of paths with how many journeys each won and lost:

\b
    path,conversions,value,null
    Organic > Email > Direct,3,4200,17
    Facebook > Email,1,900,40

\b
    throughline attribute paths.csv
    throughline attribute paths.csv --models markov,shapley --order 2 --format json > credit.json
    throughline attribute touches.csv --touches --format html --output credit.html
"""


class Format(StrEnum):
    """How the result is written."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"
    HTML = "html"


@dataclass(frozen=True, slots=True)
class _Asked:
    """What the command line said."""

    path: Path
    models: tuple[str, ...]
    """None: all."""
    order: int
    touches: bool
    delimiter: str | None


def attribute(
    paths: Annotated[Path, typer.Argument(help="CSV with columns path, conversions, value, null; or touches.")],
    form: Annotated[Format, typer.Option("--format", help="How the result is written.")] = Format.TABLE,
    models: Annotated[str, typer.Option(help=f"all, or some with commas: {', '.join(NAMES)}.")] = _ALL,
    order: Annotated[int, typer.Option(min=1, max=4, help="Touches that a state of the Markov chain holds.")] = 1,
    touches: Annotated[
        bool, typer.Option("--touches", help="Rows are touches: person, channel, occurred_at, conversion, value.")
    ] = False,
    output: Annotated[Path | None, typer.Option(help="A file for the result; none: standard output.")] = None,
    delimiter: Annotated[str | None, typer.Option(help="Between columns; none: told by the first line.")] = None,
) -> None:
    """Share the credit of journeys in a file over their channels, by every model or by some."""
    err = Console(stderr=True, highlight=False, soft_wrap=True)
    try:
        asked = _Asked(paths, _named(models), order, touches, _plain(delimiter))
        text = WRITERS[form](_answer(asked, err))
        if output is None:
            sys.stdout.write(text)
        else:
            output.write_text(text, encoding="utf-8")
    except (BadFile, OSError) as wrong:
        err.print(f"throughline attribute: {escape(str(wrong))}")
        raise typer.Exit(_BAD_INPUT) from None


def _named(models: str) -> tuple[str, ...]:
    """The models that a text names, each once; none where it asks for all. Raises BadFile where one is unknown."""
    names = tuple(dict.fromkeys(name.strip() for name in models.split(",") if name.strip()))
    if names == (_ALL,):
        return ()
    unknown = [name for name in names if name not in NAMES]
    if unknown or not names:
        raise BadFile(f"there is no model {', '.join(unknown) or models!r}; there are {', '.join(NAMES)}")
    return names


def _plain(delimiter: str | None) -> str | None:
    """A delimiter as it was typed, a tab also as \\t; raises BadFile where it is not one plain character."""
    read = "\t" if delimiter == "\\t" else delimiter
    if read is not None and (len(read) != 1 or not read.isascii() or read in '">\r\n\0'):
        raise BadFile("a delimiter is one plain character")
    return read


def _answer(asked: _Asked, err: Console) -> Answer:
    """Read, ask, and say on the way what is worth saying."""
    seconds: dict[str, float] = {}
    with _progress(err) as progress:
        with _timed(seconds, "read"):
            study, valued = _read(asked, progress, err)
        names = asked.models or NAMES
        left_out = {name: why for name in names if (why := study.left_out(name)) is not None}
        credited = {}
        working = progress.add_task("credit", total=len(names) - len(left_out))
        for name in names:
            if name not in left_out:
                progress.update(working, description=name)
                with _timed(seconds, name):
                    credited[name] = study.credited(name)
                progress.advance(working)
    if not credited:
        raise BadFile(f"none of these models can be asked of this file: {_listed(left_out)}")
    warnings = list(dict.fromkeys(warning for name in credited for warning in study.warnings(name)))
    for note in [*warnings, *([f"left out: {_listed(left_out)}"] if left_out else [])]:
        err.print(f"note: {escape(note)}")
    return Answer(
        title=asked.path.name,
        channels=study.paths.names,
        credited=credited,
        won=study.paths.won,
        lost=float(study.paths.lost.sum()),
        value=float(study.paths.values.sum()) if valued else None,
        left_out=left_out,
        warnings=warnings,
        seconds=seconds,
    )


def _read(asked: _Asked, progress: Progress, err: Console) -> tuple[Study, bool]:
    """What is in the file, and whether it has values."""
    reading = progress.add_task("reading", total=asked.path.stat().st_size)
    with asked.path.open("rb") as stream:
        columns = read_columns(stream, asked.delimiter, touches=asked.touches)
        err.print(f"note: {escape(_understood(columns))}")

        def advance(count: int) -> None:
            progress.advance(reading, count)

        if asked.touches:
            timed = read_touches(stream, columns, advance)
            study = Study(timed.paths, asked.order, timed)
        else:
            study = Study(read_paths(stream, columns, advance), asked.order)
    if not len(study.paths):
        raise BadFile(f"{asked.path.name} has no rows below its first line")
    return study, "value" in columns.at


def _understood(columns: Columns) -> str:
    """What was made of the first line."""
    taken = ", ".join(f"{role} from {columns.named(role)!r}" for role in columns.at)
    lost = "" if columns.touches or "null" in columns.at else "; a row that won nothing is a lost journey"
    return f"columns of {columns.layout}: {taken}{lost}"


def _listed(left_out: Mapping[str, str]) -> str:
    """Models by what they need."""
    by_need: dict[str, list[str]] = {}
    for name, why in left_out.items():
        by_need.setdefault(why, []).append(name)
    return "; ".join(f"{', '.join(names)} ({why})" for why, names in by_need.items())


def _progress(err: Console) -> Progress:
    """Bars on standard error, and nothing where nobody looks at it."""
    bars = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    return Progress(*bars, console=err, transient=True, disable=not err.is_terminal)


@contextmanager
def _timed(seconds: dict[str, float], name: str) -> Iterator[None]:
    started = perf_counter()
    yield
    seconds[name] = round(perf_counter() - started, 6)
