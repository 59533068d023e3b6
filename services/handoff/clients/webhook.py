"""The webhook client: one POST to an address that was checked, with limits on everything.

Promises: a name is resolved once a dial, every answer is checked, and a checked address is what is dialled;
redirects are not followed, no proxy or netrc is read; trouble on the network is an Outcome, never an
exception. Leaves out signing, retries (delivery.py) and how many deliveries one endpoint may hold at a time.
"""

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence

import httpcore

from services.handoff.clients.address import Network, Target, check, permitted
from services.handoff.clients.names import Names
from services.handoff.domain.delivery import MAX_BODY_BYTES, Failure, Outcome
from shared.kernel.errors import Reject

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""All addresses of a name, as texts; raises OSError where there is none."""

CONNECT_SECONDS = 5.0
TOTAL_SECONDS = 15.0
_MAX_CONNECTIONS = 200
_KEEPALIVE_SECONDS = 4.0
"""Shorter than the 5 s after which uvicorn and Node hang up: no request into a connection that is just closing."""


class _Blocked(Exception):
    """A name led to an address we do not dial."""


class _Unresolved(Exception):
    """A name led nowhere."""


class _CheckedDialler(httpcore.AsyncNetworkBackend):
    """Dials checked addresses. TLS and the Host header still see the name: only the TCP connection is pinned."""

    def __init__(self, allowed: tuple[Network, ...], resolver: Resolve, *, inside_only: bool) -> None:
        self._allowed = allowed
        self._resolve = resolver
        self._inside_only = inside_only
        self._tcp = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        try:
            async with asyncio.timeout(timeout):
                addresses = await _checked_addresses(host, port, self._allowed, self._resolve, self._inside_only)
                return await self._dial(addresses, port)
        except TimeoutError:
            raise httpcore.ConnectTimeout from None

    async def _dial(self, addresses: Sequence[str], port: int) -> httpcore.AsyncNetworkStream:
        for address in addresses:
            try:
                return await self._tcp.connect_tcp(address, port)
            except httpcore.ConnectError:
                continue
        # Once more at once: what refused a moment ago is often a receiver that is just being restarted.
        return await self._tcp.connect_tcp(addresses[0], port)


async def _checked_addresses(
    host: str, port: int, allowed: tuple[Network, ...], resolver: Resolve, inside_only: bool
) -> Sequence[str]:
    """Where a host is, if we may dial every answer; raises _Blocked or _Unresolved."""
    try:
        addresses = await resolver(host, port)
    except OSError:
        raise _Unresolved from None
    if not addresses:
        raise _Unresolved
    if not all(permitted(address, allowed, inside_only=inside_only) for address in addresses):
        raise _Blocked
    return addresses


class WebhookClient:
    """Sends webhooks. One a process: it holds the connections. Close it when done."""

    def __init__(
        self,
        allowed_networks: Iterable[Network] = (),
        *,
        resolver: Resolve | None = None,
        tls: ssl.SSLContext | None = None,
        connect_seconds: float = CONNECT_SECONDS,
        total_seconds: float = TOTAL_SECONDS,
    ) -> None:
        self._allowed = tuple(allowed_networks)
        self._resolve = Names().resolve if resolver is None else resolver
        self._connect_seconds = connect_seconds
        self._total_seconds = total_seconds
        # Two pools: a connection that was made where anything public goes is never reused for plain http.
        self._anywhere = self._pool(tls, inside_only=False)
        self._inside = self._pool(tls, inside_only=True)

    def _pool(self, tls: ssl.SSLContext | None, *, inside_only: bool) -> httpcore.AsyncConnectionPool:
        return httpcore.AsyncConnectionPool(
            ssl_context=tls,
            max_connections=_MAX_CONNECTIONS,
            keepalive_expiry=_KEEPALIVE_SECONDS,
            network_backend=_CheckedDialler(self._allowed, self._resolve, inside_only=inside_only),
        )

    async def check(self, url: str) -> None:
        """Raises Reject `address_not_allowed` where the URL is none we would dial now.

        A name that cannot be resolved at the moment is taken where it would be with no network allowed: nothing says
        that it leads into one. Every dial asks again."""
        target = check(url, self._allowed)
        try:
            async with asyncio.timeout(self._connect_seconds):
                await _checked_addresses(target.host, target.port, self._allowed, self._resolve, target.inside_only)
        except _Blocked:
            raise Reject("address_not_allowed", "the address is not allowed: a public https URL is", "url") from None
        except (_Unresolved, TimeoutError):
            check(url, ())

    async def send(self, url: str, headers: Mapping[str, str], body: bytes) -> Outcome:
        """What the receiver said, within 15 s. What its status line said holds, whatever happens to the rest."""
        clock = asyncio.get_running_loop().time
        started = clock()
        answer = _Answer()
        failure: Failure | None = None
        try:
            target = check(url, self._allowed)
            async with asyncio.timeout(self._total_seconds):
                await self._post(target, headers, body, answer)
        except (Reject, _Blocked):
            failure = "blocked"
        except _Unresolved:
            failure = "dns"
        except (TimeoutError, httpcore.TimeoutException):
            failure = "timeout"
        except httpcore.ConnectError as error:
            failure = "tls" if _is_tls(error) else "connect"
        except (httpcore.NetworkError, httpcore.ProtocolError, OSError):
            failure = "broken"
        milliseconds = round((clock() - started) * 1_000)
        if answer.status is not None:
            failure = None
        return Outcome(answer.status, failure, answer.retry_after, milliseconds, bytes(answer.body[:MAX_BODY_BYTES]))

    async def _post(self, target: Target, headers: Mapping[str, str], body: bytes, answer: "_Answer") -> None:
        pool = self._inside if target.inside_only else self._anywhere
        url = httpcore.URL(
            scheme=target.scheme.encode(), host=target.host.encode(), port=target.port, target=target.path.encode()
        )
        async with pool.stream(
            "POST",
            url,
            headers=[("Host", target.authority), *headers.items()],
            content=body,
            extensions={"timeout": {"connect": self._connect_seconds}},
        ) as response:
            answer.status = response.status
            answer.retry_after = _header(response, b"retry-after")
            async for chunk in response.aiter_stream():
                answer.body += chunk
                if len(answer.body) >= MAX_BODY_BYTES:
                    break

    async def aclose(self) -> None:
        """Closes every connection."""
        await self._anywhere.aclose()
        await self._inside.aclose()


class _Answer:
    """What has been heard so far; it is kept when the rest never comes."""

    def __init__(self) -> None:
        self.status: int | None = None
        self.retry_after: str | None = None
        self.body = bytearray()


def _header(response: httpcore.Response, name: bytes) -> str | None:
    for key, value in response.headers:
        if key.lower() == name:
            return value.decode("latin-1")
    return None


def _is_tls(error: BaseException) -> bool:
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, ssl.SSLError):
        cause = cause.__cause__ or cause.__context__
    return cause is not None
