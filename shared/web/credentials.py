"""The keys of a deployment: made at the first start, the same ever after.

`credentials.json` in the data directory is the record; the environment fixes values at the first start only.
Processes that start at once agree on one file. Where all values are given and nothing can be written,
no file is needed.
"""

import hashlib
import hmac
import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Final

from shared.observe import logs

FILE: Final = "credentials.json"
_RANDOM_BYTES: Final = 24
_SECRET_BYTES: Final = 32
_PREFIXES: Final = {"write_key": "wk_", "server_key": "sk_", "admin_token": "tl_"}
_VARIABLES: Final = {
    "write_key": "THROUGHLINE_WRITE_KEY",
    "server_key": "THROUGHLINE_SERVER_KEY",
    "admin_token": "THROUGHLINE_ADMIN_TOKEN",
    "secret": "THROUGHLINE_SECRET",
}


@dataclass(frozen=True, slots=True)
class Credentials:
    """What opens the doors, and the secret that other keys are derived from; none of it is ever shown."""

    write_key: str = field(repr=False)
    server_key: str = field(repr=False)
    admin_token: str = field(repr=False)
    secret: str = field(repr=False)

    def derived_key(self, purpose: str) -> bytes:
        """The 32-byte key for one purpose; keys of two purposes tell nothing of each other."""
        return hmac.digest(self.secret.encode(), purpose.encode(), hashlib.sha256)


def load(data_dir: Path, environ: Mapping[str, str]) -> Credentials:
    """The credentials of this deployment, made and kept where there are none yet.

    Raises ValueError where a value cannot be used or the file is not one of ours, OSError where a file is
    needed and cannot be written.
    """
    path = data_dir / FILE
    given = {name: environ[variable] for name, variable in _VARIABLES.items() if environ.get(variable)}
    for name, value in given.items():
        _check(value, _VARIABLES[name])
    if path.exists():
        return _kept(path, given)
    made = {name: given.get(name) or _draw(name) for name in _VARIABLES}
    try:
        first = _write_once(path, made)
    except OSError:
        if len(given) == len(_VARIABLES):
            return Credentials(**given)
        raise
    if not first:
        return _kept(path, given)
    logs.logger("credentials").info("credentials written", path=str(path))
    return Credentials(**made)


def _draw(name: str) -> str:
    if name in _PREFIXES:
        return _PREFIXES[name] + secrets.token_urlsafe(_RANDOM_BYTES)
    return secrets.token_hex(_SECRET_BYTES)


def _check(value: object, where: str) -> str:
    if not isinstance(value, str) or not value.strip() or not value.isprintable():
        raise ValueError(f"{where} must be printable characters, and not blank")
    return value


def _kept(path: Path, given: Mapping[str, str]) -> Credentials:
    """What the file holds; a value it lacks may come from the environment, one it has is not overruled."""
    try:
        held = json.loads(path.read_bytes())
    except ValueError:
        raise ValueError(f"{path} is not JSON") from None
    if not isinstance(held, dict):
        raise ValueError(f"{path} must hold an object")
    values: dict[str, str] = {}
    for each in fields(Credentials):
        if each.name not in held and each.name not in given:
            raise ValueError(f"{path} lacks {each.name}: add it, or set {_VARIABLES[each.name]}")
        values[each.name] = _check(held.get(each.name, given.get(each.name)), f"{each.name} in {path}")
    differing = sorted(_VARIABLES[name] for name, value in given.items() if values[name] != value)
    if differing:
        logs.logger("credentials").warning("the credentials file holds, not the environment", variables=differing)
    return Credentials(**values)


def _write_once(path: Path, values: Mapping[str, str]) -> bool:
    """Put the file there, whole or not at all; False where another process was first."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(dict(values), file, indent=2, ensure_ascii=False)
            file.write("\n")
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)  # unlike a rename it fails where the name is taken
    except FileExistsError:
        return False
    finally:
        draft.unlink(missing_ok=True)
    return True
