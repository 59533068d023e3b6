"""Why sales may turn a lead down: a closed list, and what each reason does to the lead.

The list is the charter's; the one here is the default charter's. Leaves out for how long a recycled
lead rests: that is scoring's.
"""

from collections.abc import Mapping
from typing import Literal

from shared.kernel.errors import Reject

RejectionOutcome = Literal["recycled", "disqualified"]
"""Recycled: marketing goes on with the person. Disqualified: nobody does."""

DEFAULT_REASONS: Mapping[str, RejectionOutcome] = {
    "no_response": "recycled",
    "bad_timing": "recycled",
    "no_budget_now": "recycled",
    "not_decision_maker": "recycled",
    "in_contract_with_competitor": "recycled",
    "below_agreed_criteria": "recycled",
    "wrong_owner": "recycled",
    "wrong_territory": "recycled",
    "existing_customer": "recycled",
    "duplicate": "disqualified",
    "poor_fit": "disqualified",
    "competitor": "disqualified",
    "student_or_job_seeker": "disqualified",
    "spam_or_bot": "disqualified",
    "bad_contact_data": "disqualified",
    "unsubscribed": "disqualified",
}


def outcome_of(reason: str, reasons: Mapping[str, RejectionOutcome]) -> RejectionOutcome:
    """What a reason does to the lead; raises Reject `unknown_reason` where the charter does not list it."""
    outcome = reasons.get(reason)
    if outcome is None:
        raise Reject("unknown_reason", f"the charter's reasons are: {', '.join(sorted(reasons))}", "reason")
    return outcome
