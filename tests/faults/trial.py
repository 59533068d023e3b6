"""One story played against one fleet, with a CRM that takes the webhooks: what a test of a fault is made of."""

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from threading import Event

import httpx

from tests.demo.calls import Json
from tests.demo.crm import Crm, Mailbox, Place
from tests.demo.deployment import NotSettled, Reader
from tests.demo.player import Ledger as Book
from tests.faults.audit import Books, State, differences, state
from tests.faults.ledger import Client, Ledger, Parcel, calls_in_parcels, deals_in_parcels
from tests.faults.processes import Fleet, Pause
from tests.faults.story import Scene, Story, tell

_SETTLE_SECONDS = 90.0
_LOOK_AGAIN_SECONDS = 0.5
_STARTED_MS = time.time_ns() // 1_000_000


def story_of(tag: str) -> Story:
    """The story, under a tag of its own; it happens at the same times whoever tells it."""
    return tell(tag=tag, ends_at=_STARTED_MS)


class Trial:
    """Use it as a context; the fleet must be up by then."""

    def __init__(self, fleet: Fleet, story: Story, folder: Path) -> None:
        self.fleet = fleet
        self.story = story
        self.ledger = Ledger(folder / "ledger")
        self.client = Client(fleet.deployment, self.ledger)
        self._books = Books(story, self.ledger, Book(folder / "received"))
        self._exit = ExitStack()

    def __enter__(self) -> "Trial":
        self._exit.callback(self.client.close)
        self._reader = self._exit.enter_context(Reader(self.fleet.deployment))
        mailbox = Mailbox(self._books.received, _say_nothing)
        crm = Crm(mailbox, Place())
        crm.start()
        self._exit.callback(crm.stop)
        endpoint = self._reader.post("handoff", "/v1/endpoints", {"url": crm.url, "events": ["*"], "name": "CRM"})
        mailbox.trust(endpoint["secret"])
        return self

    def __exit__(self, *_: object) -> None:
        self._exit.close()

    def play(self, scene: Scene, meanwhile: Callable[[], None] = lambda: None) -> None:
        """Send a scene, every parcel until it is taken."""
        for parcel in parcels(scene):
            self.client.send(parcel, meanwhile)

    def finish(self) -> None:
        """Settle, post the deals of the end, and settle again."""
        self.settle()
        self.play(Scene((), self.story.ending))
        self.settle()

    def settle(self, within: float = _SETTLE_SECONDS) -> None:
        """Return when nobody has work; a service that cannot tell now is asked again."""
        pause = Pause(within)
        while True:
            try:
                self._reader.wait_until_settled(_LOOK_AGAIN_SECONDS * 4, Event())
            except (NotSettled, httpx.HTTPError) as reason:
                pause.wait(_LOOK_AGAIN_SECONDS, f"everything is settled ({reason})")
            else:
                return

    def has_read(self, service: str) -> bool:
        """Whether a service stands at the end of everything it reads."""
        topics = self._reader.get(service, "/v1/lag")["topics"]
        return all(topic["position"] == topic["end"] for topic in topics)

    def differences(self, deaths: int = 1) -> list[str]:
        """What is not as it was sent, or as it must follow from it; empty where all is well. `deaths`: how often the
        process that sends webhooks may have died."""
        return differences(self._books, self._reader, deaths)

    def state(self) -> State:
        """What the services say of the story."""
        return state(self._reader, self.story)


def parcels(scene: Scene, size: int = 1) -> Sequence[Parcel]:
    """A scene as it travels: calls up to `size` in a POST, then its deals."""
    return [*calls_in_parcels(scene.calls, size), *deals_in_parcels(scene.deals)]


def _say_nothing(_lead: Json) -> None:
    return
