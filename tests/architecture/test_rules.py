"""Each rule finds what it is meant to find and lets its neighbours be: a rule that never fails proves nothing."""

import ast

import pytest

from tests.architecture import rules
from tests.architecture.rules import Rule

BROKEN = [
    pytest.param(rules.long_functions, "def f() -> None:\n" + "    x = 1\n" * 60, id="61 lines"),
    pytest.param(rules.many_parameters, "def f(a, b, c, d, *, e, f, g, h): ...", id="8 parameters"),
    pytest.param(rules.missing_return_types, "async def f(): ...", id="no return type"),
    pytest.param(rules.commits, "connection.commit()", id="commit"),
    pytest.param(rules.row_locks, "await work.rows(wanted.with_for_update(read=True))", id="for update"),
    pytest.param(rules.sleeps, "await asyncio.sleep(0)", id="a sleep of nothing"),
    pytest.param(rules.sleeps, "sleep(1)", id="a sleep by its bare name"),
    pytest.param(rules.wall_clock_reads, "datetime.now(UTC)", id="datetime.now"),
    pytest.param(rules.wall_clock_reads, "datetime.datetime.utcnow()", id="utcnow by its module"),
    pytest.param(rules.wall_clock_reads, "tick(read=time.time_ns)", id="a clock passed on"),
    pytest.param(rules.wall_clock_reads, "from time import time", id="time by its bare name"),
    pytest.param(rules.drawn_ids, "uuid.uuid4()", id="uuid4"),
    pytest.param(rules.drawn_ids, "from uuid import uuid4 as new", id="uuid4 by another name"),
    pytest.param(rules.broad_excepts, "try: f()\nexcept Exception: pass", id="except Exception"),
    pytest.param(rules.broad_excepts, "try: f()\nexcept (OSError, BaseException): pass", id="one of several"),
    pytest.param(rules.broad_excepts, "try: f()\nexcept: pass", id="bare except"),
    pytest.param(rules.imports_inside_functions, "def f():\n    if x:\n        import os", id="import in a branch"),
    pytest.param(rules.imports_of_ours, "from shared.kernel import money", id="from shared"),
    pytest.param(rules.imports_of_ours, "import services.scoring.domain", id="import services"),
]
KEPT = [
    pytest.param(rules.long_functions, "def f() -> None:\n" + "    x = 1\n" * 59, id="60 lines"),
    pytest.param(rules.many_parameters, "def f(self, a, b, c, d, e, f, g): ...", id="7 and self"),
    pytest.param(rules.missing_return_types, "def f() -> None: ...", id="a return type"),
    pytest.param(rules.commits, "commit_message(work)", id="another word"),
    pytest.param(rules.row_locks, "await work.locked(wanted)", id="by the unit of work"),
    pytest.param(rules.sleeps, "await wait_until(ready)", id="a condition"),
    pytest.param(rules.wall_clock_reads, "time.monotonic() - clock.now()", id="a duration, and our clock"),
    pytest.param(rules.drawn_ids, "uuid5(cause, topic)", id="derived"),
    pytest.param(rules.broad_excepts, "try: f()\nexcept OSError: pass", id="a named error"),
    pytest.param(rules.broad_excepts, "try: f()\nexcept BaseException:\n    raise", id="it goes on"),
    pytest.param(rules.imports_inside_functions, "import os\ndef f(): ...", id="import at the top"),
    pytest.param(rules.imports_of_ours, "from tests.reference import journey", id="its own parts"),
]


@pytest.mark.parametrize(("rule", "source"), BROKEN)
def test_a_rule_finds_what_breaks_it(rule: Rule, source: str) -> None:
    assert len(list(rule(ast.parse(source)))) == 1


@pytest.mark.parametrize(("rule", "source"), KEPT)
def test_a_rule_lets_be_what_keeps_it(rule: Rule, source: str) -> None:
    assert list(rule(ast.parse(source))) == []


def test_an_empty_name_is_a_word_of_its_own() -> None:
    assert rules.empty_names("shared/db/path_utils.py") == ["utils"]
    assert rules.empty_names("services/scoring/handlers/database.py") == []


def test_a_scratch_file_may_stand_in_code_but_not_in_prose() -> None:
    scratch = "see " + "/t" + "mp/out.txt"
    assert list(rules.machine_paths(scratch, prose=False)) == []
    assert [breach.line for breach in rules.machine_paths(scratch, prose=True)] == [1]


def test_a_home_is_found_anywhere_and_an_address_is_not_a_home() -> None:
    assert [breach.line for breach in rules.machine_paths("one\n" + "/root" + "/x", prose=False)] == [2]
    assert list(rules.machine_paths("https://example.com/home/page and docs/work/log.md", prose=True)) == []


def test_an_option_that_hides_the_registry_names_none() -> None:
    assert list(rules.registry_hosts("uv pip compile --no-emit-index-url")) == []
    assert len(list(rules.registry_hosts("pip install --index" + "-url=x"))) == 1


def test_a_pattern_is_not_a_file() -> None:
    text = "`shared/db/work.py`, `shared/runtime/`, `tests/unit/*`, `deploy/<name>`, `shared/log/ports.py::Log`"
    assert rules.named_files(text) == {"shared/db/work.py", "shared/runtime", "shared/log/ports.py"}


def test_lines_of_code_are_what_is_neither_empty_nor_prose() -> None:
    text = '"""What\n\nit is."""\n\n# why\nx = 1  # a note\n\n\ndef f() -> str:\n    """Tell."""\n    return "told"\n'
    assert rules.lines_of_code(text) == 3
