"""What `/openapi.json` says of the doors is true: each is told, and takes its own example."""

import pytest

from services.ingest.api.door_schema import door_paths
from services.ingest.api.posts import KINDS
from services.ingest.domain.calls import CALL_TYPES
from tests.handlers.ingest.at_the_door import SERVER, Doors

_NAMES = (*CALL_TYPES, "batch")
_PATHS = {f"/v1/{name}" for name in (*_NAMES, *(name[0] for name in _NAMES), "import")} | KINDS.keys()


async def test_every_path_that_a_door_answers_is_told_and_no_other() -> None:
    doors = await Doors().open()
    assert set(door_paths(doors.paths)) == doors.paths == _PATHS
    assert set(door_paths(["/v1/t", "/v1/nothing"])) == {"/v1/t"}


def test_each_door_has_a_name_of_its_own() -> None:
    names = [told["post"]["operationId"] for told in door_paths(_PATHS).values()]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("path", sorted(_PATHS))
async def test_a_door_takes_its_example(path: str) -> None:
    doors = await Doors().open()
    content = door_paths([path])[path]["post"]["requestBody"]["content"]["application/json"]
    answer = await doors.post(path, content["example"], auth=SERVER)
    assert (answer.status_code, answer.json()["success"]) == (200, True)
    assert answer.json().get("rejected", []) == []


@pytest.mark.parametrize("path", sorted(KINDS))
async def test_a_post_without_what_the_schema_requires_is_refused_as_it_says(path: str) -> None:
    told = door_paths([path])[path]["post"]
    content = told["requestBody"]["content"]["application/json"]
    one, _ = content["schema"]["oneOf"]
    assert content["example"].keys() <= one["properties"].keys()
    problem = told["responses"]["400"]["content"]["application/problem+json"]["schema"]
    rejected = told["responses"]["200"]["content"]["application/json"]["schema"]["properties"]["rejected"]["items"]
    doors = await Doors().open()
    for name in one["required"]:
        bad = {key: value for key, value in content["example"].items() if key != name}
        answer = await doors.post(path, bad, auth=SERVER)
        assert answer.status_code == 400
        assert answer.headers["content-type"] == "application/problem+json"
        assert set(problem["required"]) <= answer.json().keys()
        [item] = (await doors.post(path, [content["example"], bad], auth=SERVER)).json()["rejected"]
        assert set(rejected["required"]) <= item.keys() <= set(rejected["properties"])
