"""The webhook client against receivers on real sockets: well-behaved ones that verify with the libraries our
customers use, and ones that are slow, rude, broken or not where they say they are."""

import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from standardwebhooks.webhooks import Webhook as StandardWebhook
from svix.webhooks import Webhook as SvixWebhook

from services.handoff.clients.address import networks
from services.handoff.clients.names import Names
from services.handoff.clients.webhook import WebhookClient
from services.handoff.domain.delivery import MAX_BODY_BYTES, Outcome
from shared.kernel.errors import Reject
from shared.kernel.signing import secret_of, sign

LOOPBACK = networks("127.0.0.0/8")
KEY, OLD_KEY, FOREIGN_KEY = bytes(range(24)), bytes(range(24, 72)), bytes(range(100, 132))
BODY = '{"type":"lead.qualified","data":{"name":"Ana Müller 🚀"}}'.encode()

Answer = Callable[[asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Received:
    """A request as a receiver got it."""

    line: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Receiver:
    """A receiver on a port of its own, and all it was sent."""

    port: int = 0
    connections: int = 0
    received: list[Received] = field(default_factory=list)

    def url(self, host: str = "127.0.0.1", scheme: str = "http") -> str:
        return f"{scheme}://{host}:{self.port}/hook?team=a"


@asynccontextmanager
async def receiver(answer: Answer, tls: ssl.SSLContext | None = None) -> AsyncIterator[Receiver]:
    """A receiver that reads a request, then does what `answer` does; whoever still hangs is hung up on at the end."""
    here, tasks = Receiver(), set[asyncio.Task[None]]()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:-2])}
        body = await reader.readexactly(int(headers["content-length"]))
        here.received.append(Received(head[0], headers, body))
        await answer(writer)

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        here.connections += 1
        task = asyncio.ensure_future(serve(reader, writer))
        tasks.add(task)
        await asyncio.wait([task])
        writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", 0, ssl=tls)
    here.port = server.sockets[0].getsockname()[1]
    try:
        yield here
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def says(raw: bytes) -> Answer:
    """A receiver that writes these bytes and hangs up."""

    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(raw)
        await writer.drain()

    return answer


def status(code: int, *headers: str, body: bytes = b"") -> Answer:
    """A receiver that answers properly."""
    head = [f"HTTP/1.1 {code} X", f"Content-Length: {len(body)}", *headers]
    return says("\r\n".join(head).encode() + b"\r\n\r\n" + body)


async def never(_writer: asyncio.StreamWriter) -> None:
    """A receiver that takes a message and says nothing."""
    await asyncio.Event().wait()


async def reset(writer: asyncio.StreamWriter) -> None:
    """A receiver that drops the connection."""
    writer.transport.abort()


@asynccontextmanager
async def client(
    resolve_to: Sequence[Sequence[str]] = (), total_seconds: float = 5.0, tls: ssl.SSLContext | None = None
) -> AsyncIterator[WebhookClient]:
    """A client that may dial the loopback; names resolve to each of the given answers in turn."""
    answers = iter(resolve_to)

    async def resolver(host: str, port: int) -> Sequence[str]:
        if host == "nowhere.test":
            raise OSError
        return next(answers, [host])

    sender = WebhookClient(LOOPBACK, resolver=resolver, tls=tls, total_seconds=total_seconds)
    try:
        yield sender
    finally:
        await sender.aclose()


async def sent(answer: Answer, total_seconds: float = 5.0) -> Outcome:
    """What comes of sending to a receiver that answers so."""
    async with receiver(answer) as crm, client(total_seconds=total_seconds) as sender:
        return await sender.send(crm.url(), {}, BODY)


def signed_headers(keys: Sequence[bytes]) -> dict[str, str]:
    """The headers of an attempt made now."""
    now = int(time.time())
    return {
        "Content-Type": "application/json",
        "webhook-id": "msg_1",
        "webhook-timestamp": str(now),
        "webhook-signature": sign(keys, "msg_1", now, BODY),
    }


@pytest.mark.parametrize(
    ("signing", "receiving"),
    [([KEY], KEY), ([FOREIGN_KEY], FOREIGN_KEY), ([KEY, OLD_KEY], KEY), ([KEY, OLD_KEY], OLD_KEY)],
)
async def test_what_we_send_verifies_with_the_libraries_receivers_use(signing: list[bytes], receiving: bytes) -> None:
    async with receiver(status(204)) as crm, client() as sender:
        outcome = await sender.send(crm.url(), signed_headers(signing), BODY)
    assert outcome.succeeded
    [request] = crm.received
    StandardWebhook(secret_of(receiving)).verify(request.body, request.headers)
    SvixWebhook(secret_of(receiving)).verify(request.body, request.headers)


@pytest.mark.parametrize("library", [StandardWebhook, SvixWebhook])
def test_the_libraries_refuse_another_key_and_another_body(
    library: type[StandardWebhook] | type[SvixWebhook],
) -> None:
    headers = signed_headers([KEY, OLD_KEY])
    with pytest.raises(Exception, match="No matching signature"):
        library(secret_of(FOREIGN_KEY)).verify(BODY, headers)
    with pytest.raises(Exception, match="No matching signature"):
        library(secret_of(KEY)).verify(BODY + b" ", headers)


async def test_the_request_is_what_was_given_with_the_host_it_was_meant_for() -> None:
    async with receiver(status(200)) as crm, client([["127.0.0.1"]]) as sender:
        await sender.send(crm.url("crm.test"), {"X-Extra": "1"}, BODY)
    [request] = crm.received
    assert request.line == "POST /hook?team=a HTTP/1.1"
    assert request.body == BODY
    assert request.headers == {"host": f"crm.test:{crm.port}", "x-extra": "1", "content-length": str(len(BODY))}


@pytest.mark.parametrize("code", [200, 204, 301, 307, 400, 410, 429, 500, 503])
async def test_a_status_is_told_as_it_is_and_a_redirect_is_not_followed(code: int) -> None:
    async with receiver(status(code, "Location: /elsewhere", "Retry-After: 7")) as crm, client() as sender:
        outcome = await sender.send(crm.url(), {}, BODY)
    assert (outcome.status, outcome.failure, outcome.retry_after) == (code, None, "7")
    assert len(crm.received) == 1


async def test_a_receiver_that_never_answers_is_a_timeout() -> None:
    outcome = await sent(never, total_seconds=0.2)
    assert (outcome.status, outcome.failure) == (None, "timeout")
    assert outcome.milliseconds >= 200


@pytest.mark.parametrize("answer", [reset, says(b""), says(b"HTTP/1.1 200"), says(b"SSH-2.0-OpenSSH_9\r\n\r\n")])
async def test_a_receiver_that_hangs_up_or_talks_nonsense_is_broken(answer: Answer) -> None:
    outcome = await sent(answer)
    assert (outcome.status, outcome.failure) == (None, "broken")


async def test_a_status_holds_when_half_of_the_body_is_missing() -> None:
    outcome = await sent(says(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"))
    assert (outcome.status, outcome.failure, outcome.body) == (200, None, b"half")


async def test_a_status_holds_when_the_body_never_ends() -> None:
    async def drips(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 500 X\r\nTransfer-Encoding: chunked\r\n\r\n4\r\ndrip\r\n")
        await never(writer)

    outcome = await sent(drips, total_seconds=0.3)
    assert (outcome.status, outcome.failure, outcome.body) == (500, None, b"drip")


async def test_of_a_huge_answer_only_the_beginning_is_read() -> None:
    outcome = await sent(status(200, body=b"x" * 5_000_000))
    assert (outcome.status, outcome.failure) == (200, None)
    assert outcome.body == b"x" * MAX_BODY_BYTES


async def test_an_answer_without_end_is_hung_up_on() -> None:
    async def endless(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while not writer.is_closing():
            writer.write(b"x" * 65_536)
            await writer.drain()

    async with asyncio.timeout(5):
        outcome = await sent(endless, total_seconds=60)
    assert (outcome.status, len(outcome.body)) == (200, MAX_BODY_BYTES)


async def test_nobody_at_the_port_is_no_connection() -> None:
    async with receiver(status(200)) as crm:
        gone = crm.url()
    async with client() as sender:
        assert (await sender.send(gone, {}, BODY)).failure == "connect"


async def test_a_name_that_does_not_resolve_is_told_as_that_and_may_be_registered_all_the_same() -> None:
    async with client() as sender:
        assert (await sender.send("https://nowhere.test/", {}, BODY)).failure == "dns"
        await sender.check("https://nowhere.test/")


@pytest.mark.parametrize(
    "url",
    [
        "http://nowhere.test/",
        "https://nowhere.test:22/",
        "http://kafka:9092/",
        "https://kafka/",
        "https://db.internal/",
    ],
)
@pytest.mark.parametrize("answers", [OSError(), []])
async def test_a_name_that_does_not_resolve_is_registered_only_as_a_public_one_would_be(
    url: str, answers: OSError | list[str]
) -> None:
    async def resolver(_host: str, _port: int) -> Sequence[str]:
        if isinstance(answers, OSError):
            raise answers
        return answers

    sender = WebhookClient(LOOPBACK, resolver=resolver)
    with pytest.raises(Reject) as caught:
        await sender.check(url)
    assert caught.value.code == "address_not_allowed"
    await sender.aclose()


@pytest.mark.parametrize(
    "url", ["http://crm.test/", "https://crm.test:22/", "http://crm:9092/", "https://db.internal/"]
)
async def test_a_name_that_leads_into_an_allowed_network_may_be_registered_whatever_it_looks_like(url: str) -> None:
    async with client([["127.0.0.1"]]) as sender:
        await sender.check(url)


@pytest.mark.parametrize("url", ["http://crm.test/", "https://crm.test:22/"])
async def test_a_public_name_may_be_registered_with_https_on_a_usual_port_alone(url: str) -> None:
    async with client([["93.184.216.34"]] * 2) as sender:
        with pytest.raises(Reject):
            await sender.check(url)
        await sender.check("https://crm.test:8443/")


async def test_a_name_without_addresses_does_not_resolve() -> None:
    async with client([[]]) as sender:
        assert (await sender.send("https://empty.test/", {}, BODY)).failure == "dns"


async def test_a_resolver_that_hangs_is_a_timeout() -> None:
    async def hangs(_host: str, _port: int) -> Sequence[str]:
        await asyncio.Event().wait()
        return []

    sender = WebhookClient(resolver=hangs, connect_seconds=0.1)
    assert (await sender.send("https://crm.test/", {}, BODY)).failure == "timeout"
    await sender.check("https://crm.test/")
    await sender.aclose()


async def test_the_systems_own_resolver_is_asked_by_default() -> None:
    assert "127.0.0.1" in await Names().resolve("localhost", 443)


async def test_a_name_that_moves_inside_after_its_registration_is_not_dialled() -> None:
    async with client([["93.184.216.34"], ["10.0.0.1"]]) as sender:
        await sender.check("https://rebound.test/")
        outcome = await sender.send("https://rebound.test/", {}, BODY)
    assert (outcome.status, outcome.failure) == (None, "blocked")


@pytest.mark.parametrize("answers", [["10.0.0.1"], ["93.184.216.34", "10.0.0.1"], ["::ffff:10.0.0.1"], ["fd00::1"]])
async def test_one_answer_inside_is_enough_to_refuse_a_name(answers: list[str]) -> None:
    async with client([answers, answers]) as sender:
        with pytest.raises(Reject):
            await sender.check("https://localtest.test/")
        assert (await sender.send("https://localtest.test/", {}, BODY)).failure == "blocked"


async def test_plain_http_never_leaves_the_allowed_networks() -> None:
    async with client([["93.184.216.34"]]) as sender:
        assert (await sender.send("http://public.test/", {}, BODY)).failure == "blocked"
        assert (await sender.send("http://10.0.0.1/", {}, BODY)).failure == "blocked"


async def test_a_name_is_resolved_once_a_dial_and_the_checked_address_is_dialled() -> None:
    async with receiver(status(200)) as crm, client([["127.0.0.1"], ["93.184.216.34"]]) as sender:
        outcome = await sender.send(crm.url("crm.test"), {}, BODY)
    assert outcome.succeeded
    assert crm.connections == 1


async def test_the_next_address_is_tried_where_the_first_refuses() -> None:
    async with receiver(status(200)) as crm, client([["127.0.0.2", "127.0.0.1"]]) as sender:
        assert (await sender.send(crm.url("crm.test"), {}, BODY)).succeeded


def certified(name: str, folder: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A receiver's TLS with a certificate for this name, and a client's that trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    ).public_bytes(Encoding.PEM)
    (folder / "receiver.pem").write_bytes(
        certificate + key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(folder / "receiver.pem")
    return serving, ssl.create_default_context(cadata=certificate.decode())


async def test_a_pinned_dial_still_asks_for_and_checks_the_name(tmp_path: Path) -> None:
    serving, trusting = certified("crm.test", tmp_path)
    asked: list[str | None] = []
    serving.sni_callback = lambda _socket, name, _context: asked.append(name)
    async with receiver(status(200), serving) as crm, client([["127.0.0.1"], ["127.0.0.1"]], tls=trusting) as sender:
        right = await sender.send(crm.url("crm.test", "https"), {}, BODY)
        wrong = await sender.send(crm.url("other.test", "https"), {}, BODY)
    assert (right.status, right.failure) == (200, None)
    assert (wrong.status, wrong.failure) == (None, "tls")
    assert asked == ["crm.test", "other.test"]


async def test_a_certificate_nobody_vouches_for_is_a_tls_failure(tmp_path: Path) -> None:
    serving, _ = certified("crm.test", tmp_path)
    async with receiver(status(200), serving) as crm, client([["127.0.0.1"]]) as sender:
        assert (await sender.send(crm.url("crm.test", "https"), {}, BODY)).failure == "tls"
