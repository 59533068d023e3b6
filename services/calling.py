"""How the command line speaks to a running service: over HTTP with the deployment's own token, as anybody would.

What goes wrong is said in one sentence on stderr, and ends the command with exit code 1.
"""

import json
from collections.abc import Mapping
from os import environ
from pathlib import Path
from typing import Any, NoReturn

import httpx
import typer
from rich.console import Console

from services.deployment import ServiceName, Settings
from shared.web.credentials import FILE

_SECONDS = 30.0
_err = Console(stderr=True)


def token_of(data: Path) -> str | None:
    """The admin token: the environment's, else the deployment's own, once its first start has written it."""
    given = environ.get("THROUGHLINE_ADMIN_TOKEN")
    path = data / FILE
    if given or not path.exists():
        return given
    return str(json.loads(path.read_text())["admin_token"])


def give_up(message: str) -> NoReturn:
    """Say what went wrong, and end."""
    _err.print(message, highlight=False, markup=False)
    raise typer.Exit(1)


class Caller:
    """Calls one service of this deployment."""

    def __init__(self, service: ServiceName, settings: Settings | None = None) -> None:
        settings = settings or Settings()
        token = token_of(settings.data)
        if token is None:
            give_up("no credentials: set THROUGHLINE_ADMIN_TOKEN, or THROUGHLINE_DATA to the folder of the deployment")
        self._service = service
        self._url = f"http://{settings.bind}:{settings.port(service)}"
        self._headers = {"Authorization": f"Bearer {token}"}

    def get(self, path: str, **query: str) -> Any:
        """The JSON of an answer; None where there is no such thing."""
        answer = self._ask("GET", path, params=query)
        return None if answer.status_code == httpx.codes.NOT_FOUND else self._content(answer)

    def post(self, path: str, body: Mapping[str, Any]) -> Any:
        """The JSON of an act's answer."""
        return self._content(self._ask("POST", path, json=dict(body)))

    def delete(self, path: str) -> Any:
        """The JSON of the answer to a deletion."""
        return self._content(self._ask("DELETE", path))

    def _ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        try:
            with httpx.Client(base_url=self._url, headers=self._headers, timeout=_SECONDS, trust_env=False) as client:
                return client.request(method, path, **more)
        except httpx.HTTPError as error:
            give_up(f"{self._service} does not answer at {self._url}: {type(error).__name__}")

    @staticmethod
    def _content(answer: httpx.Response) -> Any:
        if answer.is_success:
            return answer.json()
        problem = answer.json() if "json" in answer.headers.get("content-type", "") else {}
        give_up(f"{problem.get('title', answer.reason_phrase)}: {problem.get('detail', 'no reason was given')}")
