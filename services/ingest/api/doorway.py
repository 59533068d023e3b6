"""What all raw doors have in common: from the head of a request to its answer.

Promises: 2xx is said only after the log has everything, 503 where it may not; a request that is refused whole
leaves nothing behind. Leaves out: what is in a body.
"""

from collections.abc import Callable, Generator, Iterator, Sequence
from functools import partial
from itertools import count

from msgspec import Struct

from services.ingest.api import answers, requests
from services.ingest.api.answers import Refused
from services.ingest.api.door_keys import DoorKey, DoorKeys, Gate, carried
from services.ingest.api.refusals import Refusal
from services.ingest.api.requests import Gone, Receive, Request, Scope, Send
from services.ingest.api.tally import Tally
from services.ingest.domain.limits import Limits
from shared.kernel.errors import Reject, TryLater
from shared.log.ports import Outgoing, Sender
from shared.web.direct import Answer, Respond, Whole


class Taking(Struct, frozen=True, gc=False):
    """What a request comes to: what goes on the log, and what is answered once it is there."""

    records: list[Outgoing]
    status: int
    answer: bytes
    accepted: int
    refused: Sequence[Refused] = ()


def taking(records: list[Outgoing], accepted: int, refused: Sequence[Refused], where: str) -> Taking:
    """What a list of items comes to. `where` is the name of the list, empty for a single item."""
    return Taking(records, *answers.taken(accepted, refused, where), accepted, refused)


class Visit:
    """A request, and how it proves where it comes from."""

    __slots__ = ("_gate", "_known", "_secrets", "request")

    def __init__(self, request: Request, gate: Gate) -> None:
        self.request = request
        self._gate = gate
        self._secrets = carried(request)
        # A stranger is turned away before the body is read, unless the body may still say who it is.
        self._known = gate.admit(request, self._secrets) if self._secrets else None

    def admit(self, *in_body: object) -> DoorKey:
        """The key of the request, what its body carries included; raises Refusal."""
        said = [secret for secret in in_body if secret is not None]
        if said and self._secrets:
            repeated = (*self._secrets, *(secret.removesuffix(":") for secret in self._secrets))
            said = [secret for secret in said if secret not in repeated]
        if self._known is not None and not said:
            return self._known
        if not all(isinstance(secret, str) for secret in said):
            raise Refusal(401, "bad_credentials", "a key is a text")
        return self._gate.admit(self.request, (*self._secrets, *map(str, said)))


Take = Callable[[bytes, Visit], Taking]
"""What one path does with a body; raises Refusal, or Reject where it is a 400."""
Steps = Generator[None, None, Taking]
"""The same in steps: who has many to take does each for all of them before the next (`shared/web/direct.py`)."""


def at_once(steps: Steps) -> Taking:
    """What steps come to, taken one after another."""
    try:
        while True:
            next(steps)
    except StopIteration as end:
        taking: Taking = end.value
        return taking


class Doorway:
    """The way in. `now`: milliseconds since the epoch; `draw_id` gives an id never given before.

    `origins`: where preflights may come from (they carry no key); empty for anywhere but the opaque `null`.
    """

    def __init__(
        self,
        log: Sender,
        keys: DoorKeys,
        now: Callable[[], int],
        draw_id: Callable[[], str],
        limits: Limits,
        tally: Tally,
        origins: frozenset[str] = frozenset(),
    ) -> None:
        self.now = now
        self.draw_id = draw_id
        self.limits = limits
        self._log = log
        self._tally = tally
        self._gate = Gate(keys)
        self._origins = origins
        # One drawn id and a count name every request of this process, and cost less than an id each.
        self._process = draw_id().encode()
        self._requests = count(1)

    async def serve(self, scope: Scope, receive: Receive, send: Send, take: Take) -> None:
        """Answer one HTTP request."""
        request = Request.of_scope(scope, self._request_id)
        try:
            if request.method == "POST":
                visit = Visit(request, self._gate)
                taken = take(await requests.body(request, receive, self.limits), visit)
                await self._log.publish(taken.records)
                answer = self._taken(request, taken)
            else:
                answer = self._other_method(request)
        except (Reject, TryLater) as reason:
            answer = self._refused(request, reason)
        except Gone:
            return
        except Exception:
            await answers.send(send, answers.failed(request))
            raise
        await answers.send(send, answer)

    def answer(self, whole: Whole, take: Callable[[bytes, Visit], Steps], respond: Respond) -> Iterator[None]:
        """Steps to the answer to a POST that came whole; `respond` is called with it. What they raise is our fault."""
        request = Request("POST", whole.path, whole.query, whole.headers, self._request_id)
        try:
            visit = Visit(request, self._gate)
            taken = yield from take(requests.whole(request, whole.body, self.limits), visit)
            self._log.send(taken.records, partial(self._sent, request, taken, respond))
        except (Reject, TryLater) as reason:
            respond(self._refused(request, reason))

    def _sent(self, request: Request, taken: Taking, respond: Respond, failure: TryLater | None) -> None:
        respond(self._taken(request, taken) if failure is None else self._refused(request, failure))

    def _taken(self, request: Request, taken: Taking) -> Answer:
        self._tally.took(taken.accepted)
        if taken.refused:
            self._tally.refused([one.reason.code for one in taken.refused])
        return answers.answer(request, taken.status, taken.answer)

    def _refused(self, request: Request, reason: Reject | TryLater) -> Answer:
        self._tally.refused([reason.code if isinstance(reason, Reject) else answers.LATER])
        return answers.refused(request, reason)

    def _request_id(self) -> bytes:
        return b"%b-%x" % (self._process, next(self._requests))

    def _other_method(self, request: Request) -> Answer:
        if request.method != "OPTIONS":
            raise Refusal(405, "method_not_allowed", "this door takes POST")
        origin = (request.origin or b"").decode("latin-1")
        allowed = origin in self._origins if self._origins else origin != "null"
        return answers.preflight(request, allowed)
