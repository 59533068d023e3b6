"""A small story in scenes: what is sent, and what a sender knows must come of it.

Pure: the same seed, tag and end give the same story. No two events happen at one time, so ids decide nothing;
whoever must be handed over is on no deal before the end, so it cannot be too late for it.
"""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tests.demo.calls import Arrival, Call, Json, backend_track, browser_track, form, identify, page_view, text_of
from tests.demo.cast import Company, Part, Person

CURRENCY = "EUR"
_MINUTE = 60_000
_HOUR = 60 * _MINUTE
_DAY = 24 * _HOUR
_DAYS = 60
_SOLD_AT_LAST = 3
_SEARCH = Arrival("https://www.google.com/")
_CAMPAIGN = Arrival("https://www.google.com/", {"source": "google", "medium": "cpc", "campaign": "robots"})


@dataclass(frozen=True, slots=True)
class Sold:
    """A deal as it must stand in the end."""

    status: str
    amount_minor: int
    version: int


@dataclass(frozen=True, slots=True)
class Scene:
    """What a few people do, in the order of its events: calls, then versions of deals."""

    calls: tuple[Call, ...]
    deals: tuple[Json, ...] = ()


@dataclass(frozen=True, slots=True)
class Story:
    """Scenes, and the deals that are only posted when everybody who asked has been handed over."""

    tag: str
    scenes: tuple[Scene, ...]
    ending: tuple[Json, ...]
    asked: frozenset[str]
    """Address of everybody who asked for a demo: each must be handed over, once."""
    deals: Mapping[str, Sold]

    @property
    def message_ids(self) -> frozenset[str]:
        """Of every call."""
        return frozenset(call.message_id for scene in self.scenes for call in scene.calls)


class _Pen:
    """Writes down a scene; its clock only goes forward."""

    def __init__(self, rng: random.Random, tag: str, begins_at: int) -> None:
        self.rng = rng
        self.tag = tag
        self.now = begins_at
        self.sold: dict[str, Sold] = {}
        self.asked: list[Person] = []
        self._calls: list[Call] = []
        self._deals: list[Json] = []
        self._written = 0
        self._people = 0

    def person(self, devices: int = 1) -> Person:
        """Somebody new, of a company of their own."""
        self._people += 1
        number, tag = self._people, self.tag
        company = Company(f"Works {number}", f"works{number}.{tag}.example", "manufacturing", 100 + number)
        ids = tuple(f"{tag}-browser-{number}-{device}" for device in range(devices))
        email = f"p{number}@{company.domain}"
        return Person(f"Person {number}", email, "VP Operations", f"{tag}-u{number}", ids, Part.ASKER, company)

    def browses(self, device: str, pages: int) -> None:
        """So many page views, minutes apart."""
        arrival = self.rng.choice((_SEARCH, _CAMPAIGN))
        for path in self.rng.sample(("/", "/product", "/pricing", "/blog/roi", "/docs/api"), pages):
            self._call(page_view(device, self._tick(), path, arrival))

    def identifies(self, person: Person, device: str, *, with_user_id: bool = False) -> None:
        """Somebody says who they are."""
        self._call(identify(person, device, self._tick(), with_user_id=with_user_id))

    def submits(self, person: Person, event: str) -> None:
        """A form with an address in it."""
        answers = form(person, form_name=event, title=person.title)
        self._call(browser_track(person.devices[0], self._tick(), event, "/form", answers))

    def is_met(self, person: Person) -> None:
        """A back end knows of a fair they came to."""
        at = self._tick()
        self._call(backend_track(person, at, "Event Attended", {"event_name": "Fair"}), server=True)

    def deal(self, person: Person, status: str) -> Sequence[Json]:
        """Both versions of a deal: opened, and how it ended."""
        name = f"{self.tag}-deal-{len(self.sold) + 1}"
        amount_minor = self.rng.randrange(100_003, 9_000_000)
        self.sold[name] = Sold(status, amount_minor, 2)
        created_at, closed_at = self._tick(), self._tick() + _HOUR
        opened: Json = {
            "id": name,
            "contacts": [{"email": person.email, "role": "decision_maker"}],
            "currency": CURRENCY,
            "amount_minor": amount_minor,
            "created_at": text_of(created_at),
            "occurred_at": text_of(created_at),
            "status": "open",
            "version": 1,
        }
        closed = {"status": status, "closed_at": text_of(closed_at), "occurred_at": text_of(closed_at), "version": 2}
        return [opened, opened | closed]

    def posts(self, versions: Sequence[Json]) -> None:
        """Deals that are posted in this scene."""
        self._deals += versions

    def scene(self) -> Scene:
        """What has been written since the last scene."""
        scene = Scene(tuple(self._calls), tuple(self._deals))
        self._calls, self._deals = [], []
        return scene

    def _tick(self) -> int:
        self.now += self.rng.randint(_MINUTE, 5 * _MINUTE)
        return self.now

    def _call(self, body: Json, *, server: bool = False) -> None:
        self._written += 1
        body = {"messageId": f"{self.tag}-m{self._written:03}"} | body
        self._calls.append(Call(self.now, "server" if server else "write", body))


def tell(*, tag: str, ends_at: int, seed: int = 1, rounds: int = 3) -> Story:
    """A story of `rounds` times five scenes, all before `ends_at` (ms): 27 calls and 4 versions of deals a round."""
    rng = random.Random(seed)
    pen = _Pen(rng, tag, ends_at - _DAYS * _DAY)
    scenes = [scene for _ in range(rounds) for scene in _round(pen)]
    ending = [version for person in pen.asked[:_SOLD_AT_LAST] for version in pen.deal(person, "won")]
    return Story(
        tag=tag,
        scenes=tuple(scenes),
        ending=tuple(ending),
        asked=frozenset(person.email for person in pen.asked),
        deals=pen.sold,
    )


def _round(pen: _Pen) -> Iterator[Scene]:
    for play in (_asks, _buys, _shares_a_browser, _asks_from_two_devices, _declines):
        play(pen)
        yield pen.scene()
        pen.now += _HOUR


def _asks(pen: _Pen) -> None:
    person = pen.person()
    pen.browses(person.devices[0], 2)
    pen.submits(person, "Demo Requested")
    pen.asked.append(person)


def _buys(pen: _Pen) -> None:
    person = pen.person()
    pen.browses(person.devices[0], 3)
    pen.submits(person, "Form Submitted")
    pen.is_met(person)
    pen.posts(pen.deal(person, "won"))


def _shares_a_browser(pen: _Pen) -> None:
    first, second = pen.person(), pen.person()
    kiosk = first.devices[0]
    for person in (first, second):
        pen.browses(kiosk, 1)
        pen.identifies(person, kiosk, with_user_id=True)
        pen.browses(kiosk, 1)
    pen.browses(second.devices[0], 2)


def _asks_from_two_devices(pen: _Pen) -> None:
    person = pen.person(devices=2)
    for device in person.devices:
        pen.browses(device, 2)
    pen.identifies(person, person.devices[1])
    pen.submits(person, "Demo Requested")
    pen.asked.append(person)


def _declines(pen: _Pen) -> None:
    person = pen.person()
    pen.browses(person.devices[0], 2)
    pen.submits(person, "Content Downloaded")
    pen.posts(pen.deal(person, "lost"))
