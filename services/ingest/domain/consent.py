"""What a person allowed, in the four purposes that our services have.

Promises: a purpose that is not in the answer was not spoken of, and may go on; what a person allows is a fold over
their statements. Leaves out what happens where a purpose is refused: each service passes it over by itself.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Any, NamedTuple

PURPOSES: Mapping[str, tuple[str, ...]] = {
    "analytics": ("analytics",),
    "scoring": ("scoring",),
    "sales_handoff": ("sales_handoff",),
    "advertising": ("advertising",),
}
"""Each purpose and the consent categories it needs: all of them must be allowed."""

_OPT_OUT_SIGNALS = ("gpc", "dnt")


def consent_of(
    context: Mapping[str, Any], flags: tuple[str, ...], purposes: Mapping[str, tuple[str, ...]] = PURPOSES
) -> dict[str, bool]:
    """Purposes that were allowed (true) or refused (false).

    As Segment reads `categoryPreferences`: what is not in it is refused, and an empty one refuses everything.
    Global Privacy Control (or Do Not Track) refuses advertising whatever else was said.
    """
    said: dict[str, bool] = {}
    consent = context.get("consent")
    preferences = consent.get("categoryPreferences") if isinstance(consent, dict) else None
    if isinstance(preferences, dict):
        allowed = {category.strip().lower() for category, answer in preferences.items() if answer is True}
        said = {purpose: allowed.issuperset(needed) for purpose, needed in purposes.items()}
    if _opted_out(context, flags):
        said["advertising"] = False
    return said


class Said(NamedTuple):
    """What was said last of a purpose, and when: event time, then event id."""

    at: int
    event_id: str
    allowed: bool


Statements = Mapping[str, Said]
"""By purpose, what was said last under an identifier."""


def heard(before: Statements, consent: Mapping[str, bool], at: int, event_id: str) -> Statements:
    """What an identifier stands for once an event under it was heard: per purpose the latest statement holds."""
    now = dict(before)
    for purpose, allowed in consent.items():
        said = Said(at, event_id, allowed)
        now[purpose] = max(said, now.get(purpose, said))
    return now


def unsaid(before: Statements, events: Collection[str]) -> Statements:
    """What an identifier stands for without what these events said of it."""
    return {purpose: said for purpose, said in before.items() if said.event_id not in events}


def of_person(identifiers: Iterable[Statements]) -> dict[str, bool]:
    """The consent of whoever has these identifiers: a refusal under any of them holds, so a merge revives none."""
    together: dict[str, bool] = {}
    for statements in identifiers:
        for purpose, said in statements.items():
            together[purpose] = said.allowed and together.get(purpose, True)
    return {purpose: together[purpose] for purpose in sorted(together)}


def _opted_out(context: Mapping[str, Any], flags: tuple[str, ...]) -> bool:
    if flags and any(signal in flags for signal in _OPT_OUT_SIGNALS):
        return True
    signal = context.get("gpc")
    return signal is True or signal in (1, "1", "true")
