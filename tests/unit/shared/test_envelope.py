"""Events as records, and records that are no events."""

import pytest

from shared.contracts.envelope import Event, Unreadable, decode, encode
from shared.contracts.topics import TYPES
from shared.contracts.touchpoints import PersonSplit
from shared.kernel.instant import Instant

SPLIT = Event("1", "person.split", "ingest", Instant(1_795_455_960_123), PersonSplit(person_id="p", version=2, at=3))


def test_an_event_is_read_as_it_was_written() -> None:
    assert decode(*encode(SPLIT), TYPES) == SPLIT


def test_attributes_are_headers_as_the_kafka_binding_has_them() -> None:
    _, headers = encode(SPLIT)
    assert dict(headers) == {
        "content-type": b"application/json",
        "ce_specversion": b"1.0",
        "ce_id": b"1",
        "ce_type": b"throughline.person.split.v1",
        "ce_source": b"ingest",
        "ce_time": b"2026-11-23T17:46:00.123Z",
    }


def test_headers_and_fields_nobody_knows_are_passed_over() -> None:
    _, headers = encode(SPLIT)
    newer = b'{"person_id":"p","version":2,"at":3,"why":"a later release says more"}'
    assert decode(newer, (*headers, ("traceparent", b"00")), TYPES) == SPLIT


@pytest.mark.parametrize("name", ["ce_id", "ce_type", "ce_time"])
@pytest.mark.parametrize("value", [None, b"\xff"])
def test_an_attribute_that_is_missing_or_unreadable_makes_no_event(name: str, value: bytes | None) -> None:
    body, headers = encode(SPLIT)
    kept = tuple(header for header in headers if header[0] != name)
    with pytest.raises(Unreadable, match="attribute"):
        decode(body, kept if value is None else (*kept, (name, value)), TYPES)


@pytest.mark.parametrize(
    "body", [b"", b"{", b"null", b"[]", b"{}", b'{"person_id":1,"version":2,"at":3}', b'{"person_id":"\xff"}']
)
def test_data_that_does_not_fit_makes_no_event_and_is_not_repeated_in_the_reason(body: bytes) -> None:
    with pytest.raises(Unreadable, match=r"^data does not fit person\.split: \w+$"):
        decode(body, encode(SPLIT)[1], TYPES)


@pytest.mark.parametrize(
    "full_type", [b"throughline.person.vanished.v1", b"throughline.person.split.v2", b"", b"com.example.x"]
)
def test_a_type_or_a_version_nobody_knows_makes_no_event(full_type: bytes) -> None:
    body, headers = encode(SPLIT)
    with pytest.raises(Unreadable, match="unknown event type"):
        decode(body, (*headers, ("ce_type", full_type)), TYPES)
