"""A new rule model is one file: beside the others, and nowhere else named, it is asked for by its name."""

import json
import shutil
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import pytest

import services
import shared
from services.attribution.domain.models import by_name
from services.attribution.domain.models.places import ends

_FILE = '''"""Two thirds: most to the first.

Six interactions: 200/3, 0, 0, 0, 0, 100/3 %. Two: 200/3, 100/3 %.
"""

from fractions import Fraction

from services.attribution.domain.models.places import ends

TWO_THIRDS = ends("two_thirds", Fraction(2, 3), Fraction(1, 3), "nobody")
'''
_RULES = """
from services.attribution.settings import rules_of
from shared.contracts import charter_text
print(*rules_of(charter_text.default()).models)
"""
_ATTRIBUTE = ("attribute", "paths.csv", "--models", "two_thirds,linear", "--format", "json")


def ran(folder: Path, *arguments: str) -> str:
    """What a Python in a folder prints; the packages there are found before any other."""
    command = [sys.executable, *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)  # noqa: S603 - ours
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_file_beside_the_others_is_a_model(tmp_path: Path) -> None:
    for package in (services, shared):
        [source] = package.__path__
        shutil.copytree(source, tmp_path / Path(source).name, ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "services/attribution/domain/models/two_thirds.py").write_text(_FILE)
    (tmp_path / "paths.csv").write_text("path,conversions,value,null\nEmail > Chat,3,900,1\n")
    found = json.loads(ran(tmp_path, "-m", "services", *_ATTRIBUTE))["models"]
    assert found["two_thirds"]["value"] == {"Email": 600, "Chat": 300}
    assert found["linear"]["value"] == {"Email": 450, "Chat": 450}
    assert "two_thirds" in ran(tmp_path, "-c", _RULES).split()


def test_two_models_of_one_name_are_refused() -> None:
    one, other = (ends("twice", Fraction(1, 2), Fraction(1, 2), "nobody") for _ in range(2))
    assert by_name([("twice", one), ("builds_on_it", one)])["twice"] is one
    with pytest.raises(ValueError, match="twice"):
        by_name([("twice", one), ("builds_on_it", other)])


def test_a_model_in_a_file_of_another_name_is_refused() -> None:
    one = ends("one_name", Fraction(1, 2), Fraction(1, 2), "nobody")
    with pytest.raises(ValueError, match="one_name"):
        by_name([("another", one)])
