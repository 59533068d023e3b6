"""Tracking calls, from the request to the log."""

import base64
import gzip
import json

import pytest
from msgspec import UNSET

from services.ingest.domain.limits import Limits
from services.ingest.handlers.accept_touchpoints import Arrival, refuse
from shared.kernel.errors import Reject
from shared.kernel.ids import touchpoint_id
from tests.handlers.ingest.at_the_door import NOW, SERVER, Doors

COLLECTED, ALIASES, REJECTED = "touchpoints.collected", "aliases.collected", "touchpoints.rejected"
SEEN = {"event": "Page Seen", "anonymousId": "anon-1", "messageId": "m-1"}


@pytest.fixture(params=["asgi", "direct"])
async def doors(request: pytest.FixtureRequest) -> Doors:
    return await Doors(direct=request.param == "direct").open()


async def test_a_call_is_on_the_log_in_the_senders_words(doors: Doors) -> None:
    call = SEEN | {"userId": 42, "properties": {"plan": "pro", "n": 1.50}, "timestamp": "2026-11-21T23:00:21.074Z"}
    answer = await doors.post("/v1/track", call)
    assert (answer.status_code, answer.json()) == (200, {"success": True})
    [event] = await doors.events(COLLECTED)
    assert event.id == touchpoint_id("web", "m-1")
    assert (event.source, event.door, event.trusted, event.received_at) == ("web", "segment", False, NOW)
    assert (event.type, event.name, event.user_id, event.anonymous_id) == ("track", "Page Seen", "42", "anon-1")
    assert json.loads(bytes(event.properties)) == {"plan": "pro", "n": 1.5}
    assert (event.timestamp, event.traits, event.flags) == (1_795_302_021_074, UNSET, ())


@pytest.mark.parametrize(
    ("path", "named"),
    [("t", "track"), ("i", "identify"), ("p", "page"), ("s", "screen"), ("g", "group"), ("a", "alias")],
)
async def test_both_forms_of_a_path_name_the_same_call(doors: Doors, path: str, named: str) -> None:
    call = {"userId": "u", "event": "E", "groupId": "g", "previousId": "p", "type": "other"}
    for form in (path, named):
        assert (await doors.post(f"/v1/{form}", call)).status_code == 200
    topic, other = (ALIASES, COLLECTED) if named == "alias" else (COLLECTED, ALIASES)
    assert [event.type for event in await doors.events(topic)] == [named, named]
    assert await doors.events(other) == []


@pytest.mark.parametrize("path", ["/v1/batch", "/v1/b", "/v1/import"])
async def test_a_bad_call_in_a_good_batch_is_refused_alone_and_kept(doors: Doors, path: str) -> None:
    good = SEEN | {"type": "track"}
    answer = await doors.post(path, {"batch": [good, {"type": "page", "messageId": "m-2"}]})
    assert answer.status_code == 200
    assert answer.json() == {
        "success": True,
        "accepted": 1,
        "rejected": [
            {
                "index": 1,
                "message_id": "m-2",
                "code": "missing_identifier",
                "message": "a call names a userId, an anonymousId or an address",
            }
        ],
    }
    assert len(await doors.events(COLLECTED)) == 1
    [kept] = await doors.events(REJECTED)
    assert (kept.codes, kept.source, json.loads(kept.body)) == (
        ("missing_identifier",), "web", {"type": "page", "messageId": "m-2"},
    )  # fmt: skip


async def test_a_call_that_is_nested_too_deep_is_refused_alone(doors: Doors) -> None:
    deep = f'{{"type": "track", "event": "E", "userId": "u", "properties": {{"a": {"[" * 17}{"]" * 17}}}}}'
    batch = f'{{"batch": [{json.dumps(SEEN | {"type": "track"})}, {deep}]}}'
    answer = (await doors.ask("POST", "/v1/batch", content=batch, auth=("wk", ""))).json()
    assert (answer["accepted"], [item["code"] for item in answer["rejected"]]) == (1, ["too_deep"])
    assert len(await doors.events(COLLECTED)) == 1
    [kept] = await doors.events(REJECTED)
    assert kept.body == deep


async def test_the_key_in_a_call_that_is_refused_is_kept_nowhere(doors: Doors) -> None:
    good = {"type": "track", "event": "E", "userId": "u", "writeKey": "sk", "properties": {"writeKeys": "mine"}}
    bad = good | {"event": 5}
    for path, body in (("/v1/track", bad), ("/v1/batch", {"batch": [good, bad]})):
        await doors.post(path, body, auth=None)
    kept = [json.loads(one.body) for one in await doors.events(REJECTED)]
    assert kept == [bad | {"writeKey": "***"}] * 2


@pytest.mark.parametrize("key", ["", "wk", 'a"b', "a\\", 'a\\"', "\\\\", "ü", "a:b"])
def test_whatever_a_key_looks_like_it_is_masked(key: str) -> None:
    arrival = Arrival("web", "segment", False, NOW, lambda: "drawn")
    text = json.dumps({"writeKey": key, "event": 'says "writeKey"'})
    kept = json.loads(refuse(text, Reject("bad_name", "x"), arrival).body)
    assert kept == {"writeKey": "***", "event": 'says "writeKey"'}


async def test_a_category_beside_the_properties_is_on_the_log(doors: Doors) -> None:
    for call in ({"category": "Docs"}, {"category": 7}, {}):
        await doors.post("/v1/page", SEEN | call | {"messageId": str(call)})
    assert [event.category for event in await doors.events(COLLECTED)] == ["Docs", None, None]


async def test_a_batch_with_nothing_good_in_it_is_a_problem_that_names_every_place(doors: Doors) -> None:
    answer = await doors.post("/v1/batch", {"batch": [{"type": "page", "userId": True}, 7]})
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert (problem["success"], problem["accepted"], len(problem["rejected"])) == (False, 0, 2)
    assert [error["path"] for error in problem["errors"]] == ["batch[0].userId", "batch[1]"]
    assert len(await doors.events(REJECTED)) == 2


async def test_nothing_is_answered_2xx_before_the_log_has_it() -> None:
    answer = await Doors().post("/v1/track", SEEN)  # its log was never opened
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert answer.json()["success"] is False


async def test_a_fault_of_ours_is_told_as_one_and_tells_nothing_of_what_was_sent() -> None:
    doors = Doors()
    await doors.log.start({})  # the topics that calls are written to were forgotten
    answer = await doors.post("/v1/track", SEEN | {"userId": "ana-canary"})
    told = answer.json()
    assert (answer.status_code, told["success"], told["code"]) == (500, False, "internal")
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["connection"] == "close"
    assert "canary" not in answer.text


async def test_the_first_of_two_calls_with_one_id_is_kept(doors: Doors) -> None:
    twice = [SEEN | {"type": "track"}, SEEN | {"type": "track", "event": "Other", "anonymousId": "anon-2"}]
    assert (await doors.post("/v1/batch", {"batch": twice})).json()["accepted"] == 2
    [event] = await doors.events(COLLECTED)
    assert event.anonymous_id == "anon-1"


async def test_a_call_without_an_id_gets_one_of_its_own(doors: Doors) -> None:
    call = {"type": "page", "userId": "u"}
    await doors.post("/v1/batch", {"batch": [call, call]})
    first, second = await doors.events(COLLECTED)
    assert first.id != second.id
    assert first.message_id is None


async def test_the_same_id_from_two_sources_is_two_events(doors: Doors) -> None:
    await doors.post("/v1/track", SEEN)
    await doors.post("/v1/track", SEEN, auth=("wk_other", ""))
    assert len({event.id for event in await doors.events(COLLECTED)}) == 2


async def test_a_senders_records_share_a_key_that_does_not_tell_who_it_is(doors: Doors) -> None:
    known = {"type": "identify", "userId": "u", "anonymousId": "anon-1", "traits": {"email": "a@b.example"}}
    await doors.post("/v1/batch", {"batch": [SEEN | {"type": "track"}, known, {"type": "page", "userId": "u"}]})
    keys = [record.key for record in await doors.records(COLLECTED)]
    assert keys[0] == keys[1] != keys[2]
    assert all(len(key) == 8 and b"anon" not in key for key in keys)


async def test_an_address_alone_names_somebody(doors: Doors) -> None:
    answer = await doors.post("/v1/identify", {"context": {"traits": {"email": "Ana@B.example"}}})
    assert answer.status_code == 200


@pytest.mark.parametrize("beside", [{}, {"unheardOf": 1}], ids=["read quickly", "read the long way"])
async def test_calls_of_rudderstacks_libraries_came_through_their_door(doors: Doors, beside: dict[str, int]) -> None:
    rudder = {"library": {"name": "RudderLabs JavaScript SDK"}}
    node = {"library": {"name": "analytics-node"}}
    await doors.post("/v1/page", {"userId": "u", "context": rudder} | beside)
    calls = [
        {"type": "page", "userId": "u", "channel": "server", "context": node} | beside,
        {"type": "page", "userId": "u", "context": node} | beside,
    ]
    await doors.post("/v1/batch", {"batch": calls})
    assert [event.door for event in await doors.events(COLLECTED)] == ["rudder", "rudder", "segment"]


async def test_times_are_read_and_never_refused(doors: Doors) -> None:
    calls = [
        {"type": "page", "userId": "u", "originalTimestamp": "2026-11-21T23:00:21Z", "sentAt": "2026-11-21T23:00:22Z"},
        {"type": "page", "userId": "u", "timestamp": "yesterday"},
    ]
    await doors.post("/v1/batch", {"batch": calls, "sentAt": "2026-11-21T23:00:23Z"})
    first, second = await doors.events(COLLECTED)
    assert (first.timestamp, first.sent_at) == (1_795_302_021_000, 1_795_302_022_000)
    assert (second.timestamp, second.sent_at, second.flags) == (None, 1_795_302_023_000, ("bad_timestamp",))


async def test_nul_is_removed_and_said_so(doors: Doors) -> None:
    call = SEEN | {"event": "a\x00b", "properties": {"x": "1\x002", "y": "\\u0000"}}
    await doors.post("/v1/track", call)
    [event] = await doors.events(COLLECTED)
    assert (event.name, json.loads(bytes(event.properties))) == ("ab", {"x": "12", "y": "\\u0000"})
    assert event.flags == ("nul_removed",)


@pytest.mark.parametrize("purpose", ["prefetch", "prefetch;prerender", "prefetch;anonymous-client-ip"])
async def test_what_a_browser_says_in_headers_is_kept_as_flags(doors: Doors, purpose: str) -> None:
    await doors.post("/v1/track", SEEN, headers={"sec-gpc": "1", "sec-purpose": purpose})
    [event] = await doors.events(COLLECTED)
    assert event.flags == ("gpc", "prefetch")


@pytest.mark.parametrize("pack", [gzip.compress, base64.b64encode, bytes])
async def test_the_body_is_told_by_its_bytes_not_by_its_type(doors: Doors, pack: type[bytes]) -> None:
    content = pack(json.dumps(SEEN).encode())
    if pack is base64.b64encode:
        content = b"data=" + content.replace(b"=", b"%3D").replace(b"+", b"%2B")
    headers = {"content-type": "application/x-www-form-urlencoded"}
    answer = await doors.post("/v1/track", content=content, headers=headers)
    assert answer.status_code == 200, answer.text


async def test_only_a_server_key_is_trusted(doors: Doors) -> None:
    await doors.post("/v1/track", SEEN, auth=SERVER)
    [event] = await doors.events(COLLECTED)
    assert event.trusted


async def test_a_preflight_allows_what_is_asked_for(doors: Doors) -> None:
    asked = {"origin": "https://a.example", "access-control-request-headers": "authorization, x-retry-count"}
    answer = await doors.ask("OPTIONS", "/v1/p", headers=asked)
    assert answer.status_code == 204
    assert answer.headers["access-control-allow-origin"] == "https://a.example"
    assert answer.headers["access-control-allow-headers"] == "authorization, x-retry-count"
    assert answer.headers["access-control-allow-credentials"] == "true"
    assert (answer.headers["vary"], answer.headers["access-control-max-age"]) == ("Origin", "3600")


async def test_a_browser_can_read_when_to_come_back(doors: Doors) -> None:
    answer = await doors.post("/v1/t", SEEN, headers={"origin": "https://a.example"})
    assert "Retry-After" in answer.headers["access-control-expose-headers"]


@pytest.mark.parametrize(("given", "kept"), [("abc-1", True), ("a b", False), ("x" * 65, False), ("é", False)])
async def test_a_request_id_is_kept_only_where_it_is_plain(doors: Doors, given: str, kept: bool) -> None:
    answer = await doors.post("/v1/track", SEEN, headers={"x-request-id": given.encode()})
    assert (answer.headers["x-request-id"] == given) is kept


async def test_a_smaller_limit_holds_for_the_whole_request() -> None:
    doors = await Doors(Limits(items=1, body_bytes=100)).open()
    page = {"type": "page", "userId": "u"}
    assert (await doors.post("/v1/batch", {"batch": [page, page]})).json()["code"] == "batch_too_long"
    answer = await doors.post("/v1/batch", content=gzip.compress(b" " * 101))
    assert (answer.status_code, answer.headers["connection"]) == (413, "close")
