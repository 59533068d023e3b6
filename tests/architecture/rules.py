"""The rules, as functions from a file's syntax to what in it breaks them; nothing here reads the disk."""

import ast
import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

LONGEST_FILE = 400
LONGEST_FUNCTION = 60
MOST_PARAMETERS = 7
EMPTY_NAMES = frozenset({"base", "common", "helper", "helpers", "manager", "misc", "util", "utils"})

_CLOCK_CALLS = frozenset({"now", "utcnow", "today"})
_CLOCK_TYPES = frozenset({"datetime", "date"})
_TIME_CALLS = frozenset({"time", "time_ns"})
_DRAWN_IDS = frozenset({"uuid1", "uuid4"})
_BROAD = frozenset({"Exception", "BaseException"})
_HOME_OF_SOMEBODY = re.compile(r"(?<![\w.])/(?:work|root|home)/\w")
_SCRATCH = re.compile(r"(?<![\w.])/(?:tmp)/\w")
_REGISTRY = re.compile(r"(?<!no-emit-)index[-]url|pypi\.(?:org|python)|pythonhosted\.|registry\.npmjs|repo\d?\.maven")
_PATH_IN_TEXT = re.compile(r"`((?:services|shared|tests|docs|deploy)/[\w./-]*\w)/?(?:::?[\w.]+)?`")

Function = ast.FunctionDef | ast.AsyncFunctionDef


class Breach(NamedTuple):
    """Where a rule is broken, and how."""

    line: int
    what: str


Rule = Callable[[ast.Module], Iterator[Breach]]


def long_functions(tree: ast.Module) -> Iterator[Breach]:
    for function in _functions(tree):
        length = (function.end_lineno or function.lineno) - function.lineno + 1
        if length > LONGEST_FUNCTION:
            yield Breach(
                function.lineno, f"{function.name} has {length} lines, at most {LONGEST_FUNCTION} are read at once"
            )


def many_parameters(tree: ast.Module) -> Iterator[Breach]:
    for function in _functions(tree):
        arguments = function.args
        names = [argument.arg for argument in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]
        count = len([name for name in names if name not in ("self", "cls")])
        if count > MOST_PARAMETERS:
            yield Breach(function.lineno, f"{function.name} takes {count} parameters, at most {MOST_PARAMETERS}")


def missing_return_types(tree: ast.Module) -> Iterator[Breach]:
    for function in _functions(tree):
        if function.returns is None:
            yield Breach(function.lineno, f"{function.name} does not say what it returns")


def commits(tree: ast.Module) -> Iterator[Breach]:
    for call in _calls(tree):
        if isinstance(call.func, ast.Attribute) and call.func.attr == "commit":
            yield Breach(call.lineno, "commits")


def row_locks(tree: ast.Module) -> Iterator[Breach]:
    for call in _calls(tree):
        if isinstance(call.func, ast.Attribute) and call.func.attr == "with_for_update":
            yield Breach(call.lineno, "locks rows")


def sleeps(tree: ast.Module) -> Iterator[Breach]:
    for call in _calls(tree):
        if _last_name(call.func) == "sleep":
            yield Breach(call.lineno, "sleeps")


def wall_clock_reads(tree: ast.Module) -> Iterator[Breach]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == "time":
            taken = {alias.name for alias in node.names} & _TIME_CALLS
        elif isinstance(node, ast.Attribute):
            owner = _last_name(node.value)
            reads = (owner in _CLOCK_TYPES and node.attr in _CLOCK_CALLS) or (
                owner == "time" and node.attr in _TIME_CALLS
            )
            taken = {node.attr} if reads else set()
        else:
            continue
        if taken:
            yield Breach(node.lineno, f"reads the wall clock ({', '.join(sorted(taken))})")


def drawn_ids(tree: ast.Module) -> Iterator[Breach]:
    for node in ast.walk(tree):
        imported = isinstance(node, ast.ImportFrom) and any(alias.name in _DRAWN_IDS for alias in node.names)
        used = isinstance(node, ast.Attribute) and node.attr in _DRAWN_IDS
        if isinstance(node, ast.stmt | ast.expr) and (imported or used):
            yield Breach(node.lineno, "draws an id")


def broad_excepts(tree: ast.Module) -> Iterator[Breach]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.ExceptHandler):
            continue
        caught = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
        last = node.body[-1]
        goes_on = isinstance(last, ast.Raise) and last.exc is None
        if not goes_on and any(kind is None or _last_name(kind) in _BROAD for kind in caught):
            yield Breach(node.lineno, "catches everything")


def imports_inside_functions(tree: ast.Module) -> Iterator[Breach]:
    for function in _functions(tree):
        for node in ast.walk(function):
            if isinstance(node, ast.Import | ast.ImportFrom):
                yield Breach(node.lineno, f"{function.name} imports")


def imports_of_ours(tree: ast.Module) -> Iterator[Breach]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        else:
            continue
        for name in names:
            if name.split(".")[0] in ("services", "shared"):
                yield Breach(node.lineno, f"imports {name}")


def empty_names(path: str) -> list[str]:
    """The words of a path that say nothing about what is in the file."""
    words = re.split(r"[/_.]", path.lower())
    return [word for word in words if word in EMPTY_NAMES]


def lines_of_code(text: str) -> int:
    """How many lines do something: not those that are empty, and none of comments and docstrings."""
    texts = [
        node
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
    ]
    told = {line for node in texts for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)}
    written = enumerate(map(str.strip, text.splitlines()), 1)
    return sum(1 for number, line in written if line and not line.startswith("#") and number not in told)


def machine_paths(text: str, *, prose: bool) -> Iterator[Breach]:
    """Paths of somebody's machine; prose may not name a scratch file either."""
    yield from _matches(_HOME_OF_SOMEBODY, text, "names a path of one machine")
    if prose:
        yield from _matches(_SCRATCH, text, "names a scratch file")


def registry_hosts(text: str) -> Iterator[Breach]:
    """Addresses packages come from: that is the reader's own setting."""
    yield from _matches(_REGISTRY, text, "names a package registry")


def named_files(text: str) -> set[str]:
    """The files and folders of ours that a text names in backticks; a pattern or a placeholder is none."""
    return set(_PATH_IN_TEXT.findall(text))


def _matches(pattern: re.Pattern[str], text: str, what: str) -> Iterator[Breach]:
    for number, line in enumerate(text.splitlines(), 1):
        if pattern.search(line):
            yield Breach(number, what)


def _functions(tree: ast.Module) -> Iterator[Function]:
    return (node for node in ast.walk(tree) if isinstance(node, Function))


def _calls(tree: ast.Module) -> Iterator[ast.Call]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def _last_name(node: ast.expr) -> str:
    """`c` of `a.b.c`; an empty text where it is no name."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""
