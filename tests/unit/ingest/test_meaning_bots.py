"""Whether a machine did it."""

import pytest

from services.ingest.domain.bots import is_bot, is_machine
from services.ingest.domain.call import Call, CallType

CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36"
CRAWLER = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"


def called(
    user_agent: object, call_type: CallType = "page", *, trusted: bool = False, flags: tuple[str, ...] = ()
) -> Call:
    return Call("1", "w", "segment", trusted, 0, call_type, context={"userAgent": user_agent}, flags=flags)


@pytest.mark.parametrize(
    "user_agent",
    [CRAWLER, CHROME.replace("Chrome", "HeadlessChrome"), "AhrefsBot/7.0", "Mozilla/5.0 (compatible; YandexCrawler)",
     "Sogou web spider/4.0", "facebookexternalhit/1.1"],
)  # fmt: skip
def test_a_machine_is_known_by_its_own_name(user_agent: str) -> None:
    assert is_machine(user_agent)


@pytest.mark.parametrize("user_agent", [CHROME, "", "Mozilla/5.0 (Linux; Android 13; CUBOT NOTE 20)", "okhttp/4.12.0"])
def test_people_and_the_apps_they_use_are_no_machines(user_agent: str) -> None:
    assert not is_machine(user_agent)


def test_what_a_server_key_sends_is_never_looked_at() -> None:
    assert not is_bot(called(CRAWLER, trusted=True))


@pytest.mark.parametrize(("call_type", "bot"), [("page", True), ("screen", True), ("track", True), ("identify", False)])
def test_only_acts_are_marked(call_type: CallType, bot: bool) -> None:
    assert is_bot(called(CRAWLER, call_type)) is bot


def test_a_page_fetched_ahead_was_seen_by_nobody() -> None:
    assert is_bot(called(CHROME, flags=("prefetch",)))
    assert not is_bot(called(CHROME, "track", flags=("prefetch",)))


@pytest.mark.parametrize("user_agent", [None, 7, ["bot"], {}])
def test_a_user_agent_that_is_no_text_says_nothing(user_agent: object) -> None:
    assert not is_bot(called(user_agent))
