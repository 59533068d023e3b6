"""The house as it stands keeps its rules. Each test says what the rule is for."""

from tests.architecture import rules
from tests.architecture.tree import ROOT, breaches, files, modules, prose, text_of

SERVICES, SHARED, TESTS = "services/", "shared/", "tests/"
NAMES = ("ingest", "scoring", "handoff", "attribution")
PRODUCT = (SERVICES, SHARED)
EVERYTHING = (SERVICES, SHARED, TESTS)


def test_a_file_is_read_in_one_sitting() -> None:
    """A file that does not fit into a reader's head holds two things that want their own names."""
    lengths = {path: len(text_of(path).splitlines()) for path in modules(*EVERYTHING)}
    assert {path: length for path, length in lengths.items() if length > rules.LONGEST_FILE} == {}


def test_a_function_fits_on_a_screen() -> None:
    """What cannot be seen at once is changed by guessing."""
    migrations = [f"services/{name}/store/migrations/" for name in NAMES]  # Lists of tables: nothing to understand.
    assert breaches(rules.long_functions, modules(*EVERYTHING, but=migrations)) == []


def test_a_function_takes_few_parameters() -> None:
    """Past seven, callers mix them up; a value that belongs together wants a type."""
    assert breaches(rules.many_parameters, modules(*EVERYTHING)) == []


def test_every_function_says_what_it_returns() -> None:
    """The signature is the first documentation, and the only one that cannot be wrong."""
    assert breaches(rules.missing_return_types, modules(*EVERYTHING)) == []


def test_only_the_unit_of_work_commits() -> None:
    """State, outbox and position are one transaction: a commit anywhere else tears them apart."""
    # The others are others' words: Kafka's, for telling the broker where a group stands, and a database driver's.
    drivers = ("shared/db/sessions.py", "shared/db/sqlite_driver.py", "shared/testing/inline_sqlite.py")
    may = ("shared/db/work.py", "shared/log/kafka_subscription.py", *drivers)
    assert breaches(rules.commits, modules(*PRODUCT, but=may)) == []


def test_only_the_unit_of_work_locks_rows() -> None:
    """One place says what a lock is on each database; the order of locks is then read off its callers."""
    assert breaches(rules.row_locks, modules(*EVERYTHING, but=["shared/db/"])) == []


def test_no_test_sleeps() -> None:
    """A sleep is too short on a busy machine and too long on every other; wait for a condition with a deadline."""
    assert breaches(rules.sleeps, modules(TESTS)) == []


def test_only_the_clock_reads_the_time() -> None:
    """Time comes from outside as a value, so that a replay, a late event and a simulation are all the same code."""
    may = ("shared/observe/clock.py", "shared/testing/")
    assert breaches(rules.wall_clock_reads, modules(*PRODUCT, but=may)) == []


def test_only_the_edge_draws_ids() -> None:
    """An id that is drawn differs on every redo, and the next service's inbox then takes it for news."""
    assert breaches(rules.drawn_ids, modules(*PRODUCT, but=["shared/web/"])) == []


def test_only_the_runtime_catches_everything() -> None:
    """The loop decides what an unknown error means; caught earlier, an event is lost without a word."""
    assert breaches(rules.broad_excepts, modules(*EVERYTHING, but=["shared/runtime/"])) == []


def test_nothing_is_imported_inside_a_function() -> None:
    """Such an import hides a cycle, or a cost that the first request pays."""
    assert breaches(rules.imports_inside_functions, modules(*PRODUCT)) == []


def test_the_reference_model_shares_no_code_with_the_product() -> None:
    """It is a second opinion: a mistake both had would pass every comparison."""
    assert breaches(rules.imports_of_ours, modules("tests/reference/")) == []


def test_the_reference_model_of_a_journey_is_read_in_one_go() -> None:
    """Who is who, how far they are, who had them in hand and who earned it: a second opinion that nobody can take in at
    once is none. Accounts, erasure and the models that learn have files of their own beside it."""
    journey = [f"tests/reference/{name}.py" for name in ("happened", "people", "stages", "handed", "credit")]
    assert sum(rules.lines_of_code(text_of(path)) for path in journey) < 300


def test_a_name_says_what_is_in_the_file() -> None:
    """A drawer called `utils` is where the next thing goes that nobody has thought about."""
    named = {path: rules.empty_names(path) for path in modules(*EVERYTHING)}
    assert {path: words for path, words in named.items() if words} == {}


def test_the_files_a_decision_names_are_there() -> None:
    """A decision that points nowhere is history, and reads as if it still held."""
    decisions = [path for path in prose() if path.startswith("docs/decisions/")]
    named = {(page, path) for page in decisions for path in rules.named_files(text_of(page))}
    assert {(page, path) for page, path in named if not (ROOT / path).exists()} == set()


def test_no_file_names_one_machine() -> None:
    """What works only where it was written is found out by the first one who clones it."""
    found = [
        f"{path}:{breach.line}: {breach.what}"
        for path in files()
        for breach in rules.machine_paths(text_of(path), prose=path.endswith(".md"))
    ]
    assert found == []


def test_no_file_names_a_package_registry() -> None:
    """Where packages come from is a setting of the machine: many may not reach the public one."""
    assert [f"{path}:{breach.line}" for path in files() for breach in rules.registry_hosts(text_of(path))] == []
