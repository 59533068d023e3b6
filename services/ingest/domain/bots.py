"""Whether a machine did it. A bot is marked, never dropped: the mark can be taken back.

Only what comes with a public key is looked at: back ends call themselves by the names of HTTP libraries.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from services.ingest.domain.call import Call

_LOOKED_AT = frozenset(("page", "screen", "track"))
_AHEAD_OF_THE_VISITOR = "prefetch"
"""The collector's word for a page that was fetched before anybody asked for it."""
_SIGNS = (
    "bot", "crawl", "spider", "slurp", "headless", "phantomjs", "puppeteer", "playwright", "selenium", "webdriver",
    "lighthouse", "pagespeed", "gtmetrix", "pingdom", "uptime", "statuscake", "site24x7", "facebookexternalhit",
    "mediapartners-google", "google-read-aloud", "chatgpt-user", "claude-user", "perplexity-user", "embedly",
    "archive.org", "scrapy",
)  # fmt: skip
"""Names of crawlers, monitors and automated browsers. HTTP libraries are not among them: apps are made of those."""
_NOT_SIGNS = ("cubot",)
"""A maker of telephones has one of the signs in its name."""
_USER_AGENTS = 4_096
_LONGEST = 512


def is_bot(call: Call) -> bool:
    """Whether a machine looks to have done it, by its own name or because nobody has seen the page yet."""
    if call.trusted or call.type not in _LOOKED_AT:
        return False
    if call.flags and _AHEAD_OF_THE_VISITOR in call.flags and call.type == "page":
        return True
    return _calls_itself_one(call.context)


def _calls_itself_one(context: Mapping[str, Any]) -> bool:
    user_agent = context.get("userAgent")
    return isinstance(user_agent, str) and is_machine(user_agent[:_LONGEST])


@lru_cache(maxsize=_USER_AGENTS)
def is_machine(user_agent: str) -> bool:
    """Whether a User-Agent is that of a crawler, a monitor or an automated browser."""
    name = user_agent.lower()
    for innocent in _NOT_SIGNS:
        name = name.replace(innocent, "")
    return any(sign in name for sign in _SIGNS)
