"""What scoring says, as events: ids are derived from what they say, so a redo says the same again."""

from collections.abc import Sequence
from typing import Any

from msgspec import json

from services.scoring.domain.engagement import explain
from services.scoring.domain.facts import Touch
from services.scoring.domain.fit import fit
from services.scoring.domain.promotion import Promote, standing
from services.scoring.domain.rules import Rules
from services.scoring.domain.state import State
from services.scoring.domain.telling import journey_lines, reasons
from services.scoring.ports import KeptCard, KeptTouch
from shared.contracts import topics
from shared.contracts.envelope import Emit, Event
from shared.contracts.leads import JourneyLine, LeadQualified, LeadStageChanged, Reason, StageEntry
from shared.contracts.touchpoints import PersonIdentified
from shared.kernel.ids import derived
from shared.kernel.instant import Instant

SOURCE = "scoring"


def digest(state: State, covers: str) -> str:
    """What tells two histories apart: their steps, the promotions that stand or do not, and the ids they cover."""
    stands = standing(state)
    promotions = (f"{sent.promotion_id} {sent.cycle} {stands[sent.promotion_id]}" for sent in sorted(state.promotions))
    return derived("history", covers, *(str(entry) for entry in state.history), *promotions)


def stage_changed(person_id: str, version: int, state: State, covers: str, rules: Rules, now: int) -> Emit:
    """`lead.stage_changed`: the whole history."""
    data = LeadStageChanged(
        person_id=person_id,
        version=version,
        stage=state.stage,
        phase=rules.phases[state.stage],
        cycle=state.cycle.number,
        history=tuple(
            StageEntry(
                stage=entry.stage,
                entered_at=entry.entered_at,
                cause_event_id=entry.cause_event_id,
                rule=entry.rule,
                cycle=entry.cycle,
            )
            for entry in state.history
        ),
        charter=rules.version,
        promotions=dict(standing(state)),
        cycles={sent.promotion_id: sent.cycle for sent in sorted(state.promotions)},
        covers=covers,
    )
    event_id = derived("stage", person_id, str(version))
    return Emit(topics.LEADS.name, person_id, Event(event_id, "lead.stage_changed", SOURCE, Instant(now), data))


def qualified(
    promote: Promote,
    cause: KeptTouch,
    state: State,
    card: KeptCard,
    touches: Sequence[Touch],
    rules: Rules,
    now: int,
) -> Emit:
    """`lead.qualified` of whoever owns its cause, with all that hand-off needs to ask nobody. The key is the person on
    the card, so that it goes after what is said of their stages: by then it is known that the promotion stands."""
    told = json.decode(card.body, type=PersonIdentified)
    graded = fit(card.card, rules)
    entries = explain(touches, rules, promote.at)
    lines = journey_lines(touches, rules)
    data = LeadQualified(
        promotion_id=promote.promotion_id,
        person_id=card.person_id if cause.owner is None else cause.owner,
        cycle=promote.cycle,
        at=promote.at,
        cause_event_id=promote.cause,
        card=told,
        stage=state.stage,
        fit_grade=graded.grade,
        fit_points=graded.points,
        engagement_points=round(sum(entry.points_now for entry in entries), 3),
        reasons=tuple(Reason(text=reason.text, points=round(reason.points, 3)) for reason in reasons(entries, rules)),
        journey=tuple(
            JourneyLine(occurred_at=line.occurred_at, kind=line.kind, channel=line.channel, text=line.text)
            for line in lines
        ),
        charter=rules.version,
        account=_account(told),
        first_touch=_first_touch(touches),
        revision=cause.revision,
    )
    event_id = derived("qualified", promote.promotion_id, str(cause.revision))
    return Emit(topics.LEADS.name, card.person_id, Event(event_id, "lead.qualified", SOURCE, Instant(now), data))


def _account(card: PersonIdentified) -> dict[str, Any] | None:
    """The current account of the card, filled up with what the person says of their company; else that alone."""
    company = card.traits.get("company")
    said = company if isinstance(company, dict) else {"name": company} if isinstance(company, str) else None
    if not card.accounts:
        return said
    current = card.accounts[0]
    known = {"id": current.id, "name": current.name, "domain": current.domain}
    return (said or {}) | {name: value for name, value in known.items() if value is not None}


def _first_touch(touches: Sequence[Touch]) -> dict[str, object]:
    first = min(
        (touch for touch in touches if touch.is_act and touch.counts), key=lambda touch: touch.key, default=None
    )
    if first is None:
        return {}
    return {"id": first.id, "occurred_at": first.occurred_at, "kind": first.kind, "channel": first.channel}
