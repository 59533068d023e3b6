"""What is sent and worked while measuring: about 900 bytes an event, as a browser's library sends it.

Seeded: two runs measure the same bytes.
"""

import json
import random
from base64 import b64encode
from collections.abc import Sequence
from typing import Any

from tests.bench.load import request

USER_AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
_PEOPLE = 2_000
_PAGES = 50
_CONTEXT = {
    "campaign": {"name": "autumn", "medium": "cpc", "source": "google"},
    "library": {"name": "analytics.js", "version": "next-1.77.0"},
    "locale": "en-US",
    "timezone": "Europe/Berlin",
    "userAgent": USER_AGENT,
}
_SENT_AT = "2026-11-23T10:00:00.000Z"


def page_view(number: int, rng: random.Random) -> dict[str, Any]:
    """One page view of one of the visitors."""
    visitor, page = rng.randrange(_PEOPLE), _page(rng.randrange(_PAGES))
    return {
        "type": "page",
        "messageId": f"ajs-next-{number:012d}-5f0c2b7e9d",
        "anonymousId": f"7b4c9a52-0d3e-4f6a-8f1b-{visitor:012d}",
        "name": "Pricing",
        "properties": page,
        "context": _CONTEXT | {"page": page},
        "timestamp": _SENT_AT,
    }


def _page(number: int) -> dict[str, str]:
    path = f"/pricing/{number:02d}"
    url = f"https://shop.example{path}?utm_source=google&utm_medium=cpc&utm_campaign=autumn"
    return {"path": path, "referrer": "https://www.google.com/", "search": "", "title": "Pricing", "url": url}


def singles(count: int, write_key: str) -> Sequence[bytes]:
    """Requests with one page view each."""
    rng = random.Random(1)
    views = (page_view(number, rng) for number in range(count))
    return [request("/v1/page", json.dumps(view).encode(), basic(write_key)) for view in views]


def batches(count: int, size: int, write_key: str) -> Sequence[bytes]:
    """Requests with so many page views each."""
    rng = random.Random(2)
    made = []
    for batch in range(count):
        items = [page_view(batch * size + number, rng) for number in range(size)]
        body = json.dumps({"batch": items, "sentAt": _SENT_AT}).encode()
        made.append(request("/v1/batch", body, basic(write_key)))
    return made


def basic(key: str) -> str:
    """The Authorization header's value for a key of the doors."""
    return "Basic " + b64encode(f"{key}:".encode()).decode()
