"""Errors as `application/problem+json` (RFC 9457): what went wrong and where, never what was sent.

On the doors a problem also carries `"success": false`, as senders of events expect. Whatever nobody raised
on purpose is a 500 that says nothing; the server logs it.
"""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final, NamedTuple

import msgspec
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from shared.kernel.errors import Conflict, Erased, NotFound, Reject, TryLater

CONTENT_TYPE: Final = "application/problem+json"
RETRY_AFTER_SECONDS: Final = 2
_TYPE_PREFIX: Final = "urn:throughline:problem:"
_PLAIN_KEY: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}")
_PLACES: Final = frozenset(("body", "query", "path", "header", "cookie"))
_SHORT: Final = 3
"""A value this short is found in any sentence by chance, and gives nothing away."""
_MAX_ERRORS: Final = 100


class FieldError(NamedTuple):
    """What is wrong with one field: `path` as in `batch[3].timestamp`."""

    path: str
    message: str


class Problem(Exception):
    """An error of the HTTP side: a status, a stable `code`, a sentence for people, and the fields it is about."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        errors: Sequence[FieldError] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.errors = tuple(errors)
        self.headers = dict(headers or {})

    def body(self, *, door: bool = False) -> bytes:
        """The JSON text of it; with `door`, `"success": false` in it."""
        told: dict[str, object] = {"success": False} if door else {}
        told |= {
            "type": _TYPE_PREFIX + self.code,
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": self.detail,
            "code": self.code,
            "errors": [each._asdict() for each in self.errors],
        }
        return msgspec.json.encode(told)


def of(error: Exception) -> Problem:
    """The problem an error of ours is answered with; anything unknown is a 500."""
    match error:
        case Problem():
            return error
        case Reject():
            places = [FieldError(error.path, error.message)] if error.path else []
            return Problem(422, error.code, error.message, places)
        case NotFound():
            return Problem(404, "not_found", "there is no such thing")
        case Erased():
            return Problem(410, "erased", f"this person was erased: ingest, /v1/erasures/{error.erasure_id}")
        case Conflict():
            return Problem(409, "conflict", str(error) or "the state does not allow this")
        case TryLater():
            return Problem(503, "try_later", "not possible now; try again", headers=_retry_after())
        case RequestValidationError():
            return _invalid(error.errors())
        case HTTPException():
            return _of_status(error)
        case _:
            return fault()


def fault() -> Problem:
    """What is said where something of ours is broken: that it is, and nothing else."""
    return Problem(500, "internal", "something went wrong here")


def install(app: FastAPI, doors: Collection[str] = ()) -> None:
    """Have an app answer every error as a problem; paths in `doors` with `"success": false`."""

    def answer(request: Request, error: Exception) -> Response:
        problem = of(error)
        body = problem.body(door=request.url.path in doors)
        return Response(body, problem.status, problem.headers, media_type=CONTENT_TYPE)

    def answer_unforeseen(request: Request, error: Exception) -> Response:
        response = answer(request, error)
        # It is sent from outside all layers, so it has to name the request itself.
        response.headers["X-Request-Id"] = request.scope.get("state", {}).get("request_id", "")
        return response

    for kind in (Problem, Reject, NotFound, Erased, Conflict, TryLater, RequestValidationError, HTTPException):
        app.add_exception_handler(kind, answer)
    app.add_exception_handler(Exception, answer_unforeseen)


def field_path(parts: Iterable[str | int]) -> str:
    """Where a field is, as `batch[3].timestamp`; a name that looks like a value is left out (`*`)."""
    path = ""
    for part in parts:
        if isinstance(part, int):
            path += f"[{part}]"
        else:
            name = part if _PLAIN_KEY.fullmatch(part) else "*"
            path += f".{name}" if path else name
    return path


def field_errors(errors: Iterable[Mapping[str, Any]]) -> list[FieldError]:
    """The errors of a pydantic validation as they may be shown: what was sent is in none of them."""
    found = []
    for each, _ in zip(errors, range(_MAX_ERRORS), strict=False):
        place: Sequence[str | int] = each["loc"]
        parts = place[1:] if len(place) > 1 and place[0] in _PLACES else place
        message = str(each["msg"])
        if _quotes(message, each.get("input")) or each["type"] == "union_tag_invalid":
            message = "the value is not one that fits here"
        found.append(FieldError(field_path(parts), message))
    return found


def _quotes(message: str, content: object) -> bool:
    """Whether a message holds anything of what was sent."""
    if isinstance(content, Mapping):
        return any(_quotes(message, item) for pair in content.items() for item in pair)
    if isinstance(content, list | tuple | set):
        return any(_quotes(message, item) for item in content)
    told = str(content)
    return content is not None and len(told) > _SHORT and told in message


def _invalid(errors: Sequence[Mapping[str, Any]]) -> Problem:
    if any(each["type"] == "json_invalid" for each in errors):
        return Problem(400, "bad_json", "the body is not one JSON document")
    return Problem(422, "invalid", "what was sent does not fit", field_errors(errors))


def _of_status(error: HTTPException) -> Problem:
    """Details of the framework are not passed on: some quote the path."""
    status = HTTPStatus(error.status_code)
    return Problem(status.value, status.name.lower(), status.description or status.phrase, headers=error.headers)


def _retry_after() -> dict[str, str]:
    return {"Retry-After": str(RETRY_AFTER_SECONDS)}
