"""The quick way of reading calls is no second opinion: what it reads, the other way reads alike, down to the bytes."""

from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st
from msgspec import json

from services.ingest.api import decoding, fitting
from services.ingest.api.refusals import Refusal
from services.ingest.domain.limits import Limits
from services.ingest.handlers.accept_touchpoints import Accepted, Arrival, accept, accept_fit
from shared.kernel.errors import Reject

_LIMITS = Limits(items=4, item_bytes=500)
_ARRIVAL = Arrival("web", "segment", False, 1_700_000_000_000, lambda: "drawn", 1_700_000_000_000)
_Text = st.SearchStrategy[str]


def _mostly(usual: _Text, odd: _Text) -> _Text:
    """Calls of which each field were as odd as it can be would never be read quickly."""
    return st.integers(0, 19).flatmap(lambda number: usual if number else odd)


def _objects(names: _Text, values: _Text) -> _Text:
    members = st.tuples(names, values).map(lambda pair: f'"{pair[0]}": {pair[1]}')
    return st.lists(members, max_size=3).map(lambda given: "{" + ", ".join(given) + "}")


_TEXTS = st.sampled_from(["", "a", "b@c.de", "call", "sales", "é", "\u2028", "x" * 90])
_ODD_TEXTS = st.sampled_from(['\\"type\\"', "\\ud83d", "\\u0041", "\\u00e9", "x" * 300])
_QUOTED, _ODD_QUOTED = (texts.map('"{}"'.format) for texts in (_TEXTS, _ODD_TEXTS))
_VALUES = _QUOTED | st.sampled_from(["null", "true", "0", "-1.50", "[]", "{}"])
_ODD_VALUES = _ODD_QUOTED | st.sampled_from(["1e400", "1" + "0" * 320, '"\\u0000"', "1", "[]", "{}"])
_WORDS, _ODD_WORDS = ["kind", "department", "email", "traits", "a"], ["type", "y" * 1_100]
_NAMES = _mostly(st.sampled_from(_WORDS), st.sampled_from(_ODD_WORDS))
_DEEP = st.integers(1, 12).map(lambda levels: '{"a": [' * levels + "]}" * levels)
_PARTS = _objects(_NAMES, _mostly(_VALUES | _objects(_NAMES, _QUOTED), _ODD_VALUES))
_LIBRARIES = st.sampled_from(['"Rudder"', '"analytics-node"', '"analytics.js"', "1", "null"]).map(
    '{{"library": {{"name": {}}}}}'.format
)
_TIMES = st.sampled_from(['"2026-11-23T10:00:00.123Z"', '"yesterday"', "1700000000000", "null"])
_FIELDS: dict[str, _Text] = {
    "type": _mostly(st.sampled_from(['"track"', '"page"', '"identify"', '"alias"']), st.just('"deal.won"') | _VALUES),
    "unheardOf": _VALUES,
    "channel": _mostly(st.sampled_from(['"server"', '"web"', "null", "1"]), _ODD_VALUES | st.just("true")),
    **dict.fromkeys(("messageId", "userId", "writeKey"), _mostly(_QUOTED, _ODD_VALUES | st.just("null"))),
    **dict.fromkeys(("anonymousId", "previousId", "groupId", "event"), _mostly(_QUOTED | st.just("null"), _ODD_VALUES)),
    **dict.fromkeys(("timestamp", "originalTimestamp", "sentAt"), _mostly(_TIMES, st.sampled_from(["1e400", "true"]))),
    **dict.fromkeys(("properties", "traits", "integrations"), _mostly(_PARTS, _DEEP | _ODD_VALUES)),
    "context": _mostly(_PARTS | _LIBRARIES, _DEEP | _ODD_VALUES),
}
_OFTEN = ["type", "userId", "anonymousId", "messageId", "properties", "context", "timestamp", "channel"]
_CALLS = st.lists(
    _mostly(st.sampled_from(_OFTEN), st.sampled_from(sorted(_FIELDS))).flatmap(
        lambda name: _FIELDS[name].map(lambda value: (name, f'"{name}": {value}'))
    ),
    max_size=7,
    unique_by=lambda member: member[0],
).map(lambda members: "{" + ", ".join(text for _, text in members) + "}")


def _outcome(accepting: Any) -> tuple[str, bytes]:
    """What becomes of a call: the touchpoint as it goes on the log and its sender, or the code of its reason."""
    try:
        taken: Accepted = accepting()
    except Reject as reason:
        return reason.code, b""
    return taken.subject, json.encode(taken.touchpoint)


def _decoded(text: bytes, limits: Limits) -> tuple[list[tuple[str, bytes]], list[Any]]:
    """What becomes of each call of a batch that is read the long way, and the write keys it carries."""
    read = decoding.document(text, limits, "batch")
    items, texts = decoding.batch(read, limits)
    decoding.refuse_doubled_beside(read, items)
    keys = [item["writeKey"] for item in (*items, read.words) if isinstance(item, dict) and "writeKey" in item]
    return [
        _outcome(lambda words=words, item=item: accept(decoding.call(words, item, read, limits), _ARRIVAL))
        for words, item in zip(items, texts, strict=True)
    ], keys


@given(st.lists(_CALLS, max_size=4), st.sampled_from(["", ', "writeKey": "a"', ', "sentAt": 1', ', "type": "page"']))
@example(['{"type": "page", "userId": "a", "context": {"a": 1e400}}'], "")
@example(['{"type": "page", "userId": "a", "integrations": {"a": 1e400}}'], "")
@example(['{"type": "page", "userId": null, "userId": "a"}'], "")
@example(['{"type": "page", "userId": "a", "userId": null}'], "")
@example(['{"type": "page", "userId": "a", "context": {"device": {"type": "ios"}}}'] * 2, "")
def test_a_batch_that_is_read_quickly_is_what_it_is_the_long_way(calls: list[str], beside: str) -> None:
    text = ('{"batch": [' + ", ".join(calls) + "]" + beside + "}").encode()
    fit = fitting.batch(text, _LIMITS)
    if fit is None:
        return
    outcomes, keys = _decoded(text, _LIMITS)
    assert [_outcome(lambda call=call: accept_fit(call, _ARRIVAL)) for call in fit.calls] == outcomes
    assert fit.write_keys == keys


@given(_CALLS)
def test_a_call_that_is_read_quickly_is_what_it_is_the_long_way(text: str) -> None:
    fit = fitting.one(text.encode(), _LIMITS)
    if fit is None:
        return
    read = decoding.document(text.encode(), _LIMITS)
    expected = _outcome(lambda: accept(decoding.call(read.words, read.text, read, _LIMITS), _ARRIVAL, "track"))
    assert _outcome(lambda: accept_fit(fit[0], _ARRIVAL, "track")) == expected


@given(st.binary(max_size=4), st.integers(0, 60))
def test_bytes_that_are_no_text_are_read_the_long_way(noise: bytes, place: int) -> None:
    whole = b'{"batch": [{"type": "page", "userId": "a", "integrations": {"a": ""}}]}'
    text = whole[:place] + noise + whole[place:]
    if fitting.batch(text, _LIMITS) is not None:
        try:
            decoding.document(text, _LIMITS)
        except Refusal as refused:
            raise AssertionError(refused.code) from None
