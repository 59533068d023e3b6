"""Log lines say what happened and nothing about anybody."""

import io
import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import structlog

from shared.observe import logs, wide

CANARY = "pii-canary-7f3@example.test"
Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def lines() -> Iterator[Lines]:
    root = logging.getLogger()
    before = (root.handlers, root.level)
    stream = io.StringIO()
    logs.configure("info", stream)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    root.handlers, root.level = before
    structlog.reset_defaults()


def test_a_line_is_one_json_object_with_its_service_time_and_level(lines: Lines) -> None:
    logs.logger("scoring").info("batch", records=3)
    (line,) = lines()
    assert line.pop("time").endswith("Z")
    assert line == {"service": "scoring", "event": "batch", "records": 3, "level": "info"}


@pytest.mark.parametrize("name", ["email", "contact_email", "url", "user_id", "Authorization", "traits", "write_key"])
def test_a_field_with_a_personal_name_is_removed_at_any_depth(lines: Lines, name: str) -> None:
    logs.logger("ingest").info("seen", **{name: "ana"}, deep={"list": [{name: "ana"}]})
    (line,) = lines()
    assert line[name] == "[removed]"
    assert line["deep"] == {"list": [{name: "[removed]"}]}


def test_addresses_and_query_strings_are_cut_out_of_any_text(lines: Lines) -> None:
    logs.logger("ingest").info(f"from {CANARY}", at=f"https://a.test/x?writeKey=wk_1&e={CANARY}")
    (line,) = lines()
    assert line["event"] == "from [removed]"
    assert line["at"] == "https://a.test/x?[removed]"


def test_what_is_no_plain_value_is_named_and_not_shown(lines: Lines) -> None:
    logs.logger("ingest").info("seen", thing=ValueError(CANARY), deep=[[[[[[[[CANARY]]]]]]]])
    assert CANARY not in json.dumps(lines())


def test_an_error_is_told_by_types_and_frames_without_its_message(lines: Lines) -> None:
    try:
        try:
            raise OSError(111, f"refused {CANARY} ana maria")
        except OSError as error:
            raise ValueError("ana maria") from error
    except ValueError:
        logs.logger("handoff").error("failed", exc_info=True)
    (line,) = lines()
    assert line["error"]["types"] == ["ValueError", "ConnectionRefusedError"]
    assert "test_observe_logs.py" in line["error"]["frames"][0]
    assert "ana maria" not in json.dumps(line)


def test_a_library_speaks_through_the_same_redaction(lines: Lines) -> None:
    try:
        raise ValueError(CANARY)
    except ValueError:
        logging.getLogger("uvicorn.error").exception("Exception in ASGI application\nfuture: <%s>", "ana maria")
    (line,) = lines()
    assert line["library"] == "uvicorn.error"
    assert line["event"] == "Exception in ASGI application"
    assert line["error"]["types"] == ["ValueError"]
    assert "ana maria" not in json.dumps(line)


def test_lines_below_the_level_are_not_written(lines: Lines) -> None:
    logs.logger("ingest").debug("detail")
    logging.getLogger("httpx").info("GET https://a.test")
    assert lines() == []


def test_an_unknown_level_is_refused() -> None:
    with pytest.raises(ValueError, match="one of debug, info"):
        logs.configure("loud")


def test_a_unit_of_work_is_one_line_with_all_that_was_learned(lines: Lines) -> None:
    with wide.unit(logs.logger("scoring"), "batch", topic="touchpoints") as line:
        line.add(records=2)
        line.count("duplicates")
        line.count("duplicates", 2)
    (written,) = lines()
    assert (written["topic"], written["records"], written["duplicates"]) == ("touchpoints", 2, 3)
    assert written["outcome"] == "ok"
    assert written["ms"] >= 0


def test_a_unit_of_work_that_fails_names_the_error_and_lets_it_go_on(lines: Lines) -> None:
    with pytest.raises(ValueError, match=CANARY), wide.unit(logs.logger("scoring"), "batch"):
        raise ValueError(CANARY)
    (written,) = lines()
    assert (written["outcome"], written["level"]) == ("ValueError", "warning")
    assert CANARY not in json.dumps(written)
