"""Every case of `cases.yaml` against a running process: the stated answer, never a 5xx, and life goes on."""

import base64
import gzip
import http.client
import json
import socket
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest
import yaml

CASES = yaml.safe_load((Path(__file__).parent / "cases.yaml").read_text())
GOOD = {"event": "Page Seen", "anonymousId": "anon-1"}
SECONDS = 10


class Given(NamedTuple):
    status: int
    headers: httpx.Headers
    body: bytes


@pytest.mark.parametrize("case", CASES, ids=[f"{case['number']}: {case['name']}" for case in CASES])
def test_bad_input_is_answered_as_stated_and_nothing_breaks(
    case: dict[str, Any], request: pytest.FixtureRequest, write_key: str, server_key: str
) -> None:
    url = request.getfixturevalue(case.get("at", "ingest_url"))
    keys = {"{write_key}": write_key, "{server_key}": server_key}
    given = raw(case, url, keys) if "raw" in case["request"] else post(case, url, keys)
    check(given, case["expect"])
    good = httpx.post(f"{url}/v1/track", auth=(write_key, ""), json=GOOD, timeout=SECONDS)
    assert (good.status_code, good.json()) == (200, {"success": True})


def check(given: Given, expect: dict[str, Any]) -> None:
    assert given.status == expect["status"], given.body
    assert given.headers.get("x-request-id")
    if given.status >= 400:
        assert given.headers.get("content-type") == "application/problem+json"
    if given.body.startswith(b"{"):
        answer = json.loads(given.body)
        assert answer["success"] is (given.status < 400)
        assert expect.get("code", answer.get("code")) == answer.get("code")
        assert expect.get("accepted", answer.get("accepted")) == answer.get("accepted")
        rejected = [item["code"] for item in answer.get("rejected", [])]
        assert expect.get("rejected_codes", rejected) == rejected
    for name, value in expect.get("headers", {}).items():
        assert given.headers.get(name) == value
    assert b"canary" not in given.body, "what was sent is never repeated"


def post(case: dict[str, Any], url: str, keys: dict[str, str]) -> Given:
    request = case["request"]
    headers = {"authorization": basic("{write_key}:", keys)} | {
        name: filled(value, keys) for name, value in (request.get("headers") or {}).items()
    }
    if "basic" in request:
        headers["authorization"] = basic(request["basic"], keys)
    headers = {name: value for name, value in headers.items() if value}
    answer = httpx.request(
        request.get("method", "POST"),
        url + filled(request.get("path", "/v1/track"), keys),
        headers=headers,
        content=body_of(request.get("body", {}), keys),
        timeout=SECONDS,
    )
    return Given(answer.status_code, answer.headers, answer.content)


def raw(case: dict[str, Any], url: str, keys: dict[str, str]) -> Given:
    """Bytes as written, on a socket that may then say that no more will come; what the server says to that."""
    text = filled(case["request"]["raw"], keys).replace("{basic}", basic("{write_key}:", keys))
    where = httpx.URL(url)
    with socket.create_connection((where.host, where.port or 80), SECONDS) as connection:
        connection.sendall(text.replace("\n", "\r\n").encode())
        if case["request"].get("ends"):
            connection.shutdown(socket.SHUT_WR)
        with closing(http.client.HTTPResponse(connection, method="POST")) as answer:
            answer.begin()
            return Given(answer.status, httpx.Headers(answer.getheaders()), answer.read())


def body_of(spec: dict[str, Any], keys: dict[str, str]) -> bytes:
    """The body a case describes: a text, base64, or a piece repeated between two others; perhaps in gzip."""
    if "base64" in spec:
        body = base64.b64decode(spec["base64"])
    elif "repeat" in spec:
        part = spec["repeat"]
        body = (part.get("before", "") + part["piece"] * part["times"] + part.get("after", "")).encode()
    else:
        body = filled(spec.get("text", ""), keys).encode(spec.get("encoding", "utf-8"))
    return gzip.compress(body) if spec.get("gzip") else body


def basic(text: str, keys: dict[str, str]) -> str:
    return "Basic " + base64.b64encode(filled(text, keys).encode()).decode()


def filled(text: str, keys: dict[str, str]) -> str:
    for name, key in keys.items():
        text = text.replace(name, key)
    return text
