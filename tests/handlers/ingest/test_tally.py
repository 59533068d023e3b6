"""What a door takes and refuses is counted under its name, with the code of the reason and nothing that was sent."""

from tests.handlers.ingest.at_the_door import Doors

GOOD = {"type": "page", "anonymousId": "ana"}
NAMELESS = {"type": "page"}


async def test_the_events_of_a_batch_are_counted_one_by_one() -> None:
    doors = await Doors().open()
    await doors.post("/v1/batch", {"batch": [GOOD, NAMELESS, GOOD]})
    told = doors.metrics.text().decode()
    assert 'throughline_accepted_total{door="segment"} 2.0' in told
    assert 'throughline_rejected_total{door="segment",reason="missing_identifier"} 1.0' in told


async def test_a_request_that_is_refused_whole_is_one() -> None:
    doors = await Doors().open()
    await doors.post("/v1/batch", {"batch": [GOOD, GOOD]}, auth=("wk_nobody", ""))
    told = doors.metrics.text().decode()
    assert 'throughline_accepted_total{door="segment"} 0.0' in told
    assert 'throughline_rejected_total{door="segment",reason="unknown_key"} 1.0' in told


async def test_what_the_log_did_not_take_is_not_accepted() -> None:
    doors = await Doors().open()
    await doors.log.close()
    answer = await doors.post("/v1/page", GOOD)
    told = doors.metrics.text().decode()
    assert answer.status_code == 503
    assert 'throughline_accepted_total{door="segment"} 0.0' in told
    assert 'throughline_rejected_total{door="segment",reason="try_later"} 1.0' in told
