"""Through which door a call came, where two vendors' libraries use the same one."""

from typing import Any

import pytest

from services.ingest.domain.libraries import door_of

NODE = {"library": {"name": "analytics-node", "version": "3.0.13"}}
PYTHON = {"library": {"name": "analytics-python", "version": "2.1.9"}}


@pytest.mark.parametrize(
    ("context", "channel", "original_timestamp"),
    [
        ({"library": {"name": "RudderLabs JavaScript SDK", "version": "3.34.1"}}, "web", "2026-11-21T23:00:21Z"),
        ({"library": {"name": "com.rudderstack.android.sdk.core"}}, None, None),
        ({"library": {"name": "rudder-ios-library"}}, "mobile", None),
        (NODE, "server", "2026-11-21T23:00:21Z"),
        (NODE, None, "2026-11-21T23:00:21Z"),
        (PYTHON, "server", None),
    ],
)
def test_a_library_of_rudderstack_is_known_by_its_name_or_by_what_only_theirs_say(
    context: dict[str, Any], channel: object, original_timestamp: object
) -> None:
    assert door_of(context, channel, original_timestamp, "segment") == "rudder"


@pytest.mark.parametrize(
    ("context", "channel", "original_timestamp"),
    [
        ({"library": {"name": "analytics.js", "version": "npm:next-1.84.3"}}, None, None),
        ({"library": {"name": "analytics.js"}}, "server", "2026-11-21T23:00:21Z"),
        ({"library": {"name": "@segment/analytics-node"}}, None, None),
        ({"library": {"name": "analytics-android"}}, "mobile", None),
        ({"library": {"name": "analytics-python", "version": "2.4.0"}}, None, None),
        ({"library": {"name": ["rudder"]}}, None, None),
        ({"library": {"name": None}}, None, None),
        ({"library": "rudder"}, None, None),
        ({}, "server", "2026-11-21T23:00:21Z"),
        (None, None, None),
    ],
)
def test_all_other_calls_came_through_the_door_they_came_by(
    context: dict[str, Any] | None, channel: object, original_timestamp: object
) -> None:
    assert door_of(context, channel, original_timestamp, "segment") == "segment"
