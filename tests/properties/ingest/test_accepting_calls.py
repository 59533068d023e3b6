"""What a call says ends up in the field of that name, and what sales did is refused wherever a public key says it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET, Raw, json

from services.ingest.handlers.accept_touchpoints import Arrival, Call, Parts, accept
from shared.kernel.errors import Reject

_TEXTS = st.text("abcxyz01", min_size=1, max_size=8)
_PUBLIC = Arrival("web", "segment", False, 1_700_000_000_000, lambda: "drawn", flags=("gpc",))
_FIELDS = {
    "message_id": "messageId", "user_id": "userId", "anonymous_id": "anonymousId",
    "previous_id": "previousId", "group_id": "groupId", "name": "event",
}  # fmt: skip
_NEEDED = ("event", "userId")
_LEFT_OUT = sorted(set(_FIELDS.values()) - set(_NEEDED))
_FREE_FORM = ("properties", "traits", "context")
_CLAIMS = st.sampled_from(
    [("kind", "call"), ("kind", " Demo_Held"), ("department", "Sales"), ("direction", "OUTBOUND ")]
)


@given(
    ids=st.fixed_dictionaries(dict.fromkeys(_NEEDED, _TEXTS), optional=dict.fromkeys(_LEFT_OUT, _TEXTS)),
    free=st.fixed_dictionaries({}, optional=dict.fromkeys(_FREE_FORM, st.dictionaries(_TEXTS, _TEXTS, max_size=2))),
)
def test_every_word_of_a_call_is_in_the_field_of_its_name(ids: dict[str, str], free: dict[str, dict[str, str]]) -> None:
    parts = Parts(**{key: Raw(json.encode(value)) for key, value in free.items()})
    taken = accept(Call({**ids, **free}, parts), _PUBLIC, "track").touchpoint
    assert {field: getattr(taken, field) for field in _FIELDS} == {
        field: ids.get(word) for field, word in _FIELDS.items()
    }
    assert [taken.source, taken.door, taken.trusted, taken.received_at] == ["web", "segment", False, 1_700_000_000_000]
    assert (taken.type, taken.timestamp, taken.sent_at, taken.flags) == ("track", None, None, ("gpc",))
    for key in _FREE_FORM:
        assert getattr(taken, key) == (getattr(parts, key) if free.get(key) else UNSET)


@given(claim=_CLAIMS, others=st.dictionaries(_TEXTS, _TEXTS, max_size=4))
def test_a_public_key_cannot_claim_an_act_of_sales_among_other_properties(
    claim: tuple[str, str], others: dict[str, str]
) -> None:
    properties = {**others, claim[0]: claim[1]}
    words = {"event": "Met", "userId": "u", "properties": properties}
    with pytest.raises(Reject, match="server key"):
        accept(Call(words, Parts()), _PUBLIC, "track")
