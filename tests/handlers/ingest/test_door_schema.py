"""What `/openapi.json` says of the doors is true: each is told, and takes its own example."""

import pytest

from services.ingest.api.door_schema import door_paths
from services.ingest.api.posts import KINDS
from services.ingest.domain.calls import CALL_TYPES
from tests.handlers.ingest.at_the_door import SERVER, Doors

_PATHS = {f"/v1/{name}" for name in (*CALL_TYPES, "batch")} | KINDS.keys()


def test_every_door_that_a_sender_should_know_is_told() -> None:
    assert set(door_paths(_PATHS | {"/v1/t", "/v1/b"})) == _PATHS


@pytest.mark.parametrize("path", sorted(_PATHS))
async def test_a_door_takes_its_example(path: str) -> None:
    doors = await Doors().open()
    content = door_paths([path])[path]["post"]["requestBody"]["content"]["application/json"]
    answer = await doors.post(path, content["example"], auth=SERVER)
    assert (answer.status_code, answer.json()["success"]) == (200, True)
    assert answer.json().get("rejected", []) == []
