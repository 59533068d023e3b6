"""What a tracking client sends: calls in Segment's shape, with ids and times that never change on a re-send.

Browser calls go with the public write key, those of back ends with the server key. The shapes are written
here by hand on purpose: the demo shares no code with what it tries.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal
from urllib.parse import urlencode

from tests.demo.cast import Person

Json = dict[str, Any]
Key = Literal["write", "server"]

SITE = "https://www.throughline-demo.example"
USER_AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
"""What a browser says it is: a library's own name on the public key would rightly be taken for a bot."""

_CLICK_ID = {"google": "gclid", "bing": "msclkid", "facebook": "fbclid"}


@dataclass(frozen=True, slots=True)
class Call:
    """One call. `due`: when it reaches the door, in milliseconds of the story's own time."""

    due: int
    key: Key
    body: Json
    alone: bool = False
    """Sent by itself, as browsers do; the others travel in batches."""
    fault: str = ""
    """Why the door has to refuse it; empty where it has to take it."""

    @property
    def message_id(self) -> str:
        return str(self.body["messageId"])


@dataclass(frozen=True, slots=True)
class Arrival:
    """What brings a visitor: the page that links here, and the campaign that was paid for it."""

    referrer: str = ""
    utm: Mapping[str, str] | None = None


def text_of(instant: int) -> str:
    """RFC 3339 with milliseconds of an instant in milliseconds since the epoch."""
    return datetime.fromtimestamp(instant / 1000, UTC).isoformat(timespec="milliseconds")[:-6] + "Z"


def page_view(device: str, at: int, path: str, arrival: Arrival) -> Json:
    """A page view on the site; the campaign rides in the address, as on a real landing page."""
    utm = dict(arrival.utm or {})
    query = {f"utm_{name}": value for name, value in utm.items()}
    if click_id := _CLICK_ID.get(utm.get("source", "")):
        query[click_id] = f"c{at}"
    page = {
        "url": f"{SITE}{path}" + (f"?{urlencode(query)}" if query else ""),
        "path": path,
        "title": path.strip("/").replace("-", " ").title() or "Home",
        "referrer": arrival.referrer,
    }
    context: Json = {"page": page, "userAgent": USER_AGENT}
    if utm:
        context["campaign"] = {("name" if name == "campaign" else name): value for name, value in utm.items()}
    return _stamped("page", at) | {"anonymousId": device, "name": page["title"], "properties": page, "context": context}


def browser_track(device: str, at: int, event: str, path: str, properties: Json) -> Json:
    """Something a visitor did on a page."""
    context = {"page": {"url": f"{SITE}{path}", "path": path}, "userAgent": USER_AGENT}
    return _stamped("track", at) | {
        "anonymousId": device, "event": event, "properties": properties, "context": context
    }  # fmt: skip


def identify(person: Person, device: str, at: int, *, with_user_id: bool) -> Json:
    """A visitor says who they are; only those with an account of ours have a user id."""
    body = _stamped("identify", at) | {"anonymousId": device, "traits": _traits(person)}
    body["context"] = {"userAgent": USER_AGENT}
    return body | {"userId": person.user_id} if with_user_id else body


def backend_track(person: Person, at: int, event: str, properties: Json) -> Json:
    """Something a back end knows of a person: the mail tool, the phone, the calendar, the badge scanner."""
    return _stamped("track", at) | {
        "userId": person.user_id,
        "event": event,
        "properties": properties,
        "context": {"traits": _traits(person)},
    }


def form(person: Person, **answers: Any) -> Json:
    """What a person types into a form."""
    return {"email": person.email, "name": person.name, "company": person.company.name, "consent": True} | answers


def _traits(person: Person) -> Json:
    company = {
        "name": person.company.name,
        "domain": person.company.domain,
        "industry": person.company.industry,
        "employees": person.company.employees,
    }
    return {"email": person.email, "name": person.name, "title": person.title, "company": company}


def _stamped(kind: str, at: int) -> Json:
    return {"type": kind, "timestamp": text_of(at)}
