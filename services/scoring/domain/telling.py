"""What people read: the strongest reasons, the journey in ten lines, and what the next stage needs."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from services.scoring.domain.engagement import Entry, engagement
from services.scoring.domain.facts import Card, Touch
from services.scoring.domain.rules import Rules
from services.scoring.domain.state import LINE, RANK, State
from shared.kernel import instant
from shared.kernel.instant import MINUTE, Instant

_REASONS = 3
_LINES = 10
_VISIT_GAP = 30 * MINUTE
_NEEDS = {
    "sal": "sales accepts the hand-off",
    "sql": "sales qualifies the lead",
    "opportunity": "a deal is opened with this person as a contact",
    "customer": "the deal is won",
    "repeat_customer": "a second deal is won",
}


@dataclass(frozen=True, slots=True)
class Reason:
    """Why someone is worth a call: a sentence, and the points it is worth now."""

    text: str
    points: float


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the journey; page views of one visit share a line."""

    touch_id: str
    occurred_at: int
    kind: str
    channel: str
    text: str


@dataclass(frozen=True, slots=True)
class NextStage:
    """The next stage on the line and what enters it; none where the line ends."""

    stage: str | None
    needs: str


def reasons(entries: Iterable[Entry], rules: Rules) -> tuple[Reason, ...]:
    """The three rules that hold the most points, each as a sentence, strongest first."""
    texts = {rule.name: rule.text for rule in rules.engagement}
    by_rule: dict[str, list[Entry]] = {}
    for entry in entries:
        if entry.points_now > 0 and entry.rule in texts:
            by_rule.setdefault(entry.rule, []).append(entry)
    told = [
        Reason(_sentence(texts[name], group), sum(entry.points_now for entry in group))
        for name, group in by_rule.items()
    ]
    return tuple(sorted(told, key=lambda reason: (-reason.points, reason.text))[:_REASONS])


def _sentence(text: str, group: Sequence[Entry]) -> str:
    last = _day(max(entry.occurred_at or 0 for entry in group))
    return f"{text} on {last}" if len(group) == 1 else f"{text} {len(group)} times, last on {last}"


def _day(at: int) -> str:
    return instant.to_text(Instant(at))[:10]


def journey_lines(touches: Iterable[Touch], rules: Rules) -> tuple[Line, ...]:
    """At most ten lines, oldest first: the first touch, then the latest. Touches are given in order."""
    visits: list[list[Touch]] = []
    for touch in touches:
        if not (touch.counts and touch.is_act and touch.kind in rules.interactions):
            continue
        if visits and _same_visit(visits[-1][-1], touch):
            visits[-1].append(touch)
        else:
            visits.append([touch])
    shown = visits if len(visits) <= _LINES else [visits[0], *visits[1 - _LINES :]]
    return tuple(_line(visit) for visit in shown)


def _same_visit(before: Touch, touch: Touch) -> bool:
    """A change of channel starts a line of its own: how somebody came is what a rep wants to see."""
    return (
        before.kind == touch.kind == "page_viewed"
        and before.channel == touch.channel
        and touch.occurred_at - before.occurred_at < _VISIT_GAP
    )


def _line(visit: Sequence[Touch]) -> Line:
    first = visit[0]
    if len(visit) > 1:
        paths = dict.fromkeys(touch.page_path for touch in visit if touch.page_path)
        text = f"viewed {len(visit)} pages" + (f": {', '.join(list(paths)[:3])}" if paths else "")
    else:
        what = first.page_path if first.kind == "page_viewed" else first.name
        text = first.kind.replace("_", " ") + (f": {what}" if what else "")
    return Line(first.id, first.occurred_at, first.kind, first.channel, text)


def next_stage(state: State, card: Card, at: int, rules: Rules) -> NextStage:
    """What would take this person on, in words, as of `at`."""
    if state.stage == "disqualified":
        return NextStage("opportunity", _NEEDS["opportunity"])
    if state.cycle.cause is not None and not state.cycle.sent and not card.reachable:
        return NextStage("sal", "an e-mail address, a phone number or a CRM id, so that it can be handed over")
    if state.reached >= RANK["opportunity"]:
        stage = "customer" if state.deals_won == 0 else "repeat_customer"
        return NextStage(stage, _NEEDS["customer"])
    stage = LINE[max(state.reached, 1)]
    return NextStage(stage, _needs(stage, state, at, rules))


def _needs(stage: str, state: State, at: int, rules: Rules) -> str:
    if stage == "subscriber":
        return "an e-mail address or a phone number"
    if stage == "lead":
        return "one of: " + ", ".join(sorted(kind.replace("_", " ") for kind in rules.lead_kinds))
    if stage != "mql":
        return _NEEDS[stage]
    raisers = "one of: " + ", ".join(raiser.name for raiser in rules.hand_raisers)
    least = rules.mql_points.get(state.grade)
    if least is None:
        return f"{raisers}; fit {state.grade} does not qualify by points"
    missing = least - engagement(state.cycle_sums, at, rules)
    return f"{raisers}; or {max(0.0, missing):.1f} more points ({least:g} at fit {state.grade})"
