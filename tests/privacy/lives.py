"""What one person does who is erased later, and what three others do beside her: calls and deals as senders post them.

Pure. Whatever is Ana's bears a mark; nothing of the others does. Deals have contacts of both sorts.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from tests.demo.calls import Arrival, Json, browser_track, page_view, text_of
from tests.privacy.marks import CANARY, EMAIL, PHONE

_HOUR = 60 * 60_000
_DAY = 24 * _HOUR
_SEARCH = Arrival("https://www.google.com/")
_PAID = Arrival("https://www.google.com/", {"source": "google", "medium": "cpc", "campaign": "robots"})


@dataclass(frozen=True, slots=True)
class Who:
    """Somebody, by everything they are called."""

    tag: str
    """In every id of theirs and everything they say."""
    email: str
    phone: str


ANA = Who(CANARY, EMAIL, PHONE)
OTHERS = tuple(Who(name, f"{name}@works.example", f"+49301000000{len(name)}") for name in ("bo", "eve", "ludwig"))


@dataclass(frozen=True, slots=True)
class Posted:
    """Something for a door: under the write key where `browser`, else under the server key."""

    path: str
    body: Json
    browser: bool = False


def journey(who: Who, begins_at: int, days: int) -> Iterator[Posted]:
    """Somebody who finds the site on two devices, asks for a demo under a name and is called, so many days later."""
    tag, device, other = who.tag, f"browser-{who.tag}", f"phone-{who.tag}"
    calls: Sequence[tuple[str, int, Json]] = (
        ("page", 0, page_view(device, begins_at, "/", _PAID if days % 2 else _SEARCH)),
        ("page", 1, page_view(other, begins_at + days * _DAY, f"/hello/{tag}", Arrival())),
        ("identify", 2, {"anonymousId": device, "userId": f"user-{tag}", "traits": _traits(who)}),
        ("track", 3, browser_track(device, 0, "Demo Requested", "/demo", _answers(who))),
        ("track", 4, {"userId": f"user-{tag}", "event": "Call", "properties": {"outcome": f"spoke of {tag}"}}),
        ("track", 5, {"userId": f"user-{tag}", "event": "Demo Held", "properties": {"notes": f"for {tag}"}}),
        ("identify", 6, {"anonymousId": other, "userId": f"user-{tag}", "traits": {"company": f"Works of {tag}"}}),
    )
    for path, number, body in calls:
        at = begins_at + days * _DAY + number * _HOUR if number else begins_at
        told = body | {"messageId": f"m{number}-{tag}", "timestamp": text_of(at)}
        yield Posted(path, told, browser="anonymousId" in body and path != "identify")


def _traits(who: Who) -> Json:
    return {"email": who.email, "phone": who.phone, "name": f"Somebody {who.tag}", "title": "VP Operations"}


def _answers(who: Who) -> Json:
    return {"email": who.email, "message": f"please call {who.tag}", "heard_from": f"a friend of {who.tag}"}


def refused(who: Who) -> Posted:
    """What a door refuses, with an address in it."""
    return Posted("track", {"messageId": f"refused-{who.tag}", "properties": {"email": who.email}})


def deals(begins_at: int, version: int = 1, without: Collection[Who] = ()) -> Iterator[Posted]:
    """A version of all deals, most of them won, of Ana and of others alike; but whoever they are posted without."""
    ana, (bo, eve, ludwig) = (ANA, OTHERS)
    asked = (
        ("d-ana", 1_000_003, "won", (ana,)), ("d-both", 2_000_009, "won", (ana, bo)), ("d-bo", 700_001, "won", (bo,)),
        ("d-all", 900_007, "won", (ludwig, eve, ana)), ("d-lost", 800_000, "lost", (ana, eve)),
    )  # fmt: skip
    for number, (name, amount_minor, status, people) in enumerate(asked):
        at = begins_at + (20 + number) * _DAY
        named = [who for who in people if who not in without]
        contacts = [{"email": who.email, "user_id": f"user-{who.tag}", "role": "decision_maker"} for who in named]
        body: Json = {
            "id": name, "version": version, "amount_minor": amount_minor, "currency": "EUR", "contacts": contacts,
            "status": status, "created_at": text_of(at - _DAY), "closed_at": text_of(at), "occurred_at": text_of(at),
        }  # fmt: skip
        yield Posted("deals", body)


def in_flight(who: Who, begins_at: int, number: int) -> Posted:
    """One of many events of somebody, after all deals: by a browser alone, or with an address in it."""
    body: Json = {
        "anonymousId": f"browser-{who.tag}", "event": "Content Downloaded", "messageId": f"late-{number}-{who.tag}",
        "properties": {"email": who.email, "name": who.tag} if number % 3 else {"name": who.tag},
        "timestamp": text_of(begins_at + 30 * _DAY + number * 60_000),
    }  # fmt: skip
    return Posted("track", body, browser=number % 2 == 0)


def everything(begins_at: int) -> Sequence[Posted]:
    """All of it but the deals, in the order it is posted."""
    journeys = [list(journey(who, begins_at, 3 + number)) for number, who in enumerate((ANA, *OTHERS))]
    return [*(posted for turn in zip(*journeys, strict=True) for posted in turn), refused(ANA), refused(OTHERS[0])]
