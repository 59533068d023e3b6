"""What scoring and hand-off say of somebody, in the fewest words; days are those of the scene."""

from typing import Any

from shared.contracts import topics
from shared.contracts.envelope import Emit, Event
from shared.contracts.handoffs import HandoffAct, HandoffActed
from shared.contracts.leads import LeadQualified, LeadStageChanged, StageEntry
from shared.contracts.touchpoints import PersonIdentified
from shared.kernel.ids import derived, touchpoint_id
from shared.kernel.instant import DAY
from tests.handlers.attribution.scene import NOW, START, person


def stages(who: str = "ana", *, version: int = 1, **entered: float) -> Emit:
    """Somebody's history: the day on which each stage was entered."""
    history = tuple(
        StageEntry(stage=stage, entered_at=round(START + day * DAY), cause_event_id=derived("cause"), rule="test")
        for stage, day in entered.items()
    )
    data = LeadStageChanged(
        person_id=person(who),
        version=version,
        stage=history[-1].stage if history else "visitor",
        phase="consideration",
        cycle=1,
        history=history,
        charter="default",
    )
    event_id = derived("stage", data.person_id, str(version))
    return Emit(topics.LEADS.name, data.person_id, Event(event_id, "lead.stage_changed", "scoring", NOW, data))


def promoted(who: str = "ana", cause: str = "t1", day: float = 10, *, revision: int = 1) -> Emit:
    """Somebody qualified by one of their touches."""
    data = LeadQualified(
        promotion_id=promotion(cause),
        person_id=person(who),
        cycle=1,
        at=round(START + day * DAY),
        cause_event_id=touchpoint_id("web", cause),
        card=PersonIdentified(person_id=person(who), version=1, first_seen_at=START),
        stage="mql",
        fit_grade="A",
        fit_points=50.0,
        engagement_points=60.0,
        reasons=(),
        journey=(),
        charter="default",
        revision=revision,
    )
    event_id = derived("qualified", data.promotion_id, str(revision))
    return Emit(topics.LEADS.name, data.person_id, Event(event_id, "lead.qualified", "scoring", NOW, data))


def acted(act: HandoffAct, who: str = "ana", cause: str = "t1", *, version: int, **more: Any) -> Emit:
    """An act of sales on the hand-off of the promotion that a touch caused."""
    data = HandoffActed(
        handoff_id=derived("handed over", promotion(cause)),
        promotion_id=promotion(cause),
        person_id=person(who),
        cycle=1,
        act=act,
        version=version,
        at=START + 20 * DAY + version,
        **more,
    )
    event_id = derived("handoff", data.handoff_id, str(version))
    return Emit(topics.HANDOFFS.name, data.person_id, Event(event_id, f"handoff.{act}", "handoff", NOW, data))


def promotion(cause: str) -> str:
    """The id of the promotion that a touch caused."""
    return derived("promotion", cause)
