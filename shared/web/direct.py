"""A way past ASGI for requests that come in one piece, head and body: tracking calls do.

Promises: uvicorn's protocol in all else. What comes in several pieces, before the answer to the request ahead of it,
with a question first (`Expect`), or to a path that nobody answers directly, goes the ASGI way.
"""

import asyncio
from collections.abc import Callable, Collection, Iterator
from typing import Protocol

from msgspec import Struct
from uvicorn import Config
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

from shared.web.connection import Connection, Shared
from shared.web.problems import fault

Headers = list[tuple[bytes, bytes]]
_CLOSE = (b"connection", b"close")


class Whole(Struct, frozen=True, gc=False):
    """A POST as it came. Headers by name in lower case; of two with one name the last."""

    path: str
    query: bytes
    headers: dict[bytes, bytes]
    body: bytes


class Answer(Struct, frozen=True, gc=False):
    """What is answered; the headers say the length of the body too."""

    status: int
    headers: Headers
    body: bytes


Respond = Callable[[Answer], None]
"""Is called with an answer, on the event loop."""


class Direct(Protocol):
    """Who answers POST requests to some paths by themselves."""

    @property
    def paths(self) -> Collection[str]:
        """The paths, as they stand in a request."""
        ...

    def answer(self, request: Whole, respond: Respond) -> Iterator[None]:
        """Steps to the answer to a request to one of `paths`; `respond` is called with it once, in one of them or
        later. Where something is raised instead, the request has failed."""
        ...


def answering(direct: Direct) -> type[Connection]:
    """The protocol for a server whose app leaves some of its paths, which are doors, to `direct`."""

    names = {path.encode(): path for path in direct.paths}
    stepping, writing = _Together(_DirectProtocol.step), _Together(_DirectProtocol.write)

    class _Bound(_DirectProtocol):
        _direct = direct
        _names = names
        _stepping = stepping
        _writing = writing

    return _Bound


class _Together:
    """Connections for which the same is due in this turn of the event loop. It is done for one after another: code that
    does one thing many times stays at hand for the processor, and where reading, understanding and writing take turns
    it does not. `do` answers whether it is to be done again, after all of them."""

    def __init__(self, do: "Callable[[_DirectProtocol], bool]") -> None:
        self._do = do
        self._waiting: list[_DirectProtocol] = []

    def add(self, connection: "_DirectProtocol") -> None:
        """Do it for a connection as well."""
        if not self._waiting:
            connection.loop.call_soon(self._do_all)
        self._waiting.append(connection)

    def _do_all(self) -> None:
        waiting, self._waiting = self._waiting, []
        while waiting:
            again: list[_DirectProtocol] = []
            for place, connection in enumerate(waiting, 1):
                try:
                    if self._do(connection):
                        again.append(connection)
                except Exception:
                    # It goes its way, to the event loop, which logs it; the others go on.
                    for other in [*waiting[place:], *again]:
                        self.add(other)
                    raise
            waiting = again


class _Exchange(RequestResponseCycle):
    """No more than what uvicorn's protocol asks of a request under way: nothing is received or sent through it.

    One does for all direct requests of a connection, which come one after another."""

    message_event = asyncio.Event()  # nobody waits for it

    def __init__(self, *, keep_alive: bool) -> None:
        self.response_complete = True
        self.disconnected = False
        self.keep_alive = keep_alive
        self.more_body = False


class _DirectProtocol(Connection):
    doors = True
    _direct: Direct
    _names: dict[bytes, str]
    _stepping: _Together
    _writing: _Together
    _steps: Iterator[None]
    """To the answer that is owed: there is one at a time."""
    _answer: Answer

    def __init__(
        self,
        config: Config,
        server_state: Shared,
        app_state: dict[str, object],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._exchange = _Exchange(keep_alive=not server_state.stopping)
        self._head: dict[bytes, bytes] = {}
        self._pieces: list[bytes] | None = None
        """Of the body of a request that may yet be answered directly."""

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._pieces is None:
            return
        # The rest is still on its way, and who waits for it there has a deadline and a bound.
        pieces, self._pieces = self._pieces, None
        if not self.transport.is_closing():
            self._begin_asgi()
            for piece in pieces:
                super().on_body(piece)

    def say_goodbye(self) -> None:
        super().say_goodbye()
        self._exchange.keep_alive = False

    def on_message_begin(self) -> None:
        # What only an ASGI app needs is made when there is one to need it.
        self.url = b""
        self.headers = []
        self._begin_head()

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        self._head = dict(self.headers)
        if self._can_be_direct():
            self._end_head()
            self._pieces = []
        else:
            self._begin_asgi()

    def on_body(self, body: bytes) -> None:
        if self._pieces is None:
            super().on_body(body)
        else:
            self._pieces.append(body)

    def on_message_complete(self) -> None:
        if self._pieces is None:
            super().on_message_complete()
            return
        path, _, query = self.url.partition(b"?")
        pieces, self._pieces = self._pieces, None
        self.cycle = self._exchange
        self._exchange.response_complete = False
        request = Whole(self._names[path], query, self._head, b"".join(pieces))
        self._steps = self._direct.answer(request, self._respond)
        self.server_state.owed.add(self)
        self._stepping.add(self)

    def step(self) -> bool:
        """Take a step to the answer that is owed; answers whether there may be another. What is raised was answered."""
        try:
            return next(self._steps, self) is None
        except Exception:
            self._fail()
            raise

    def write(self) -> bool:
        """Write the answer that is owed; answers that it is written."""
        if self.transport.is_closing():
            return False
        exchange = self._exchange
        answer = self._answer
        said = _CLOSE in answer.headers
        closing = said or not exchange.keep_alive
        more = self.server_state.default_headers
        try:
            written = _written(answer, more if said or not closing else [*more, _CLOSE])
        except RuntimeError:
            self._fail()
            raise
        self.transport.write(written)
        exchange.response_complete = True
        if closing:
            self.transport.close()
        self.on_response_complete()
        return False

    def _respond(self, answer: Answer) -> None:
        self.server_state.owed.discard(self)
        self._answer = answer
        self._writing.add(self)

    def _fail(self) -> None:
        """One request has failed, and not the server."""
        self.server_state.owed.discard(self)
        if not self.transport.is_closing():
            self._refuse(fault())

    def _can_be_direct(self) -> bool:
        parser = self.parser
        return (
            self.url.partition(b"?")[0] in self._names
            and parser.get_method() == b"POST"
            and parser.get_http_version() == "1.1"
            and parser.should_keep_alive()
            and not parser.should_upgrade()
            and b"expect" not in self._head
            and (self.cycle is None or self.cycle.response_complete)
            and not self.pipeline
            and not self.flow.write_paused
            and not self._is_full()
        )

    def _begin_asgi(self) -> None:
        url, headers = self.url, self.headers
        super().on_message_begin()
        self.url = url
        for name, value in headers:
            super().on_header(name, value)
        super().on_headers_complete()


def _written(answer: Answer, more: Headers) -> bytes:
    """The bytes of an answer; raises RuntimeError where a header would end its line and begin another."""
    headers = more + answer.headers
    head = b"\r\n".join([b": ".join(header) for header in headers])
    if head.count(b"\n") != len(headers) - 1 or head.count(b"\r") != len(headers) - 1:
        raise RuntimeError("a header holds a line break")
    return b"".join((STATUS_LINE[answer.status], head, b"\r\n\r\n", answer.body))
