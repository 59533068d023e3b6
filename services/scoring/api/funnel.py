"""The funnel over HTTP: people by the stages they came to in a period, and how many went on since."""

from collections import defaultdict
from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import APIRouter, Query

from services.scoring.api.times import Moment
from services.scoring.domain.funnel import Funnel, StageCount
from services.scoring.ports import Reading
from shared.web.auth import Scope, require


@dataclass(frozen=True, slots=True)
class Group:
    """The funnel of the people who share a key."""

    key: str
    stages: tuple[StageCount, ...]


@dataclass(frozen=True, slots=True)
class FunnelAnswer:
    """The funnel of everybody, and of each group that was asked for."""

    stages: tuple[StageCount, ...]
    groups: list[Group]


def router(reading: Reading) -> APIRouter:
    """`/v1/funnel`, for tokens that may read."""
    routes = APIRouter(tags=["funnel"], dependencies=[require(Scope.READ)])

    @routes.get("/v1/funnel")
    async def funnel(
        since: Annotated[Moment | None, Query(alias="from")] = None,
        until: Annotated[Moment | None, Query(alias="to")] = None,
        group_by: Literal["grade"] | None = None,
    ) -> FunnelAnswer:
        everybody = Funnel(since, until)
        groups: defaultdict[str, Funnel] = defaultdict(lambda: Funnel(since, until))
        async for states in reading.states():
            for state in states:
                everybody.add(state.history)
                if group_by is not None:
                    groups[state.grade].add(state.history)
        return FunnelAnswer(everybody.stages(), [Group(key, groups[key].stages()) for key in sorted(groups)])

    return routes
