"""Whatever a sender sends has a meaning, and only one."""

from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from services.ingest.domain.call import Call, CallType
from services.ingest.domain.calls import SALES_KINDS
from services.ingest.domain.channels import CHANNELS, channel
from services.ingest.domain.kinds import KINDS, kind_of
from services.ingest.domain.meaning import meaning_of
from services.ingest.domain.moments import occurred_at
from services.ingest.domain.page import address
from services.ingest.domain.properties import LARGEST, properties_of
from shared.kernel.instant import DAY

NOW = 1_795_302_296_000
TIMES = st.none() | st.integers(-(10**15), 10**15)
WORDS = st.sampled_from(
    ("kind", "channel", "direction", "department", "url", "referrer", "path", "title", "email", "phone", "revenue",
     "currency", "utm_source", "heard_from", "page", "campaign", "consent", "categoryPreferences", "traits", "gpc",
     "userAgent", "source", "medium", "name", "firstName", "gclid")
)  # fmt: skip
CLAIMS = KINDS | CHANNELS | {"sales", "outbound", "https://a@b.example?c=d"}
SAID = st.text(max_size=30) | st.sampled_from(sorted(CLAIMS))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | SAID,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS | st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)
OBJECTS = st.dictionaries(WORDS | st.text(max_size=5), JSON, max_size=8)
TYPES: tuple[CallType, ...] = ("track", "identify", "page", "screen", "group", "alias")
CALLS = st.builds(
    Call, id=st.just("1"), source=st.just("w"), door=st.just("segment"), trusted=st.booleans(),
    received_at=st.just(NOW), type=st.sampled_from(TYPES), name=st.none() | SAID, timestamp=TIMES, sent_at=TIMES,
    properties=OBJECTS, traits=OBJECTS, context=OBJECTS, flags=st.just(()),
)  # fmt: skip


@given(CALLS)
def test_every_call_has_a_meaning_in_the_words_of_the_charter(call: Call) -> None:
    meaning = meaning_of(call)
    assert meaning.kind in KINDS
    assert meaning.channel in CHANNELS
    assert all(isinstance(text, str) for text in (*meaning.page.values(), *meaning.campaign.values()))
    assert repr(meaning_of(call)) == repr(meaning)


@given(CALLS)
def test_a_public_key_never_acts_for_sales(call: Call) -> None:
    meaning = meaning_of(call)
    if not call.trusted:
        assert meaning.kind not in SALES_KINDS
        assert meaning.department != "sales"
        assert meaning.direction == "inbound" or meaning.kind == "ad_viewed"


@given(st.integers(946_684_800_000, 10**13), TIMES, TIMES)
def test_event_time_is_never_before_2000_nor_a_day_ahead(
    received_at: int, timestamp: int | None, sent: int | None
) -> None:
    moment, suspect = occurred_at(received_at, timestamp, sent)
    assert 946_684_800_000 <= moment <= received_at + DAY
    assert moment == received_at or not suspect


@given(st.integers(-365 * DAY, 365 * DAY), st.integers(0, 300 * DAY), st.integers(0, 60_000))
def test_any_two_clocks_tell_the_same_event_time(skew: int, age: int, travel: int) -> None:
    right = occurred_at(NOW, NOW - travel - age, NOW - travel)
    assert occurred_at(NOW, NOW - travel - age + skew, NOW - travel + skew) == right


@given(
    st.text(alphabet="abz019", min_size=12), st.sampled_from(("token", "password", "code", "email", "sig")), st.text()
)
def test_a_secret_never_stays_in_an_address(secret: str, name: str, rest: str) -> None:
    secret = f"~{secret}~"
    for url in (
        f"https://ana:{secret}@b.example/",
        f"https://b.example/?{name}={secret}",
        f"/a#{name}={secret}&{rest}",
    ):
        assert secret not in "".join(address(url)[:3])


@given(st.text())
@example("http://[")
@example("https://a.example:/")
def test_reading_an_address_again_changes_nothing(url: str) -> None:
    once = address(url).url
    assert address(once).url == once


@given(st.text(), st.text(), st.text())
def test_case_and_blanks_do_not_change_a_channel(source: str, medium: str, campaign: str) -> None:
    assert channel(source, medium, campaign) == channel(f" {source.lower()} ", medium.lower(), campaign.lower())


@given(st.dictionaries(st.text(max_size=20), st.text(max_size=9_000), max_size=12))
def test_what_is_kept_has_room_and_nothing_is_made_up(properties: dict[str, str]) -> None:
    kept, _ = properties_of(Call("1", "w", "segment", True, 0, "track", "x", properties=properties))
    assert kept.keys() <= properties.keys()
    assert sum(len(name.encode()) + len(str(value).encode()) for name, value in kept.items()) <= LARGEST


@given(st.sampled_from(sorted(KINDS)), st.sampled_from((str.upper, str.title, str.lower)), st.sampled_from(" -_"))
def test_the_name_of_a_kind_is_that_kind_in_any_spelling(kind: str, cased: Any, gap: str) -> None:
    name = cased(kind.replace("_", gap))
    assert kind_of(Call("1", "w", "segment", True, 0, "track", name)) == kind
