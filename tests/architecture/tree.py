"""The files the rules are applied to: those of the repository, tracked or about to be."""

import ast
import gc
import subprocess
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from tests.architecture.rules import Rule

ROOT = Path(__file__).parents[2]


@cache
def files() -> tuple[str, ...]:
    """Every file of the repository, as a path from its root."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],  # noqa: S607 - git is wherever it is
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return tuple(sorted(path for path in set(listed.stdout.splitlines()) if (ROOT / path).is_file()))


def modules(*folders: str, but: Iterable[str] = ()) -> list[str]:
    """The Python files under these folders, without those under `but`."""
    spared = tuple(but)
    return [
        path for path in files() if path.endswith(".py") and path.startswith(folders) and not path.startswith(spared)
    ]


def prose() -> list[str]:
    """The pages people read."""
    return [path for path in files() if path.endswith(".md")]


def text_of(path: str) -> str:
    """What is in a file; an empty text where it is not text."""
    try:
        return (ROOT / path).read_text()
    except UnicodeDecodeError:
        return ""


@cache
def syntax_of(path: str) -> ast.Module:
    """The syntax tree of a module."""
    # CPython's parser loses count where what other tests have left is collected while it works, and runs code to end.
    gc.disable()
    try:
        return ast.parse(text_of(path), path)
    finally:
        gc.enable()


def breaches(rule: Rule, paths: Iterable[str]) -> list[str]:
    """Everything in these modules that breaks a rule, as `path:line: what`."""
    return [f"{path}:{breach.line}: {breach.what}" for path in paths for breach in rule(syntax_of(path))]
