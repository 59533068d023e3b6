"""From bytes to calls: what is refused whole, what alone, and that no short cut changes an answer."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.api import decoding, fitting
from services.ingest.api.refusals import Refusal
from services.ingest.domain.limits import Limits
from shared.kernel.errors import Reject

LIMITS = Limits()
KEYS = st.sampled_from(["type", "userId", "messageId", "writeKey", "x", "use\\u0072Id", '\\"type'])
VALUES = st.sampled_from(["1", '"userId"', '"a"', '{"type": 2}', '[{"userId": 1}, {"userId": 2}]'])


def calls_in(*items: str) -> list[Any]:
    """Each item of a batch: its call, or the code it is refused with."""
    read = decoding.document(f'{{"batch": [{", ".join(items)}]}}'.encode(), LIMITS, "batch")
    words, texts = decoding.batch(read, LIMITS)
    return [outcome(word, bytes(text), read) for word, text in zip(words, texts, strict=True)]


def outcome(words: Any, text: bytes, read: decoding.Document) -> Any:
    try:
        return decoding.call(words, text, read, LIMITS)
    except Reject as reason:
        return reason.code


@given(st.lists(st.lists(st.tuples(KEYS, VALUES), max_size=4), min_size=1, max_size=4))
def test_a_doubled_key_is_found_wherever_it_is_and_nowhere_else(items: list[list[tuple[str, str]]]) -> None:
    texts = ["{" + ", ".join(f'"{key}": {value}' for key, value in item) + "}" for item in items]
    watched = {"type", "userId", "messageId", "writeKey"}
    for item, found in zip(items, calls_in(*texts), strict=True):
        names = [name for key, _ in item if (name := json.loads(f'"{key}"')) in watched]
        assert (found == "duplicate_key") is (len(names) > len(set(names)))


NAMED = st.tuples(st.sampled_from(["type", "userId", "messageId", "writeKey"]), st.just('"track"'))
PARTS = st.tuples(
    st.sampled_from(["properties", "context", "traits"]),
    st.sampled_from(["{}", '{"type": "track"}', '{"page": {"type": "track"}}', '{"a": "{\\"userId\\": 1}"}']),
)


@given(st.lists(NAMED | PARTS, max_size=7))
def test_what_stands_in_a_part_of_a_call_is_named_no_second_time(pairs: list[tuple[str, str]]) -> None:
    text = "{" + ", ".join(f'"{key}": {value}' for key, value in pairs) + "}"
    names = [key for key, value in pairs if value == '"track"']
    doubled = len(names) > len(set(names))
    assert (calls_in(text) == ["duplicate_key"]) is doubled
    assert not doubled or fitting.one(text.encode(), LIMITS) is None


@given(
    st.recursive(
        st.none() | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=2), inner, max_size=2),
        max_leaves=30,
    ),
    st.integers(1, 6),
)
def test_depth_is_counted_in_brackets_that_nest(value: object, most: int) -> None:
    def depth(inner: object) -> int:
        parts = list(inner.values()) if isinstance(inner, dict) else inner if isinstance(inner, list) else None
        return 0 if parts is None else 1 + max(map(depth, parts), default=0)

    body = json.dumps({"a": value}, ensure_ascii=False).encode()
    try:
        decoding.plain(body, Limits(depth=most))
        refused = False
    except Refusal as refusal:
        refused = refusal.code == "too_deep"
    assert refused is (depth({"a": value}) > most)


def test_an_item_that_is_nested_too_deep_is_refused_alone_as_deep_as_a_call_may_be_in_a_batch() -> None:
    levels = LIMITS.depth - 3  # in the call, the list and the batch
    good, bad = (f'{{"a": {"[" * number}{"]" * number}}}' for number in (levels, levels + 1))
    assert [one if isinstance(one, str) else "taken" for one in calls_in(good, bad, good)] == [
        "taken", "too_deep", "taken",
    ]  # fmt: skip


def test_a_batch_that_is_nested_too_deep_beside_its_items_is_refused_whole() -> None:
    with pytest.raises(Refusal) as refused:
        decoding.document(b'{"batch": [], "context": ' + b"[" * 20 + b"]" * 20 + b"}", LIMITS, "batch")
    assert refused.value.code == "too_deep"


@pytest.mark.parametrize("text", [r"\ud800", r"\udc00", r"\udc00\ud800", r"x\ud83d", r"\uffff", r"\\\ud800"])
def test_a_text_with_half_a_pair_is_refused_alone(text: str) -> None:
    bad, good = calls_in(f'{{"properties": {{"a": "{text}"}}}}', r'{"properties": {"a": "\ud83d\ude00"}}')
    assert bad == "bad_text"
    assert good.words == {"properties": {"a": "\U0001f600"}}


@pytest.mark.parametrize("text", [r"\\ud800", r"\\u0000", r"\ud83d\ude00", r"\u00e9", r"\\uffff", r"\n"])
def test_a_text_that_only_looks_like_it_is_left_as_it_is(text: str) -> None:
    item = f'{{"properties": {{"a": "{text}"}}}}'
    [call] = calls_in(item)
    assert call.words == json.loads(item)
    assert bytes(call.parts.properties) == f'{{"a": "{text}"}}'.encode()
    assert call.flags == ()


@pytest.mark.parametrize("part", ["[]", '"x"', "1", "false"])
def test_a_free_form_part_that_is_no_object_is_refused(part: str) -> None:
    assert calls_in(f'{{"properties": {part}}}') == ["not_an_object"]


def test_numbers_stay_the_text_that_was_sent() -> None:
    [call] = calls_in('{"properties": {"a": 1.10, "b": 12345678901234567890123}}')
    assert bytes(call.parts.properties) == b'{"a": 1.10, "b": 12345678901234567890123}'


@pytest.mark.parametrize("body", [b"data=", b"data=canary!", b"data=%ff", b"data", b"data=" + b"&a=1" * 50])
def test_a_form_without_a_document_is_refused(body: bytes) -> None:
    with pytest.raises(Refusal) as refused:
        decoding.document(body, LIMITS)
    assert refused.value.status == 400
    assert "canary" not in refused.value.message
