"""`throughline export`: a table of a running service as a file, with its progress on standard error.

The file appears under its name when it is whole, and not before.
"""

import json
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Final

import httpx
import typer
from rich.console import Console
from rich.progress import DownloadColumn, Progress, TextColumn, TimeElapsedColumn, TransferSpeedColumn

from services.calling import token_of
from services.deployment import ServiceName, Settings
from shared.web.problems import CONTENT_TYPE

_err = Console(stderr=True)
_PATIENCE_SECONDS: Final = 60.0
"""Between two pieces of a file, not for all of it."""


class Table(StrEnum):
    """What can be exported."""

    CREDITS = "credits"
    JOURNEYS = "journeys"
    DEALS = "deals"
    LEADS = "leads"


class Format(StrEnum):
    """As what."""

    CSV = "csv"
    PARQUET = "parquet"


_SERVICE: Final[Mapping[Table, ServiceName]] = MappingProxyType(
    {
        Table.CREDITS: "attribution",
        Table.JOURNEYS: "attribution",
        Table.DEALS: "attribution",
        Table.LEADS: "scoring",
    }
)


def export(
    table: Annotated[Table, typer.Argument(help="What to export.")],
    out: Annotated[Path, typer.Option(help="The file to write; one that is there is replaced.")],
    form: Annotated[Format, typer.Option("--format", help="As what.")] = Format.CSV,
    since: Annotated[str | None, typer.Option("--from", help="Closed at this time or later (RFC 3339).")] = None,
    until: Annotated[str | None, typer.Option("--to", help="Closed before this time.")] = None,
    model: Annotated[str | None, typer.Option(help="Of credits: one model; all of them.")] = None,
) -> None:
    """Write credits, journeys, deals or leads of running services to a file."""
    settings = Settings()
    url = f"http://{settings.bind}:{settings.port(_SERVICE[table])}/v1/exports/{table}.{form}"
    asked = {name: value for name, value in (("from", since), ("to", until), ("model", model)) if value is not None}
    headers = {"Authorization": f"Bearer {token_of(settings.data)}"}
    partial = out.with_name(f"{out.name}.part")
    try:
        with (
            httpx.Client(timeout=_PATIENCE_SECONDS, trust_env=False) as client,
            client.stream("GET", url, params=asked, headers=headers) as answer,
        ):
            _save(answer, partial, f"{table}.{form}")
    except (httpx.HTTPError, OSError) as error:
        partial.unlink(missing_ok=True)
        _err.print(f"not exported: {error or type(error).__name__}")
        raise typer.Exit(1) from None
    partial.replace(out)


def _save(answer: httpx.Response, path: Path, name: str) -> None:
    """Write an answer to a file as it comes; raises HTTPError where it is none, or ends too soon."""
    if not answer.is_success:
        said = answer.read()
        ours = answer.headers.get("content-type") == CONTENT_TYPE
        raise httpx.HTTPError(f"{answer.status_code} {json.loads(said)['detail'] if ours else answer.reason_phrase}")
    columns = (TextColumn("{task.description}"), DownloadColumn(), TransferSpeedColumn(), TimeElapsedColumn())
    with path.open("wb") as file, Progress(*columns, console=_err) as progress:
        task = progress.add_task(name, total=None)
        for piece in answer.iter_bytes():
            file.write(piece)
            progress.advance(task, len(piece))
