"""What a door says back: small JSON, problems as RFC 9457, and the headers a browser must see.

Nothing of what was sent is ever repeated.
"""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any, NamedTuple

from msgspec import json

from services.ingest.api.refusals import Refusal
from services.ingest.api.requests import Request, Send
from shared.kernel.errors import Reject, TryLater
from shared.web.direct import Answer, Headers
from shared.web.problems import fault

METHODS = b"POST, OPTIONS"
_ACROSS_ORIGINS = b"POST, OPTIONS, GET"
"""What a preflight lets pages send; a GET needs none, unless it carries a header of its own."""
_JSON = (b"content-type", b"application/json")
_PROBLEM = (b"content-type", b"application/problem+json")
_RETRY_SECONDS = b"1"
_PROBLEMS = 400
"""Statuses from here on are."""
_UNREAD = frozenset((408, 413, 415))
"""Answered while a body may still be on its way: the connection is not used again."""
SUCCESS = b'{"success":true}'
LATER = "try_later"
"""The code of what may be taken when it is sent again."""


def answer(request: Request, status: int, body: bytes, extra: Headers | None = None) -> Answer:
    """An answer; `extra` goes before the headers that every answer has."""
    kind = _JSON if status < _PROBLEMS else _PROBLEM
    headers = [kind, (b"content-length", b"%d" % len(body)), (b"x-request-id", request.id)]
    if extra:
        headers = extra + headers
    if request.origin is not None:
        headers += _cross_origin(request.origin)
    return Answer(status, headers, body)


def preflight(request: Request, allowed: bool) -> Answer:
    """The answer to a preflight: whatever headers are asked for may come, or nothing is said of origins at all."""
    headers: Headers = [(b"allow", METHODS), (b"x-request-id", request.id)]
    if allowed and request.origin is not None:
        headers += _cross_origin(request.origin)
        headers += ((b"access-control-allow-methods", _ACROSS_ORIGINS), (b"access-control-max-age", b"3600"))
        # A fixed list would stop every retry: clients add headers to those only.
        asked = request.headers.get(b"access-control-request-headers")
        if asked:
            headers.append((b"access-control-allow-headers", asked))
    return Answer(204, headers, b"")


def refused(request: Request, reason: Reject | TryLater) -> Answer:
    """The answer to a request that was not taken: a problem."""
    refusal = _refusal(reason)
    extra: Headers = []
    if refusal.status in _UNREAD:
        extra.append((b"connection", b"close"))
    if refusal.status == HTTPStatus.METHOD_NOT_ALLOWED:
        extra.append((b"allow", METHODS))
    if refusal.status == HTTPStatus.SERVICE_UNAVAILABLE:
        extra.append((b"retry-after", _RETRY_SECONDS))
    if refusal.code == "origin_not_allowed":
        request.origin = None  # a page that may not post may not read the answer either
    errors = [{"path": refusal.path, "message": refusal.message}]
    body = problem(refusal.status, refusal.code, refusal.message, errors)
    return answer(request, refusal.status, body, extra)


def failed(request: Request) -> Answer:
    """The answer where something of ours is broken; what is left of the request is not read."""
    return answer(request, 500, fault().body(door=True), [(b"connection", b"close")])


def _refusal(reason: Reject | TryLater) -> Refusal:
    if isinstance(reason, Refusal):
        return reason
    if isinstance(reason, Reject):
        return Refusal(400, reason.code, reason.message, reason.path)
    return Refusal(503, LATER, "the events could not be stored now; send them again")


async def send(send_message: Send, said: Answer) -> None:
    """Send an answer as ASGI has it."""
    await send_message({"type": "http.response.start", "status": said.status, "headers": said.headers})
    await send_message({"type": "http.response.body", "body": said.body})


def problem(status: int, code: str, detail: str, errors: Sequence[dict[str, str]], **more: Any) -> bytes:
    """A problem document (RFC 9457), with `success` and our `code` in it."""
    return json.encode(
        {
            "type": f"urn:throughline:problem:{code}",
            "title": HTTPStatus(status).phrase,
            "status": status,
            "detail": detail,
            "code": code,
            "success": False,
            "errors": errors,
            **more,
        }
    )


class Refused(NamedTuple):
    """An item that was refused, and its message id where that can be read."""

    place: int
    message_id: str | None
    reason: Reject


def taken(accepted: int, refused: Sequence[Refused], where: str) -> tuple[int, bytes]:
    """The status and the body for a list of items. `where` is the name of the list, empty for a single item."""
    rejected = [
        {"index": index, "message_id": message_id, "code": reason.code, "message": reason.message}
        for index, message_id, reason in refused
    ]
    if accepted or not refused:
        return 200, json.encode({"success": True, "accepted": accepted, "rejected": rejected})
    errors = [{"path": _path(where, index, reason.path), "message": reason.message} for index, _, reason in refused]
    first = refused[0][2]
    # One event too large is a request too large; clients know what to do with that status.
    status = 413 if not where and first.code == "event_too_large" else 400
    detail = first.message if len(refused) == 1 else "nothing in the request could be taken"
    return status, problem(status, first.code, detail, errors, accepted=0, rejected=rejected)


def _path(where: str, index: int, inner: str) -> str:
    outer = f"{where}[{index}]" if where else ""
    return f"{outer}.{inner}" if outer and inner else outer or inner


def _cross_origin(origin: bytes) -> Headers:
    return [
        (b"access-control-allow-origin", origin),
        (b"access-control-allow-credentials", b"true"),
        (b"access-control-expose-headers", b"Retry-After, X-Request-Id"),
        (b"vary", b"Origin"),
    ]
