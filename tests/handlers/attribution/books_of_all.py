"""Every sum that attribution answers: what an erasure must leave as it is."""

from services.attribution.domain.models import MODELS
from tests.handlers.attribution.scene import Json, Scene

GROUPS = ("channel", "department", "source", "campaign", "kind", "content", "utm_source", "account", "channel,campaign")
MONTHS = ("2026-04", "2026-05")
_ALL = ",".join(MODELS)


async def sums(stage: Scene) -> dict[str, Json]:
    """By what was asked, what was answered."""
    asked: list[tuple[str, dict[str, str]]] = [
        *(("/v1/attribution", {"group_by": group, "models": _ALL}) for group in GROUPS),
        ("/v1/attribution", {"group_by": "channel", "models": "markov,markov_channel,shapley"}),
        *(("/v1/attribution", {"group_by": group, "models": "linear", "view": "as_reported"}) for group in GROUPS[:4]),
        *(("/v1/pipeline", {"group_by": group}) for group in ("channel", "department")),
        *(("/v1/quality", {"group_by": group}) for group in ("channel", "campaign,kind")),
        *((f"/v1/periods/{month}/adjustments", {"model": "linear"}) for month in MONTHS),
        ("/v1/paths", {}),
        ("/v1/assists", {}),
        ("/v1/costs", {}),
    ]  # fmt: skip
    return {f"{path} {query}": await stage.get(path, **query) for path, query in asked}
