"""The keys of a stack are made for it alone: there is no sample to forget. Only the last test needs docker."""

from pathlib import Path

import pytest

from tests.containers.stack import docker, make_env, settings_of

KEYS = (
    "THROUGHLINE_WRITE_KEY",
    "THROUGHLINE_SERVER_KEY",
    "THROUGHLINE_ADMIN_TOKEN",
    "THROUGHLINE_SECRET",
    "POSTGRES_PASSWORD",
)


def test_no_two_stacks_share_a_key(tmp_path: Path) -> None:
    make_env(tmp_path / "one")
    make_env(tmp_path / "other")
    one, other = settings_of(tmp_path / "one"), settings_of(tmp_path / "other")
    drawn = [keys[name] for keys in (one, other) for name in KEYS]
    assert len(set(drawn)) == 2 * len(KEYS)
    assert min(map(len, drawn)) >= 48


def test_only_the_owner_may_read_the_keys(tmp_path: Path) -> None:
    make_env(tmp_path / "env")
    assert (tmp_path / "env").stat().st_mode & 0o777 == 0o600


def test_keys_that_are_there_are_kept(tmp_path: Path) -> None:
    """Other keys would lock everybody out of what is stored."""
    file = tmp_path / "env"
    file.write_text("THROUGHLINE_SECRET=mine\n")
    make_env(file)
    assert file.read_text() == "THROUGHLINE_SECRET=mine\n"
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize("missing", KEYS)
def test_nothing_starts_without_a_key(engine: None, tmp_path: Path, missing: str) -> None:
    make_env(tmp_path / "env")
    kept = {name: value for name, value in settings_of(tmp_path / "env").items() if name != missing}
    (tmp_path / "env").write_text("".join(f"{name}={value}\n" for name, value in kept.items()))
    refused = docker("compose", "--env-file", str(tmp_path / "env"), "config", check=False)
    assert refused.returncode != 0
    assert missing in refused.stderr
