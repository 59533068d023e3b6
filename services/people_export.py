"""`throughline people export`: all that the services hold of somebody, collected over HTTP into one file."""

import json
import os
from contextlib import closing
from pathlib import Path
from typing import Annotated, Any, get_args

import httpx
import typer
from rich.console import Console

from services.calling import Caller, give_up, token_of
from services.deployment import ServiceName, Settings
from services.people_command import Who, one

_err = Console(stderr=True)
_ONLY_OURS = 0o600
"""The file is as personal as what is in it."""


def export(
    who: Who,
    file: Annotated[Path, typer.Argument(help="Where it goes; a file that is there is not overwritten.")],
) -> None:
    """Collect all that is held of somebody into one JSON file: a part for each service."""
    settings = Settings()
    bearer = token_of(settings.data)
    if bearer is None:
        give_up("there are no credentials: set THROUGHLINE_ADMIN_TOKEN, or THROUGHLINE_DATA")
    person_id = one(Caller("ingest", settings), who)["id"]
    headers = {"Authorization": f"Bearer {bearer}"}
    try:
        with httpx.Client(timeout=60, trust_env=False, headers=headers) as client:
            _collect(client, settings, person_id, file)
    except httpx.HTTPStatusError as error:
        give_up(f"{error.request.url.host}:{error.request.url.port} answered {error.response.status_code}")
    except httpx.HTTPError as error:
        give_up(f"{error.request.url.host}:{error.request.url.port} does not answer ({type(error).__name__})")
    except FileExistsError:
        give_up(f"{file} is there already")
    _err.print(f"all that is held is in {file}")


def _collect(client: httpx.Client, settings: Settings, person_id: str, file: Path) -> None:
    """Write the parts as they come; a file that is not whole does not stay."""
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _ONLY_OURS)
    try:
        with closing(os.fdopen(descriptor, "wb")) as out:
            for number, name in enumerate(get_args(ServiceName)):
                _err.print(f"asking {name}")
                out.write((",\n" if number else "{\n").encode() + json.dumps(name).encode() + b": ")
                with client.stream("GET", f"{_url(settings, name)}/v1/people/{person_id}/export") as answer:
                    answer.raise_for_status()
                    for piece in answer.iter_bytes():
                        out.write(piece)
            out.write(b"\n}\n")
    except BaseException:
        file.unlink()
        raise


def _url(settings: Settings, service: Any) -> str:
    return f"http://{settings.bind}:{settings.port(service)}"
