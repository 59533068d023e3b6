"""What a person allowed, in the four purposes that our services have.

Promises: a purpose that is not in the answer was not spoken of, and may go on. Leaves out what happens to an
event whose purpose is refused: each service passes it over by itself.
"""

from collections.abc import Mapping
from typing import Any

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


def _opted_out(context: Mapping[str, Any], flags: tuple[str, ...]) -> bool:
    if flags and any(signal in flags for signal in _OPT_OUT_SIGNALS):
        return True
    signal = context.get("gpc")
    return signal is True or signal in (1, "1", "true")
