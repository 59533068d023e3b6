"""The command line beside running services: it speaks HTTP to them, like everybody else."""

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from os import environ
from pathlib import Path
from typing import Annotated, Any, get_args

import httpx
import typer
from rich.console import Console

from services.deployment import ServiceName, Settings
from shared.web.credentials import FILE

app = typer.Typer(
    name="throughline",
    no_args_is_help=True,
    add_completion=False,
    help="Without a command: run services, all of them or those named: `throughline ingest scoring:worker`.",
)
_err = Console(stderr=True)
_POLL_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class _Round:
    """What all services said in one round of asking: whether all were caught up, and where the topics end."""

    caught_up: bool
    ends: dict[str, int]
    waiting_for: str


@app.command()
def wait(
    seconds: Annotated[float, typer.Option(help="Give up after this long.")] = 60.0,
    services: Annotated[list[str] | None, typer.Argument(help="Services to ask; none: all.")] = None,
) -> None:
    """Wait until everything is settled: two rounds over all services, all caught up, and no topic grew between."""
    settings = Settings()
    names: Sequence[Any] = services or get_args(ServiceName)
    urls = [f"http://{settings.bind}:{settings.port(name)}" for name in names]
    deadline = time.monotonic() + seconds
    before = _Round(caught_up=False, ends={}, waiting_for="the first answer")
    with httpx.Client(timeout=10, trust_env=False) as client, _err.status("waiting") as status:
        while time.monotonic() < deadline:
            now = _ask(client, urls, token(settings.data))
            if now.caught_up and before.caught_up and before.ends == now.ends:
                _err.print("settled")
                return
            status.update(f"waiting for {now.waiting_for}")
            before = now
            time.sleep(_POLL_SECONDS)
    _err.print(f"not settled after {seconds:g} s: {before.waiting_for}")
    raise typer.Exit(1)


def token(data: Path) -> str | None:
    """The admin token: the environment's, else the deployment's own, once its first start has written it."""
    given = environ.get("THROUGHLINE_ADMIN_TOKEN")
    path = data / FILE
    if given or not path.exists():
        return given
    return str(json.loads(path.read_text())["admin_token"])


def _ask(client: httpx.Client, urls: Sequence[str], token: str | None) -> _Round:
    if token is None:
        return _Round(False, {}, "the credentials: set THROUGHLINE_ADMIN_TOKEN, or THROUGHLINE_DATA")
    behind: list[str] = []
    ends: dict[str, int] = {}
    for url in urls:
        try:
            answer = client.get(f"{url}/v1/lag", headers={"Authorization": f"Bearer {token}"}).raise_for_status().json()
        except httpx.HTTPError as error:
            behind.append(f"{url} ({type(error).__name__})")
            continue
        if not answer["caught_up"]:
            behind.append(url)
        ends |= {f"{row['topic']}/{row['partition']}": row["end"] for row in answer["topics"]}
    return _Round(not behind, ends, ", ".join(behind) or "a second round")
