"""By which channel a visit came: Google's default channel grouping (as of November 2025) in our own channels.

Promises: one channel for any source, medium and campaign name; the rules are tried in their published order. Groups
that are not ours (shopping, cross-network) leave an event to the next rule that fits, or to `other`. Leaves out:
channels a kind has by itself (kinds.py).
"""

from collections.abc import Mapping
from functools import lru_cache

from services.ingest.domain.page import Address
from services.ingest.domain.traffic_sources import AI_ASSISTANTS, REVIEW_SITES, SEARCH, SOCIAL, VIDEO

CHANNELS = frozenset(
    (
        "direct", "organic_search", "paid_search", "organic_social", "paid_social", "email", "affiliates", "referral",
        "organic_video", "paid_video", "display", "sms", "push", "audio", "direct_mail", "print", "tv", "out_of_home",
        "ai_assistant", "event", "phone", "meeting", "chat", "partner", "review_site", "community", "other",
    )
)  # fmt: skip
DIRECT = "direct"

_SITUATIONS = 8_192
_HOSTS = 4_096
_NOT_SET = frozenset(("", "(not set)", "(none)"))
_PAID_WORDS = ("ppc", "retargeting")
_DISPLAY = frozenset(("display", "banner", "expandable", "interstitial", "cpm"))
_SOCIAL_MEDIUMS = frozenset(("social", "social-network", "social-media", "sm", "social network", "social media"))
_REFERRAL_MEDIUMS = frozenset(("referral", "app", "link"))
_EMAIL_WORDS = ("email", "e-mail", "e_mail", "e mail")
_OFFLINE_MEDIUMS: Mapping[str, str] = {
    "direct_mail": "direct_mail", "direct-mail": "direct_mail", "direct mail": "direct_mail", "postcard": "direct_mail",
    "print": "print", "magazine": "print", "newspaper": "print", "flyer": "print", "brochure": "print",
    "tv": "tv", "ctv": "tv", "ott": "tv", "radio": "audio", "podcast": "audio",
    "out_of_home": "out_of_home", "out-of-home": "out_of_home", "ooh": "out_of_home", "billboard": "out_of_home",
    "event": "event", "webinar": "event", "tradeshow": "event", "conference": "event",
    "partner": "partner", "reseller": "partner", "review": "review_site", "review_site": "review_site",
    "community": "community", "forum": "community", "chat": "chat", "phone": "phone", "call": "phone",
    "ai": "ai_assistant", "ai_assistant": "ai_assistant", "ai-assistant": "ai_assistant",
}  # fmt: skip
"""Ours, tried last: what Google would leave unassigned."""
_CLICK_CHANNELS: Mapping[str, str] = {
    "gclid": "paid_search", "gbraid": "paid_search", "wbraid": "paid_search", "msclkid": "paid_search",
    "yclid": "paid_search", "dclid": "display", "li_fat_id": "paid_social", "ttclid": "paid_social",
    "twclid": "paid_social", "rdt_cid": "paid_social", "epik": "paid_social", "sccid": "paid_social",
    "qclid": "paid_social", "irclickid": "affiliates", "fbclid": "organic_social",
}  # fmt: skip
"""What a click id says where no UTM does. Facebook puts its own on links that nobody paid for."""
_WORLDWIDE_SEARCH = frozenset(("google", "yandex", "bing", "yahoo", "duckduckgo", "baidu", "startpage", "ask", "qwant"))
"""Engines that have a site in many countries: `google.co.uk` is as good as `google.com`."""
_FRONTS = ("www.", "m.", "search.", "r.", "encrypted.")
"""First labels that an engine's own results come from; `mail.google.com` is not among them."""
_SECOND_LEVEL = frozenset(("ac", "co", "com", "edu", "go", "gov", "gv", "ne", "net", "nom", "or", "org"))
_HOSTED = frozenset(
    (
        "blogspot.com", "github.io", "gitlab.io", "herokuapp.com", "hubspotpagebuilder.com", "myshopify.com",
        "netlify.app", "notion.site", "pages.dev", "vercel.app", "web.app", "webflow.io", "wixsite.com",
        "wordpress.com",
    )
)  # fmt: skip
"""Domains under which every name is somebody else's."""


def channel_of_visit(campaign: Mapping[str, str], url: Address, referrer: Address) -> str:
    """The channel of a visit: by its campaign, else by what it was clicked on, else by where it came from.

    A referrer on the visitor's own side of the link (the same registrable domain) is no referrer.
    """
    if campaign:
        source, medium = campaign.get("source", ""), campaign.get("medium", "")
        if source or medium:
            return channel(source, medium, campaign.get("name", ""))
        for click_id, by_click in _CLICK_CHANNELS.items():
            if click_id in campaign:
                return by_click
    if not referrer.host or same_site(url.host, referrer.host):
        return DIRECT
    return channel(referrer.host, "referral", "")


@lru_cache(maxsize=_SITUATIONS)
def channel(source: str, medium: str, campaign: str) -> str:
    """The channel of a source, a medium and a campaign name, in any case."""
    source, medium, campaign = source.strip().lower(), medium.strip().lower(), campaign.strip().lower()
    if (source in _NOT_SET or source == "(direct)") and medium in _NOT_SET:
        return DIRECT
    if "cross-network" in campaign:
        return "other"
    category = category_of(source)
    if is_paid(medium):
        return _paid(category, medium)
    if medium in _DISPLAY:
        return "display"
    if category == "ai":
        return "ai_assistant"
    return _unpaid(source, medium, category)


@lru_cache(maxsize=_HOSTS)
def category_of(source: str) -> str:
    """`search`, `social`, `video`, `ai` or `review`; empty where a source (name or host) is none of them."""
    if source in AI_ASSISTANTS:
        return "ai"
    host = source
    for front in _FRONTS:
        host = host.removeprefix(front)
    name, _, zone = host.partition(".")
    if source in SEARCH or host in SEARCH or (name in _WORLDWIDE_SEARCH and zone and _is_zone(zone)):
        return "search"
    if source.endswith(".search.yahoo.com"):
        return "search"
    for category, listed in (("ai", AI_ASSISTANTS), ("review", REVIEW_SITES), ("video", VIDEO), ("social", SOCIAL)):
        if any(parent in listed for parent in _parents(source)):
            return category
    return ""


def is_paid(medium: str) -> bool:
    """Whether a medium says that somebody paid."""
    return "cp" in medium or medium in _PAID_WORDS or medium.startswith("paid")


def same_site(host: str, other: str) -> bool:
    """Whether two hosts belong to the same registrable domain."""
    return bool(host) and (host == other or registrable(host) == registrable(other))


@lru_cache(maxsize=_HOSTS)
def registrable(host: str) -> str:
    """The part of a host that somebody registered, by the common shapes of such names; IP addresses stay whole."""
    labels = host.split(".")
    if len(labels) <= 2 or labels[-1].isdigit() or ":" in host:
        return host
    two = ".".join(labels[-2:])
    shared = two in _HOSTED or (len(labels[-1]) == 2 and labels[-2] in _SECOND_LEVEL)
    return ".".join(labels[-3:]) if shared else two


def _paid(category: str, medium: str) -> str:
    if category in ("search", "social", "video"):
        return f"paid_{category}"
    if category == "review":
        return "review_site"
    return "display" if medium in _DISPLAY else "other"


def _unpaid(source: str, medium: str, category: str) -> str:
    if category == "social" or medium in _SOCIAL_MEDIUMS:
        return "organic_social"
    if category == "video" or "video" in medium:
        return "organic_video"
    if category == "search" or medium == "organic":
        return "organic_search"
    if category == "review":
        return "review_site"
    if medium in _REFERRAL_MEDIUMS:
        return "referral"
    return _by_words(source, medium)


def _by_words(source: str, medium: str) -> str:
    if any(word in source or word in medium for word in _EMAIL_WORDS):
        return "email"
    if medium == "affiliate" or medium == "affiliates":
        return "affiliates"
    if medium == "audio":
        return "audio"
    if source == "sms" or medium == "sms":
        return "sms"
    if medium.endswith("push") or "mobile" in medium or "notification" in medium or source == "firebase":
        return "push"
    return _OFFLINE_MEDIUMS.get(medium, "other")


def _is_zone(zone: str) -> bool:
    labels = zone.split(".")
    return len(labels) == 1 or (len(labels) == 2 and labels[0] in _SECOND_LEVEL and len(labels[1]) == 2)


def _parents(source: str) -> list[str]:
    """A host and the domains above it, down to two labels; a plain name is its own only one."""
    labels = source.split(".")
    return [source] + [".".join(labels[at:]) for at in range(1, len(labels) - 1)]
