"""An app answers every request in one voice, and never with what it was sent."""

import io
import json
import logging
from base64 import b64encode
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest
import structlog
from fastapi import APIRouter
from pydantic import BaseModel
from starlette.types import Receive, Scope, Send

from shared.kernel.errors import TryLater
from shared.observe import logs
from shared.observe.lag import Lag, PartitionLag
from shared.observe.metrics import Metrics
from shared.web import auth, idempotency, paging
from shared.web.app import PathSwitch, build_app
from shared.web.auth import Tokens, require
from shared.web.credentials import Credentials
from shared.web.health import Health
from shared.web.limits import MAX_BODY_BYTES

CANARY = "pii-canary-7f3@example.test"
CREDENTIALS = Credentials("wk_1", "sk_1", "tl_1", "secret")
READER = {"Authorization": "Bearer reader"}
ADMIN = {"Authorization": "Bearer tl_1"}


class Note(BaseModel, extra="forbid"):
    amount: int


def notes() -> APIRouter:
    router = APIRouter()

    @router.post("/v1/notes", dependencies=[require(auth.Scope.OPERATE)])
    async def take(note: Note, act: idempotency.Asked) -> dict[str, Any]:
        return {"amount": note.amount, "key": act.key if act else None}

    @router.get("/v1/notes", dependencies=[require(auth.Scope.READ)])
    async def show(asked: paging.Asked) -> dict[str, Any]:
        return {"limit": asked.limit, "position": asked.position(int)}

    @router.get("/v1/notes/{note_id}")
    async def fail(note_id: str) -> None:
        raise KeyError(note_id)

    return router


def only_post() -> APIRouter:
    router = APIRouter()

    @router.post("/v1/acts")
    async def act() -> None:
        return None

    return router


async def away() -> Lag:
    raise TryLater("the store is away")


async def broken() -> str | None:
    raise TryLater(CANARY)


async def well() -> str | None:
    return None


async def lag() -> Lag:
    return Lag([PartitionLag("touchpoints", 0, position=7, end=7)], outbox=0, work=0)


def tokens() -> Tokens:
    known = Tokens.of(CREDENTIALS)
    holders = {auth.digest(key): holder for key in ("wk_1", "tl_1") if (holder := known.holder(key))}
    return Tokens(holders | {auth.digest("reader"): auth.Holder("reader", auth.Scope.READ)})


def client(health: Health | None = None) -> httpx.AsyncClient:
    found = health or Health(Metrics(), lag)
    app = build_app("ingest", [notes()], tokens(), found, doors=["/v1/notes"])
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://ingest.test")


@pytest.fixture
async def api() -> AsyncIterator[httpx.AsyncClient]:
    async with client() as opened:
        yield opened


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    before = (root.handlers, root.level)
    stream = io.StringIO()
    logs.configure("debug", stream)
    yield stream
    root.handlers, root.level = before
    structlog.reset_defaults()


async def test_a_good_request_is_answered_and_logged_by_its_route(api: httpx.AsyncClient, log: io.StringIO) -> None:
    answer = await api.post(f"/v1/notes?e={CANARY}", json={"amount": 3}, headers=ADMIN | {"X-Request-Id": "abc-1"})
    assert answer.json() == {"amount": 3, "key": None}
    assert answer.headers.get_list("x-request-id") == ["abc-1"]
    line = json.loads(log.getvalue())
    assert (line["service"], line["route"], line["status"], line["request_id"]) == ("ingest", "/v1/notes", 200, "abc-1")


@pytest.mark.parametrize("sent", ["a" * 65, CANARY, "a b", ""])
async def test_a_request_id_that_could_do_harm_is_replaced(api: httpx.AsyncClient, sent: str) -> None:
    answer = await api.get("/healthz", headers={"X-Request-Id": sent})
    assert answer.headers["x-request-id"] not in ("", sent)


@pytest.mark.parametrize(
    ("authorization", "status"),
    [
        (b"", 401),
        (b"Bearer unknown", 401),
        ("Bearer é".encode(), 401),
        (b"Bearer wk_1", 403),
        (b"Bearer reader", 403),
        (b"Bearer tl_1", 200),
        (b"Basic " + b64encode(b"tl_1:"), 200),
    ],
)
async def test_a_scope_is_needed(api: httpx.AsyncClient, authorization: bytes, status: int) -> None:
    answer = await api.post("/v1/notes", json={"amount": 3}, headers={b"Authorization": authorization})
    assert answer.status_code == status
    assert ("www-authenticate" in answer.headers) is (status != 200)


BAD = [
    ("POST", "/v1/notes", {"json": {"amount": CANARY}}, 422, "invalid"),
    ("POST", "/v1/notes", {"json": {"amount": 1, CANARY: 1}}, 422, "invalid"),
    ("POST", "/v1/notes", {"content": f'{{"amount": {CANARY}'}, 400, "bad_json"),
    ("POST", "/v1/notes", {"content": b"\xff\xfe{"}, 400, "bad_request"),
    ("POST", "/v1/notes", {"content": b"[" * 100_000}, 400, "bad_request"),
    ("POST", "/v1/notes", {"json": {}, "headers": ADMIN | {"Content-Encoding": CANARY}}, 415, "bad_encoding"),
    ("POST", "/v1/notes", {"json": {}, "headers": ADMIN | {"Idempotency-Key": "k" * 300}}, 400, "bad_idempotency_key"),
    ("GET", f"/v1/notes?after={CANARY}", {}, 422, "bad_cursor"),
    ("GET", f"/v1/notes?limit={CANARY}", {}, 422, "invalid"),
    ("GET", "/v1/notes?limit=1001", {}, 422, "invalid"),
    ("GET", "/v1/notes?limit=0", {}, 422, "invalid"),
    ("GET", f"/v1/notes?e=%00{CANARY}", {}, 400, "bad_text"),
    ("GET", f"/nothing/{CANARY}", {}, 404, "not_found"),
    ("PUT", f"/v1/notes?e={CANARY}", {}, 405, "method_not_allowed"),
    ("GET", f"/v1/notes/{CANARY}", {}, 500, "internal"),
]


@pytest.mark.parametrize(("method", "path", "sent", "status", "code"), BAD)
async def test_a_bad_request_is_a_problem_that_echoes_nothing(
    api: httpx.AsyncClient, log: io.StringIO, method: str, path: str, sent: dict[str, Any], status: int, code: str
) -> None:
    answer = await api.request(method, path, **{"headers": ADMIN} | sent)
    told = answer.json()
    assert (answer.status_code, told["status"], told["code"]) == (status, status, code)
    assert answer.headers["content-type"] == "application/problem+json"
    assert len(answer.headers.get_list("x-request-id")) == 1
    assert ("success" in told) is (path.partition("?")[0] == "/v1/notes")
    assert "pii-canary" not in answer.text + str(answer.headers) + log.getvalue()
    assert log.getvalue()


async def test_a_method_that_is_not_there_names_those_that_are(api: httpx.AsyncClient) -> None:
    assert (await api.delete("/healthz")).headers["allow"] == "GET"


@pytest.mark.parametrize("declared", [True, False])
async def test_a_body_over_the_limit_closes_the_connection(api: httpx.AsyncClient, declared: bool) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(5):
            yield b" " * 1024 * 1024

    content = b" " * (MAX_BODY_BYTES + 1) if declared else chunks()
    answer = await api.post("/v1/notes", content=content, headers=ADMIN)
    assert (answer.status_code, answer.headers["connection"]) == (413, "close")
    assert answer.json()["success"] is False


async def test_a_body_at_the_limit_is_read(api: httpx.AsyncClient) -> None:
    body = b'{"amount": 3}'.ljust(MAX_BODY_BYTES)
    assert (await api.post("/v1/notes", content=body, headers=ADMIN)).json()["amount"] == 3


async def test_a_process_is_ready_when_every_named_check_is_well() -> None:
    async with client(Health(Metrics(), lag, checks={"log": well})) as api:
        answer = await api.get("/readyz")
    assert (answer.status_code, answer.json()) == (200, {"ready": True, "checks": {"log": "ok"}})


async def test_a_check_that_fails_is_named_and_does_not_speak() -> None:
    async with client(Health(Metrics(), lag, checks={"log": broken, "disk": well})) as api:
        answer = await api.get("/readyz")
        alive = await api.get("/healthz")
    assert (answer.status_code, answer.json()["checks"]) == (503, {"log": "TryLater", "disk": "ok"})
    assert alive.status_code == 200


async def test_a_process_whose_supervisor_gave_up_is_not_alive() -> None:
    async with client(Health(Metrics(), lag, alive=lambda: False)) as api:
        assert (await api.get("/healthz")).status_code == 503


@pytest.mark.parametrize("path", ["/metrics", "/v1/lag"])
async def test_metrics_and_lag_need_a_token(api: httpx.AsyncClient, path: str) -> None:
    assert (await api.get(path)).status_code == 401
    assert (await api.get(path, headers=READER)).status_code == 200


async def test_metrics_and_lag_may_be_opened() -> None:
    async with client(Health(Metrics(), lag, metrics_open=True)) as api:
        assert "throughline_duplicates_total 0.0" in (await api.get("/metrics")).text
        assert (await api.get("/v1/lag")).json()["caught_up"] is True


async def test_metrics_measure_the_lag_and_do_without_it_where_the_store_is_away() -> None:
    async with client(Health(Metrics(), lag, metrics_open=True)) as api:
        assert 'throughline_lag_records{topic="touchpoints"} 0.0' in (await api.get("/metrics")).text
    async with client(Health(Metrics(), away, metrics_open=True)) as api:
        assert "throughline_lag_records{" not in (await api.get("/metrics")).text


async def test_lag_has_the_shape_that_waiting_for_it_relies_on(api: httpx.AsyncClient) -> None:
    assert (await api.get("/v1/lag", headers=READER)).json() == {
        "caught_up": True,
        "topics": [{"topic": "touchpoints", "partition": 0, "position": 7, "end": 7}],
        "outbox": 0,
        "work": 0,
        "deliveries": {"due": 0, "waiting": 0},
    }


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/v1/lag", "/v1/notes", "/nothing", "/openapi.json"])
async def test_a_head_is_answered_as_a_get_without_the_body(api: httpx.AsyncClient, path: str) -> None:
    headers = READER | {"X-Request-Id": "one"}
    got, head = await api.get(path, headers=headers), await api.head(path, headers=headers)
    assert (head.status_code, head.headers, head.content) == (got.status_code, got.headers, b"")


async def test_a_head_is_refused_where_there_is_no_get() -> None:
    app = build_app("ingest", [only_post()], tokens(), Health(Metrics(), lag))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://ingest.test") as other:
        answer = await other.head("/v1/acts")
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")


async def test_a_head_is_measured_as_one_by_its_route(api: httpx.AsyncClient) -> None:
    await api.head("/healthz")
    told = (await api.get("/metrics", headers=READER)).text
    assert 'method="HEAD",route="/healthz",status="200"' in told


async def test_requests_are_measured_by_route_and_never_by_path(api: httpx.AsyncClient) -> None:
    await api.get(f"/v1/notes/{CANARY}")
    await api.get(f"/nothing/{CANARY}")
    told = (await api.get("/metrics", headers=READER)).text
    assert 'route="/v1/notes/{note_id}",status="500"' in told
    assert 'route="(none)",status="404"' in told
    assert "pii-canary" not in told


async def test_every_route_is_in_the_open_api(api: httpx.AsyncClient) -> None:
    told = (await api.get("/openapi.json")).json()
    assert {"/healthz", "/readyz", "/metrics", "/v1/lag", "/v1/notes"} <= set(told["paths"])
    assert told["paths"]["/v1/lag"]["get"]["security"] == [{"token": []}]


async def test_the_open_api_tells_errors_as_they_are_answered(api: httpx.AsyncClient) -> None:
    told = (await api.get("/openapi.json")).json()
    schemas = told["components"]["schemas"]
    assert "HTTPValidationError" not in json.dumps(told)
    for path, status, answer in (
        ("/v1/notes", "401", await api.get("/v1/notes")),
        ("/v1/notes", "422", await api.get("/v1/notes?limit=-1", headers=READER)),
        ("/v1/notes/{note_id}", "default", await api.get("/v1/notes/1")),
        ("/healthz", "default", await api.get("/healthz", headers={"Content-Encoding": "br"})),
    ):
        content = told["paths"][path]["get"]["responses"][status]["content"]
        assert list(content) == [answer.headers["content-type"]] == ["application/problem+json"]
        described = schemas[content["application/problem+json"]["schema"]["$ref"].rpartition("/")[2]]
        assert set(described["required"]) <= answer.json().keys()
    assert told["paths"]["/v1/notes"]["post"]["responses"]["403"]
    assert "401" not in told["paths"]["/healthz"]["get"]["responses"]
    assert "content" not in told["paths"]["/readyz"]["get"]["responses"]["503"], "it names the checks"


async def test_what_is_answered_past_the_app_is_told_beside_its_routes() -> None:
    app = build_app("notes", [], tokens(), Health(Metrics(), lag), elsewhere={"/v1/door": {"post": {}}})
    assert {"/healthz", "/v1/door"} <= app.openapi()["paths"].keys()


async def test_hot_paths_go_past_the_app_and_everything_else_into_it() -> None:
    seen: list[str] = []

    def app(name: str) -> Any:
        async def call(scope: Scope, _receive: Receive, _send: Send) -> None:
            seen.append(f"{name} {scope['type']} {scope.get('path', '')}")

        return call

    async def nothing(*_: object) -> Any:
        raise AssertionError("nobody reads or sends here")

    switch = PathSwitch(app("first"), ["/v1/track"], app("rest"))
    for scope in ({"type": "http", "path": "/v1/track"}, {"type": "http", "path": "/v1/x"}, {"type": "lifespan"}):
        await switch(scope, nothing, nothing)
    assert seen == ["first http /v1/track", "rest http /v1/x", "rest lifespan "]
