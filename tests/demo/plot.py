"""One person's ninety days: visits, what they read and ask for, and what sales does about it.

Only what is sent is written here; nothing of it says what the services ought to make of it.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from tests.demo.calls import Arrival, Call, Json, Key, backend_track, browser_track, form, identify, page_view
from tests.demo.cast import Part, Person

SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
DAYS = 90

_LATE_SHARE = 0.06
_ARRIVALS: Mapping[str, tuple[Arrival, ...]] = MappingProxyType(
    {
        "organic": (Arrival("https://www.google.com/"), Arrival("https://duckduckgo.com/")),
        "paid": (
            Arrival("https://www.google.com/", {"source": "google", "medium": "cpc", "campaign": "2026-q4-robots"}),
            Arrival("https://www.bing.com/", {"source": "bing", "medium": "cpc", "campaign": "2026-q4-brand"}),
        ),
        "social": (Arrival("https://www.linkedin.com/"), Arrival("https://www.reddit.com/")),
        "paid social": (
            Arrival(
                "https://www.linkedin.com/",
                {"source": "linkedin", "medium": "paid-social", "campaign": "2026-q4-robots", "content": "ad-7"},
            ),
        ),
        "referral": (Arrival("https://partner-blog.example/best-tools"), Arrival("https://trade-press.example/news")),
        "e-mail": (Arrival("", {"source": "newsletter", "medium": "email", "campaign": "2026-nurture-2"}),),
        "direct": (Arrival(),),
    }
)
_FIRST = ("organic", "paid", "social", "paid social", "referral", "direct"), (32, 18, 10, 14, 13, 13)
_KNOWN = ("organic", "paid", "social", "e-mail", "referral", "direct"), (15, 8, 5, 35, 5, 32)
_PATHS = ("/", "/product", "/pricing", "/case-studies/acme", "/blog/warehouse-automation", "/blog/roi", "/docs/api")
_VISITS = MappingProxyType(
    {Part.PASSER_BY: (1, 3), Part.READER: (2, 6), Part.ASKER: (3, 8), Part.SHY_ASKER: (2, 3), Part.PROSPECT: (1, 3)}
)
_FAIR_DAYS = (30, 62)
_WEBINAR_DAYS = (18, 44, 71)


@dataclass(frozen=True, slots=True)
class Life:
    """What a person's plot came to: when (if ever) they gave an address, and asked for a demo or a trial."""

    person: Person
    known_at: int | None
    asked_at: int | None


def message_prefix(tag: str) -> str:
    """What every message id of one run begins with."""
    return f"demo-{tag}-"


class Pen:
    """Writes calls down: gives each its message id and says when it arrives."""

    def __init__(self, rng: random.Random, tag: str, ends_at: int) -> None:
        self.rng = rng
        self.ends_at = ends_at
        self.begins_at = ends_at - DAYS * DAY
        self.calls: list[Call] = []
        self._tag = tag

    def write(self, at: int, key: Key, body: Json, *, alone: bool = False, fault: str = "") -> None:
        """A call about something that happened at `at`; some arrive hours or days after that."""
        # What leaves at once keeps its order; a phone in a tunnel or a nightly export does not.
        late = self.rng.random() < _LATE_SHARE and not alone
        delay = self.rng.randint(HOUR, 4 * DAY) if late else self.rng.randint(0, 2 * SECOND)
        body = {"messageId": f"{message_prefix(self._tag)}{len(self.calls):05}"} | body
        self.calls.append(Call(due=min(at + delay, self.ends_at), key=key, body=body, alone=alone, fault=fault))


def live(pen: Pen, person: Person) -> Life:
    """Write down everything one person does, and what is done about them."""
    times = _visit_times(pen, person)
    asks = len(times) - 1 if person.part in (Part.ASKER, Part.SHY_ASKER) else None
    tells = _tells(pen.rng, person, len(times))
    known_at = _prospect(pen, person, times[0] - DAY) if person.part is Part.PROSPECT else None
    asked_at: int | None = None
    for number, at in enumerate(times):
        device = person.devices[number % len(person.devices)]
        left_at = _visit(pen, person, device, at, first=number == 0, known=known_at is not None)
        if number == tells:
            _read_on(pen, person, device, left_at)
            known_at = left_at
        if number == asks:
            asked_at = left_at
            told_at = _ask(pen, person, device, left_at)
            known_at = known_at or told_at
    if known_at is not None:
        _log_in_everywhere(pen, person, times[-1])
        _go_out(pen, person, known_at)
        if asked_at is not None:
            _follow_up(pen, person, asked_at)
    return Life(person, known_at, asked_at)


def _visit_times(pen: Pen, person: Person) -> Sequence[int]:
    rng = pen.rng
    first = pen.begins_at + rng.randint(2 * DAY, 60 * DAY)
    span = rng.randint(4 * DAY, 24 * DAY)
    count = rng.randint(*_VISITS[person.part])
    # Different days: two visits inside half an hour would be one.
    days = sorted(rng.sample(range(max(span // DAY, count) + 1), count))
    return [first + day * DAY + rng.randint(0, 8 * HOUR) for day in days]


def _tells(rng: random.Random, person: Person, visits: int) -> int | None:
    """At which visit an address is given for something to read; none where only the request for a demo has it."""
    if person.part is Part.READER:
        return rng.randrange(visits)
    if person.part is Part.ASKER and rng.random() < 0.5:
        return rng.randrange(visits - 1)
    return None


def _visit(pen: Pen, person: Person, device: str, at: int, *, first: bool, known: bool) -> int:
    """Page views of one visit; answers when the last one began."""
    rng = pen.rng
    names, weights = _KNOWN if known else _FIRST
    name = rng.choices(names, weights)[0] if first or known or rng.random() < 0.5 else "direct"
    arrival = rng.choice(_ARRIVALS[name])
    if name == "e-mail":
        mail = {"campaign_name": "2026-nurture-2", "email_subject": "Three plants, one quarter", "channel": "email"}
        pen.write(at - 20 * SECOND, "server", backend_track(person, at - 20 * SECOND, "Email Clicked", mail))
    for number in range(rng.randint(1, 5)):
        here = arrival if number == 0 else Arrival("https://www.throughline-demo.example/")
        pen.write(at, "write", page_view(device, at, rng.choice(_PATHS), here))
        at += rng.randint(15 * SECOND, 3 * MINUTE)
    return at


def _read_on(pen: Pen, person: Person, device: str, at: int) -> None:
    asset = pen.rng.choice(("Buyer's guide", "ROI calculator", "Newsletter"))
    event = "Form Submitted" if asset == "Newsletter" else "Content Downloaded"
    pen.write(at, "write", identify(person, device, at, with_user_id=False), alone=True)
    at += SECOND
    answers = form(person, form_name=asset, heard_from=pen.rng.choice(("a colleague", "search", "a podcast")))
    pen.write(at, "write", browser_track(device, at, event, "/resources", answers), alone=pen.rng.random() < 0.3)


def _ask(pen: Pen, person: Person, device: str, at: int) -> int | None:
    """Ask for a demo or a trial; answers when an address was given, which may be hours later, or never."""
    if person.part is Part.SHY_ASKER:
        pen.write(at, "write", browser_track(device, at, "Trial Started", "/trial", {"plan": "sandbox"}), alone=True)
        return None
    if pen.rng.random() < 0.3:
        pen.write(at, "write", browser_track(device, at, "Trial Started", "/trial", {"plan": "team"}), alone=True)
        signed_up = at + pen.rng.choice((SECOND, 6 * HOUR))
        pen.write(signed_up, "write", identify(person, device, signed_up, with_user_id=True), alone=True)
        return signed_up
    answers = form(person, form_name="Request a demo", title=person.title, seats=pen.rng.randint(5, 80))
    pen.write(at, "write", browser_track(device, at, "Demo Requested", "/demo", answers), alone=True)
    if pen.rng.random() < 0.2:
        # Nobody called back within the hour, so they ask again: still one lead.
        again = at + HOUR
        pen.write(again, "write", browser_track(device, again, "Demo Requested", "/demo", answers), alone=True)
    return at


def _log_in_everywhere(pen: Pen, person: Person, at: int) -> None:
    """Whoever uses two devices is told by an address given on both."""
    if len(person.devices) < 2:
        return
    for number, device in enumerate(person.devices, start=1):
        told = at + 8 * HOUR + number * HOUR
        pen.write(told, "write", identify(person, device, told, with_user_id=False), alone=True)


def _prospect(pen: Pen, person: Person, at: int) -> int:
    """Sales finds somebody, writes, and calls; answers when the address was known."""
    pen.write(at, "server", backend_track(person, at, "Prospected", {"department": "sales", "list": "target accounts"}))
    _call(pen, person, at + 6 * HOUR, answered=pen.rng.random() < 0.5)
    return at


def _go_out(pen: Pen, person: Person, known_at: int) -> None:
    """Fairs, where a badge is scanned, and webinars, to which one is invited by mail."""
    if person.part is not Part.PROSPECT and pen.rng.random() < 0.12:
        at = pen.begins_at + pen.rng.choice(_FAIR_DAYS) * DAY + pen.rng.randint(0, 6 * HOUR)
        pen.write(at, "server", backend_track(person, at, "Event Attended", {"event_name": "Automation Fair"}))
    ahead = [day for day in _WEBINAR_DAYS if pen.begins_at + day * DAY > known_at]
    if ahead and pen.rng.random() < 0.25:
        at = pen.begins_at + ahead[0] * DAY + 15 * HOUR
        about = {"webinar_name": "Robots without downtime", "minutes": pen.rng.randint(5, 60)}
        pen.write(at, "server", backend_track(person, at, "Webinar Attended", about))


def _follow_up(pen: Pen, person: Person, asked_at: int) -> None:
    at = asked_at + pen.rng.randint(2 * HOUR, DAY)
    _call(pen, person, at, answered=True)
    if pen.rng.random() < 0.7:
        held_at = at + pen.rng.randint(2, 4) * DAY
        pen.write(at + HOUR, "server", backend_track(person, at + HOUR, "Meeting Booked", {"department": "sales"}))
        event = pen.rng.choice(("Meeting Held", "Demo Held"))
        pen.write(held_at, "server", backend_track(person, held_at, event, {"department": "sales", "minutes": 45}))


def _call(pen: Pen, person: Person, at: int, *, answered: bool) -> None:
    about = {"department": "sales", "direction": "outbound", "outcome": "connected" if answered else "no_answer"}
    pen.write(at, "server", backend_track(person, at, "Call", about | {"minutes": pen.rng.randint(1, 25)}))
