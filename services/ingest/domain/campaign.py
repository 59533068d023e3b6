"""The campaign an event came by: UTM values and click ids, from the sender's own words or the page's address.

Promises: values are as sent, trimmed and bounded, source and medium in lower case. Nothing is escaped here: whoever
shows a value does that. Leaves out: which channel it was (channels.py).
"""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from services.ingest.domain.limits import CAMPAIGN_LENGTH
from services.ingest.domain.page import Address, looks_personal
from services.ingest.domain.text import readable

CLICK_IDS = frozenset(
    (
        "gclid", "gbraid", "wbraid", "dclid", "msclkid", "fbclid", "li_fat_id", "ttclid", "twclid", "rdt_cid",
        "epik", "sccid", "qclid", "yclid", "irclickid",
    )
)  # fmt: skip

_LANDINGS = 1_024
_UTM: Mapping[str, str] = {
    "utm_source": "source",
    "utm_medium": "medium",
    "utm_campaign": "name",
    "utm_term": "term",
    "utm_content": "content",
    "utm_id": "id",
}
_CONTEXT: Mapping[str, str] = {
    "source": "source", "medium": "medium", "name": "name", "campaign": "name", "term": "term", "content": "content",
    "id": "id",
}  # fmt: skip
"""How SDKs call the same things in `context.campaign`."""
_LOWER_CASE = ("source", "medium")


class Landing(NamedTuple):
    """What the address of a page says of a campaign."""

    utm: Mapping[str, str]
    click_ids: Mapping[str, str]


def campaign_of(context: Mapping[str, Any], properties: Mapping[str, Any], url: Address) -> dict[str, str]:
    """The campaign of an event: one place tells all of it, so that two campaigns are never mixed.

    First `context.campaign`, then the address of the page, then `utm_` properties of a form or an import. Click ids
    come beside it from wherever they are.
    """
    landing = landing_of(url.query) if url.query else None
    told = context.get("campaign")
    campaign = _named(told.items(), _CONTEXT) if isinstance(told, dict) else {}
    if not campaign and landing is not None:
        campaign = dict(landing.utm)
    if not campaign and ("utm_source" in properties or "utm_medium" in properties or "utm_campaign" in properties):
        campaign = _named(properties.items(), _UTM)
    if landing is not None and landing.click_ids:
        campaign.update(landing.click_ids)
    if isinstance(told, dict) and not CLICK_IDS.isdisjoint(told):
        campaign.update(_click_ids(told.items()))
    return campaign


@lru_cache(maxsize=_LANDINGS)
def landing_of(query: tuple[tuple[str, str], ...]) -> Landing:
    """The campaign in a decoded query; where a name comes twice, the first one holds."""
    first_holds = query[::-1]
    return Landing(_named(first_holds, _UTM), _click_ids(first_holds))


def _named(pairs: Iterable[tuple[str, Any]], names: Mapping[str, str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in pairs:
        key = names.get(name) or names.get(name.lower())
        if key is not None and (text := _value(value)):
            found[key] = text.lower() if key in _LOWER_CASE else text
    return found


def _click_ids(pairs: Iterable[tuple[str, Any]]) -> dict[str, str]:
    return {name.lower(): text for name, value in pairs if name.lower() in CLICK_IDS and (text := _value(value))}


def _value(value: object) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        return ""
    text = readable(value)[:CAMPAIGN_LENGTH]
    return "" if looks_personal(text) else text
