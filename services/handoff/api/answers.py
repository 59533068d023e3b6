"""What opens where somebody follows a signed link: a page with one button, and what came of pressing it.

Promises: following the link does nothing by itself, for mail scanners follow links too; the page tells nothing of
the person, so that whoever a link leaks to learns nothing. Leaves out the login: the signature is one.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final
from urllib.parse import parse_qs

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader

from services.handoff.api.handoffs import DoOnce
from services.handoff.domain import answer_link
from services.handoff.domain.answer_link import Answer
from services.handoff.domain.lead import Accepted, Act, Rejected
from services.handoff.domain.reasons import RejectionOutcome, outcome_of
from shared.kernel.errors import Conflict, NotFound, Reject
from shared.kernel.instant import Instant
from shared.web import idempotency

_PAGES: Final = Environment(loader=FileSystemLoader(Path(__file__).parent), autoescape=True, trim_blocks=True)
_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex",
}
_LONGEST_NOTE: Final = 2_000
_NOT_VALID: Final = "This link is not valid, or no longer."
_DONE: Final[Mapping[Answer, str]] = {
    "accept": "The lead is accepted. It is yours to contact.",
    "reject": "The lead is rejected, and marketing is told why.",
}

_Until = Annotated[int, Query(ge=0, le=2**53)]
_Signature = Annotated[str, Query(max_length=128)]


@dataclass(frozen=True, slots=True)
class Desk:
    """Where links are checked and answered."""

    key: bytes
    now: Callable[[], Instant]
    do_once: DoOnce
    reasons: Mapping[str, RejectionOutcome]


def router(desk: Desk) -> APIRouter:
    """The routes under `/v1/answers`: open to all, for the signature says who may."""
    routes = APIRouter(prefix="/v1/answers", tags=["answers"], default_response_class=HTMLResponse)

    @routes.get("/{handoff_id}/{answer}")
    async def ask(handoff_id: str, answer: Answer, until: _Until, signature: _Signature) -> HTMLResponse:
        """The page that asks."""
        if not answer_link.holds(desk.key, handoff_id, answer, until, signature, desk.now()):
            return _said(_NOT_VALID, 403)
        return _page(200, answer=answer, reasons=sorted(desk.reasons))

    @routes.post("/{handoff_id}/{answer}")
    async def do(
        handoff_id: str, answer: Answer, until: _Until, signature: _Signature, request: Request
    ) -> HTMLResponse:
        """The answer itself; pressed twice it is one."""
        if not answer_link.holds(desk.key, handoff_id, answer, until, signature, desk.now()):
            return _said(_NOT_VALID, 403)
        body = await request.body()
        asked = idempotency.Act(f"link {signature}", idempotency.fingerprint("POST", request.url.path, body))
        try:
            await desk.do_once(handoff_id, _act(answer, body, desk.reasons), asked)
        except NotFound:
            return _said("This lead is gone.", 404)
        except Conflict:
            return _said("This lead has been answered already.", 409)
        except Reject as reason:
            return _said(f"That could not be done: {reason.message}.", 400)
        return _said(_DONE[answer], 200)

    return routes


def _act(answer: Answer, body: bytes, reasons: Mapping[str, RejectionOutcome]) -> Act:
    if answer == "accept":
        return Accepted()
    form = parse_qs(body.decode(errors="replace"))
    reason, note = (form.get(name, [""])[0] for name in ("reason", "note"))
    return Rejected(reason, outcome_of(reason, reasons), note[:_LONGEST_NOTE] or None)


def _said(text: str, status: int) -> HTMLResponse:
    return _page(status, said=text)


def _page(status: int, **told: object) -> HTMLResponse:
    return HTMLResponse(_PAGES.get_template("answers.html").render(told), status, _HEADERS)
