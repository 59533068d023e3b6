"""Credentials are made once, and everybody agrees on them."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from shared.web import credentials
from shared.web.credentials import Credentials

ALL = {
    "THROUGHLINE_WRITE_KEY": "wk:with:colons é",
    "THROUGHLINE_SERVER_KEY": "sk_1",
    "THROUGHLINE_ADMIN_TOKEN": "tl_1",
    "THROUGHLINE_SECRET": "s" * 64,
}


def test_the_first_start_makes_a_file_that_only_its_owner_reads(tmp_path: Path) -> None:
    made = credentials.load(tmp_path / "new", {})
    path = tmp_path / "new" / "credentials.json"
    held = json.loads(path.read_text())
    assert path.stat().st_mode & 0o777 == 0o600
    assert Credentials(**held) == made
    assert (made.write_key[:3], made.server_key[:3], made.admin_token[:3]) == ("wk_", "sk_", "tl_")
    assert len(bytes.fromhex(made.secret)) == 32


def test_the_second_start_finds_what_the_first_made(tmp_path: Path) -> None:
    assert credentials.load(tmp_path, {}) == credentials.load(tmp_path, {})


def test_the_environment_fixes_values_at_the_first_start(tmp_path: Path) -> None:
    made = credentials.load(tmp_path, {"THROUGHLINE_WRITE_KEY": ALL["THROUGHLINE_WRITE_KEY"]})
    assert made.write_key == "wk:with:colons é"
    assert json.loads((tmp_path / "credentials.json").read_text())["write_key"] == "wk:with:colons é"


def test_a_file_that_is_there_holds_against_the_environment(tmp_path: Path) -> None:
    made = credentials.load(tmp_path, {})
    assert credentials.load(tmp_path, ALL) == made


def test_processes_that_start_at_once_agree(tmp_path: Path) -> None:
    with ThreadPoolExecutor(16) as pool:
        found = list(pool.map(lambda _: credentials.load(tmp_path, {}), range(64)))
    assert len(set(found)) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["credentials.json"]


def test_no_file_is_needed_where_all_is_given_and_nothing_can_be_written(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("a file where the directory would be")
    assert credentials.load(blocked, ALL).admin_token == "tl_1"


def test_a_value_that_is_missing_where_nothing_can_be_written_stops_the_start(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("a file where the directory would be")
    with pytest.raises(OSError, match="file"):
        credentials.load(blocked, {"THROUGHLINE_WRITE_KEY": "wk_1"})


@pytest.mark.parametrize("value", ["  ", "a\nb", "\x00"])
def test_a_key_that_no_header_could_carry_is_refused(tmp_path: Path, value: str) -> None:
    with pytest.raises(ValueError, match="THROUGHLINE_SERVER_KEY must be printable"):
        credentials.load(tmp_path, {"THROUGHLINE_SERVER_KEY": value})


@pytest.mark.parametrize("text", ["{", "[]", '{"write_key": "wk_1"}', '{"write_key": 7}'])
def test_a_file_that_is_not_one_of_ours_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "credentials.json").write_text(text)
    with pytest.raises(ValueError, match=r"credentials\.json"):
        credentials.load(tmp_path, {})


def test_what_an_older_file_lacks_may_come_from_the_environment(tmp_path: Path) -> None:
    keys = {"write_key": "wk_1", "server_key": "sk_2", "admin_token": "tl_2"}
    (tmp_path / "credentials.json").write_text(json.dumps(keys))
    assert credentials.load(tmp_path, ALL) == Credentials(**keys, secret="s" * 64)


def test_credentials_do_not_show_themselves(tmp_path: Path) -> None:
    made = credentials.load(tmp_path, {})
    assert repr(made) == "Credentials()"


def test_keys_of_two_purposes_differ_and_last() -> None:
    one = Credentials("w", "s", "a", "secret")
    assert one.derived_key("addresses") == Credentials("x", "y", "z", "secret").derived_key("addresses")
    assert one.derived_key("addresses") != one.derived_key("webhooks")
    assert len(one.derived_key("addresses")) == 32
