"""`python -m tests.demo`: start everything, play ninety days through the doors, show what came of it, balance.

Ends with 0 only where every check of the books holds. Without `--exit` the services stay up until Ctrl-C.
`DEMO_PICTURE=FILE.svg` in the environment also draws the tables, as the README shows them.
"""

import os
import random
import re
import shutil
import signal
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from enum import StrEnum
from io import StringIO
from pathlib import Path
from threading import Event
from typing import Annotated

import httpx
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from tests.demo import report
from tests.demo.books import MODELS, Check, OwnBooks, balance
from tests.demo.crm import Clerk, Crm, Mailbox, Place
from tests.demo.deployment import Deployment, NotReady, NotSettled, Reader, compose
from tests.demo.evidence import NOTHING, attribution, gather, look_before
from tests.demo.player import PATIENCE_SECONDS, Ledger, Player, Refused
from tests.demo.processes import Services
from tests.demo.story import Story, tell

_ENV = Path(__file__).parents[2] / ".env"
_SETTLE_SECONDS = 120.0
_PLAIN_COLUMNS = 120
_PICTURE_COLUMNS = 84
_LATEST_MS = 60_000
"""The story ends this long before now: nothing in it lies ahead of anybody's clock."""


class Against(StrEnum):
    """What the demo talks to."""

    EMBEDDED = "embedded"
    COMPOSE = "compose"


@dataclass(frozen=True, slots=True)
class Scene:
    """Everything one run works with. `files`: where the demo's own books are."""

    console: Console
    deployment: Deployment
    reader: Reader
    files: Path
    story: Story
    interrupted: Event
    fresh: bool
    """The deployment holds nothing but this run."""


def main(
    seed: Annotated[int, typer.Option(help="Names the story.")] = 1,
    people: Annotated[int, typer.Option(min=20, max=20_000, help="How many people are in it.")] = 400,
    exit_: Annotated[bool, typer.Option("--exit", help="End instead of leaving the services up.")] = False,
    keep: Annotated[Path | None, typer.Option(help="Keep the data in this folder.")] = None,
    against: Annotated[
        Against, typer.Option(help="Start our own, or use what compose has started.")
    ] = Against.EMBEDDED,
    crm_host: Annotated[str, typer.Option(help="By which name the services reach this machine.")] = "127.0.0.1",
    crm_bind: Annotated[str, typer.Option(help="Where the demo's CRM listens.")] = "127.0.0.1",
) -> None:
    """Play ninety days of a market through the real doors and show what comes of it."""
    console = _console()
    interrupted = Event()
    _listen(interrupted)
    with ExitStack() as stack:
        data = _data_folder(stack, keep)
        try:
            fresh = against is Against.EMBEDDED and not any(data.iterdir())
            deployment = (
                _deployment(stack, console, data, interrupted) if against is Against.EMBEDDED else compose(_ENV)
            )
            reader = stack.enter_context(Reader(deployment))
            now = time.time_ns() // 1_000_000
            story = tell(seed=seed, people=people, ends_at=now - _LATEST_MS, tag=f"{now // 1_000:x}")
            scene = Scene(console, deployment, reader, data, story, interrupted, fresh)
            checks = _run(scene, Place(crm_bind, crm_host), stack)
            if picture := os.environ.get("DEMO_PICTURE"):
                _draw(scene, checks, Path(picture))
        except (NotReady, NotSettled, Refused, httpx.HTTPError) as error:
            console.print(f"The demo could not be played: {error}", style="bold red", markup=False)
            raise typer.Exit(1) from None
        if not exit_:
            _leave_up(scene)
    raise typer.Exit(0 if all(check.holds for check in checks) else 1)


def _console() -> Console:
    # Without a terminal there is no width to ask for, and eighty columns would cut the tables.
    console = Console()
    return console if console.is_terminal else Console(width=_PLAIN_COLUMNS)


def _listen(interrupted: Event) -> None:
    """On Ctrl-C or SIGTERM let every thread that waits go, then unwind."""

    def stop(*_: object) -> None:
        # Once is enough: a second Ctrl-C must not keep us from ending what we have started.
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
        interrupted.set()
        raise KeyboardInterrupt

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)


def _deployment(stack: ExitStack, console: Console, data: Path, interrupted: Event) -> Deployment:
    services = Services(data)
    stack.callback(services.stop)
    with console.status("starting the services"):
        return services.start(interrupted)


def _run(scene: Scene, place: Place, stack: ExitStack) -> list[Check]:
    began = time.monotonic()
    before = NOTHING if scene.fresh else look_before(scene.reader)
    sent, received, answered = (
        Ledger(scene.files / f"demo-{scene.story.tag}-{name}.ndjson") for name in ("sent", "received", "answered")
    )
    clerk = Clerk(scene.deployment, scene.story.expected.asked, answered)
    clerk.start()
    stack.callback(clerk.stop)
    mailbox = Mailbox(received, clerk.put)
    crm = Crm(mailbox, place)
    crm.start()
    stack.callback(crm.stop)
    endpoint = scene.reader.post("handoff", "/v1/endpoints", {"url": crm.url, "events": ["*"], "name": "demo CRM"})
    stack.callback(scene.reader.delete, "handoff", f"/v1/endpoints/{endpoint['id']}")
    mailbox.trust(endpoint["secret"])
    _play(scene, sent, clerk)
    own = OwnBooks(sent.lines(), received.lines(), answered.lines(), scene.story.expected)
    checks = balance(own, gather(scene.reader, scene.story, before))
    _show(scene, checks)
    scene.console.print(f"{len(own.sent):,} acknowledgements written down, {time.monotonic() - began:.1f} s")
    return checks


def _play(scene: Scene, sent: Ledger, clerk: Clerk) -> None:
    """Calls, then the deals, then what comes late; each act waits until the one before has settled."""
    story = scene.story
    rng = random.Random(story.tag)
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=scene.console) as progress:
        total = len(story.calls) + sum(map(len, story.deal_posts)) + len(story.late_calls)
        bar = progress.add_task("ninety days of touchpoints", total=total)
        player = Player(
            scene.deployment, sent, scene.interrupted, lambda count: progress.advance(bar, count), _told_on(progress)
        )
        try:
            player.play(story.calls, rng)
            progress.update(bar, description="sales answers its leads")
            _settle(scene, clerk)
            progress.update(bar, description="deals, and what comes late")
            player.post_deals(story.deal_posts)
            player.play(story.late_calls, rng)
            progress.update(bar, description="waiting until all is settled")
            _settle(scene, clerk)
        finally:
            player.close()


def _told_on(progress: Progress) -> Callable[[str], None]:
    """Says above the bar what the player waits for: without a terminal the bar itself shows nothing until the end."""

    def tell(said: str) -> None:
        text = f"ingest takes nothing at the moment ({said}): trying again for {PATIENCE_SECONDS:.0f} s"
        progress.console.print(text, style="yellow", markup=False, highlight=False)

    return tell


def _settle(scene: Scene, clerk: Clerk) -> None:
    """Wait until the services have no work and sales has answered every lead, at one and the same time."""
    while True:
        before = clerk.answered()
        scene.reader.wait_until_settled(_SETTLE_SECONDS, scene.interrupted)
        if before is not None and clerk.answered() == before:
            return


def _show(scene: Scene, checks: list[Check]) -> None:
    console, reader = scene.console, scene.reader
    _summarise(console, reader)
    won = [deal for deal in scene.story.expected.deals.values() if deal.status == "won"]
    shown = max(won, key=lambda deal: (len(deal.contacts), deal.id))
    for person in reader.get("ingest", "/v1/people", email=shown.contacts[0])["items"]:
        steps = list(reader.pages("ingest", f"/v1/people/{person['id']}/journey"))
        report.journey(console, steps, shown.contacts[0])
    answers = {model: reader.get("attribution", f"/v1/deals/{shown.id}/credits", model=model) for model in MODELS}
    report.deal(
        console, answers, f"{shown.id}: {report.money(shown.amount_minor)} won with {len(shown.contacts)} people"
    )
    report.balance(console, checks)


def _summarise(console: Console, reader: Reader) -> None:
    report.funnel(console, reader.get("scoring", "/v1/funnel"))
    report.handoffs(console, list(reader.pages("handoff", "/v1/handoffs")))
    report.credit(console, attribution(reader, "channel"), "Credit by channel", "channel")
    report.credit(console, attribution(reader, "department"), "Marketing against sales", "department")


def _draw(scene: Scene, checks: list[Check], picture: Path) -> None:
    """The tables as a picture that needs nothing from anywhere: fonts are the reader's own."""
    paper = Console(record=True, width=_PICTURE_COLUMNS, file=StringIO())
    _summarise(paper, scene.reader)
    report.balance(paper, checks)
    drawn = paper.export_svg(title="make demo")
    picture.write_text(re.sub(r"@font-face \{.*?\}\s*", "", drawn, flags=re.DOTALL))


def _data_folder(stack: ExitStack, keep: Path | None) -> Path:
    if keep is not None:
        keep.mkdir(parents=True, exist_ok=True)
        return keep.resolve()
    folder = Path(tempfile.mkdtemp(prefix="throughline-demo-"))
    stack.callback(shutil.rmtree, folder, ignore_errors=True)
    return folder


def _leave_up(scene: Scene) -> None:
    console, urls = scene.console, scene.deployment.urls
    for service, url in urls.items():
        console.print(f"  {service:12} {url}/openapi.json", soft_wrap=True)
    console.print(f"  the demo's own books: {scene.files}", soft_wrap=True)
    credentials = scene.files / "credentials.json"
    if credentials.exists():
        console.print(f"  keys and token: {credentials}", soft_wrap=True)
    console.print(
        f'  curl -H "Authorization: Bearer {_token_for_shell(credentials)}" '
        f'"{urls["attribution"]}/v1/attribution?models={",".join(MODELS)}&group_by=channel"',
        soft_wrap=True, highlight=False, markup=False,
    )  # fmt: skip
    console.print("The services stay up. Ctrl-C ends them.")
    with suppress(KeyboardInterrupt):
        signal.pause()


def _token_for_shell(credentials: Path) -> str:
    """The token by reference: a secret does not belong on a screen."""
    if not credentials.exists():
        return "$THROUGHLINE_ADMIN_TOKEN"
    return f'$(sed -n \'s/.*"admin_token": *"\\([^"]*\\)".*/\\1/p\' {credentials})'


if __name__ == "__main__":
    typer.run(main)
