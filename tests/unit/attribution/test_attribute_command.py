"""`throughline attribute`: the result on standard output, everything else beside it."""

import csv
import json
from io import StringIO
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from services.attribution.api.attribute.command import EXAMPLE, attribute
from services.commands import app

PATHS = "path,conversions,value,null\nOrganic > Email > Direct,3,4200,17\nFacebook > Email,1,900,40\n"
TOUCHES = (
    "person,channel,occurred_at,conversion,value,milestone\n"
    "ana,Organic,2026-01-01,0,,\nana,Email,2026-01-11,0,,lead_creation\nana,Event,2026-01-21,0,,\n"
    "ana,Call,2026-01-31,0,,deal_creation\nana,Chat,2026-02-10,0,,\nana,Demo,2026-02-20,1,1000,\n"
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "paths.csv").write_text(PATHS)
    (tmp_path / "touches.csv").write_text(TOUCHES)
    return tmp_path


def run(*arguments: str | Path) -> Result:
    app.command("attribute", epilog=EXAMPLE)(attribute)
    return CliRunner().invoke(app, ["attribute", *map(str, arguments)])


def test_json_holds_every_model_and_how_long_it_took(folder: Path) -> None:
    ran = run(folder / "paths.csv", "--format", "json")
    found = json.loads(ran.stdout)
    assert found["models"]["markov_channel"].keys() == {"conversions", "value", "removal_effects"}
    assert sum(found["models"]["markov"]["value"].values()) == pytest.approx(5100)
    assert found["models"]["last_non_direct"]["conversions"]["Email"] == 4
    assert found["seconds"].keys() == {"read", *found["models"]}
    assert (found["left_out"]["w_shaped"], found["left_out"]["time_decay"]) == ("needs milestones", "needs times")


def test_what_is_left_out_is_named_beside_the_result(folder: Path) -> None:
    ran = run(folder / "paths.csv")
    assert "time_decay (needs times)" in ran.stderr
    assert "note:" not in ran.stdout
    assert "Organic" in ran.stdout


def test_csv_has_a_row_for_each_model_and_channel(folder: Path) -> None:
    ran = run(folder / "paths.csv", "--format", "csv", "--models", "first_touch, markov_channel")
    rows = list(csv.DictReader(StringIO(ran.stdout)))
    assert len(rows) == 2 * 4
    assert rows[0] == {
        "model": "first_touch", "channel": "Organic", "conversions": "3.0", "value": "4200.0", "removal_effects": ""
    }  # fmt: skip


def test_a_page_stands_alone_and_trusts_no_name(folder: Path) -> None:
    (folder / "paths.csv").write_text("path,conversions,null\n<script > B,1,1\n")
    page = folder / "credit.html"
    ran = run(folder / "paths.csv", "--format", "html", "--output", page)
    assert (ran.exit_code, ran.stdout) == (0, "")
    text = page.read_text()
    assert "&lt;script<" in text
    assert not any(part in text for part in ("<script", "http:", "https:", "src="))


def test_touches_are_asked_of_the_models_of_milestones_and_times_too(folder: Path) -> None:
    ran = run(folder / "touches.csv", "--touches", "--format", "json")
    models = json.loads(ran.stdout)["models"]
    assert list(models["full_path"]["conversions"].values()) == pytest.approx([0.225, 0.225, 0.05, 0.225, 0.05, 0.225])
    assert models["time_decay"]["conversions"]["Demo"] == pytest.approx(0.630158, abs=1e-6)
    assert models["w_shaped_bizible"]["value"]["Event"] == pytest.approx(100)
    assert "single (needs the kinds of touches)" in ran.stderr


def test_without_lost_journeys_markov_is_answered_with_a_warning(folder: Path) -> None:
    ran = run(folder / "touches.csv", "--touches", "--format", "json", "--models", "markov", "--order", "2")
    assert [warning[:27] for warning in json.loads(ran.stdout)["warnings"]] == ["there are no lost journeys:"]
    assert "there are no lost journeys" in ran.stderr


def test_a_missing_milestone_and_a_long_cycle_are_said(folder: Path) -> None:
    (folder / "touches.csv").write_text(TOUCHES.replace("deal_creation", ""))
    ran = run(folder / "touches.csv", "--touches", "--models", "w_shaped,time_decay")
    assert "1 of 1 won journeys have no deal_creation: their other parts grow" in ran.stderr
    assert "the median journey lasts 7.1 half-lives" in ran.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--models", "markov,magic"], "there is no model 'magic'; there are first_last"),
        (["--models", "time_decay"], "none of these models can be asked of this file: time_decay (needs times)"),
        (["--delimiter", ";;"], "a delimiter is one plain character"),
        (["--touches"], "line 1: no column person and no channel"),
    ],
)
def test_what_cannot_be_asked_ends_with_a_reason(folder: Path, arguments: list[str], said: str) -> None:
    ran = run(folder / "paths.csv", *arguments)
    assert (ran.exit_code, ran.stdout) == (2, "")
    assert said in ran.stderr


def test_a_file_that_is_empty_or_not_there_ends_with_a_reason(folder: Path) -> None:
    (folder / "paths.csv").write_text("path,conversions\n")
    assert "has no rows" in run(folder / "paths.csv").stderr
    assert "No such file" in run(folder / "other.csv").stderr


def test_help_shows_an_example() -> None:
    assert "throughline attribute paths.csv" in run("--help").stdout
