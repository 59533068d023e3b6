"""What the page about credit says: its commands run, and its figures are those of the models."""

import csv
import json
from io import StringIO
from pathlib import Path

import pytest

from services.attribution.domain.models import MODELS
from services.attribution.domain.paths.study import LEARNED
from tests.docs.blocks import ROOT, Desk, blocks
from tests.unit.attribution.builders import at_days

PAGE = "docs/attribution.md"
PATHS, TOUCHES = blocks(PAGE, "sh")
WORKED = at_days(0, 10, 20, 30, 40, 50, lead=10, deal=30, won=50)
TEXT = (ROOT / PAGE).read_text()


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """A reader's desk."""
    return Desk.at(tmp_path)


def test_a_file_of_paths_is_credited_as_the_page_says(desk: Desk) -> None:
    printed = desk.run(PATHS)
    assert "Facebook" in printed
    credit = json.loads((desk.folder / "credit.json").read_text())
    assert credit["models"].keys() == {"markov", "shapley"}
    assert "Organic" in (desk.folder / "credit.html").read_text()


def test_a_file_of_touches_is_asked_of_the_models_of_milestones_too(desk: Desk) -> None:
    rows = csv.DictReader(StringIO(desk.run(TOUCHES)))
    shares = {row["channel"]: float(row["conversions"]) for row in rows if row["model"] == "full_path"}
    assert shares == dict.fromkeys(("Organic", "Email", "Call", "Demo"), pytest.approx(0.25))


@pytest.mark.parametrize("model", sorted(MODELS.keys() - {"single", "last_non_direct"}))
def test_the_worked_journey_is_split_as_the_page_says(model: str) -> None:
    row = next(line for line in TEXT.splitlines() if line.startswith(f"| `{model}` |"))
    told = [float(cell) for cell in row.split("|")[2:8]]
    assert told == [round(float(100 * share), 4) for share in MODELS[model].shares(WORKED)]


def test_no_model_is_left_out_of_the_page() -> None:
    assert [name for name in (*MODELS, *LEARNED) if f"`{name}`" not in TEXT] == []
