"""Attribution's worker on PostgreSQL, held against its bars: touchpoints it consumes, and deals it credits.

A fifth of the buyers are leads already, so touches of theirs change what is kept of leads. Journeys are of twelve
touches, ten days apart; every deal is won, has one contact, and is credited by every rule model that is stored.
"""

from collections.abc import Iterator, Sequence

from services.deployment import Deployment, Settings
from shared.contracts import topics
from shared.contracts.deals import Deal, DealPerson
from shared.contracts.envelope import Emit, Event
from shared.contracts.leads import LeadStageChanged, StageEntry
from shared.contracts.touchpoints import Touchpoint
from shared.db.outbox import outgoing
from shared.kernel.ids import derived, touchpoint_id
from shared.kernel.instant import DAY, Instant
from shared.log.memory import MemoryLog
from shared.observe import clock
from shared.runtime.consume import BATCH
from shared.web.credentials import load
from shared.web.server import relax_garbage_collector
from tests.bench.bars import COLUMNS, held_against
from tests.bench.consumers import Worked, worked
from tests.bench.run import Run, Section
from tests.bench.stock import into_postgres

_TOUCHPOINTS_BAR = 8_000
_DEALS_BAR = 500
_JOURNEY = 12
_LEAD_EVERY = 5
_CHANNELS = ("organic_search", "paid_search", "email", "social", "referral", "direct")
_KINDS = ("page_viewed", "page_viewed", "content_downloaded", "email_clicked", "webinar_attended", "demo_requested")


async def measure(run: Run) -> list[Section]:
    """The table of both."""
    relax_garbage_collector()
    notes: list[str] = []
    rows: list[tuple[str, ...]] = []
    async with run.step("attribution", notes), run.database() as url:
        touched, credited = await _measured(run, url)
        rows.append(held_against("touchpoints consumed/s", touched.records / touched.seconds, _TOUCHPOINTS_BAR))
        rows.append(held_against("deals credited/s, all rule models", credited.records / credited.seconds, _DEALS_BAR))
        notes.append(
            f"On PostgreSQL with {run.effort.facts:,} touches of others in the table, the log in memory: "
            f"{touched.records:,} touchpoints, then {credited.records:,} deals of their buyers. CPU of the worker's "
            f"process, which the database's is not in: {touched.cpu / touched.records * 1e6:,.0f} us a touchpoint, "
            f"{credited.cpu / credited.records * 1e6:,.0f} us a deal."
        )
    return [Section("Attribution", COLUMNS, rows, notes)]


async def _measured(run: Run, url: str) -> tuple[Worked, Worked]:
    settings = Settings(data=run.scratch("attribution"), database=url)
    log = MemoryLog(now=clock.now)
    await log.start(settings.topic_partitions())
    deployment = Deployment(settings, load(settings.data, {}), log)
    since = Instant(clock.now() - 400 * DAY)
    buyers = max(100, run.effort.events // 6)
    run.say("attribution: warming up")
    await _told(log, deployment, "earlier", buyers // 10, since)
    await into_postgres(url, "attribution", run.effort.facts, since, lambda there: run.say(f"{there:,} touches"))
    try:
        return await _told(log, deployment, "now", buyers, since)
    finally:
        await log.close()


async def _told(
    log: MemoryLog, deployment: Deployment, name: str, buyers: int, since: Instant
) -> tuple[Worked, Worked]:
    """The touches of some buyers worked, then their deals."""
    people = [derived("bench", name, str(number)) for number in range(buyers)]
    await _publish(log, [_lead(person, since) for person in people[::_LEAD_EVERY]])
    await worked(deployment, "attribution")
    await _publish(log, list(_touches(people, since)))
    touched = await worked(deployment, "attribution")
    await _publish(log, [_deal(f"{name}-{number}", person, since) for number, person in enumerate(people)])
    return touched, await worked(deployment, "attribution")


async def _publish(log: MemoryLog, events: Sequence[Emit]) -> None:
    made = [outgoing(event) for event in events]
    for first in range(0, len(made), BATCH):
        await log.publish(made[first : first + BATCH])


def _touches(people: Sequence[str], since: Instant) -> Iterator[Emit]:
    """Everybody's first, then everybody's second, and so on."""
    for nth in range(_JOURNEY):
        for number, person in enumerate(people):
            yield _touch(person, nth, number, Instant(since + nth * 10 * DAY + number))


def _touch(person: str, nth: int, number: int, at: Instant) -> Emit:
    data = Touchpoint(
        id=touchpoint_id("web", f"{person}-{nth}"),
        revision=1,
        door="segment",
        source="web",
        occurred_at=at,
        received_at=at,
        type="track",
        kind=_KINDS[(number + nth) % len(_KINDS)],
        name="Seen",
        direction="inbound",
        department="marketing",
        channel=_CHANNELS[(number + 2 * nth) % len(_CHANNELS)],
        person_id=person,
        anonymous_id=f"browser-{number}",
        campaign={"name": f"campaign-{(number + nth) % 40}", "source": "google", "medium": "cpc"},
        page={"path": "/pricing", "url": "https://shop.example/pricing"},
        properties={"plan": "pro"},
    )
    event = Event(derived("touchpoint", data.id, "1"), "touchpoint", "ingest", at, data)
    return Emit(topics.TOUCHPOINTS.name, person, event)


def _lead(person: str, since: Instant) -> Emit:
    entered = StageEntry(
        stage="lead", entered_at=since + 45 * DAY, cause_event_id=derived("cause", person), rule="form"
    )
    data = LeadStageChanged(
        person_id=person,
        version=1,
        stage="lead",
        phase="consideration",
        cycle=1,
        history=(entered,),
        charter="default",
    )
    event = Event(derived("stage", person, "1"), "lead.stage_changed", "scoring", since, data)
    return Emit(topics.LEADS.name, person, event)


def _deal(name: str, person: str, since: Instant) -> Emit:
    closed_at = Instant(since + (130 + int(person[:4], 16) % 90) * DAY)
    data = Deal(
        id=name,
        version=1,
        revision=1,
        status="won",
        amount_minor=1_000_000,
        currency="EUR",
        created_at=since + 60 * DAY,
        closed_at=closed_at,
        occurred_at=closed_at,
        people=(DealPerson(person_id=person, role="buyer"),),
    )
    return Emit(topics.DEALS.name, name, Event(derived("deal", name, "1", "1"), "deal", "ingest", closed_at, data))
