"""What became of a lead that was handed over. The act is the event's type: `handoff.accepted` and so on."""

from typing import Literal

from msgspec import Struct

HandoffAct = Literal[
    "assigned", "delivered", "accepted", "rejected", "contacted", "meeting_booked", "sales_qualified", "recycled",
    "released", "sla_breached", "reassigned", "updated", "closed",
]  # fmt: skip

HANDOFF_ACTS: tuple[HandoffAct, ...] = (
    "assigned", "delivered", "accepted", "rejected", "contacted", "meeting_booked", "sales_qualified", "recycled",
    "released", "sla_breached", "reassigned", "updated", "closed",
)  # fmt: skip


class HandoffActed(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One act on a hand-off. `version` counts the acts of that hand-off; `outcome` says what a rejection
    does to the lead by the charter: it is recycled, or disqualified."""

    handoff_id: str
    promotion_id: str
    person_id: str
    cycle: int
    act: HandoffAct
    version: int
    at: int
    owner_id: str | None = None
    reason: str | None = None
    outcome: Literal["recycled", "disqualified"] | None = None
