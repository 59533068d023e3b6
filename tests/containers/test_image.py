"""The image holds the services and nothing to build with."""

import json

import pytest

from tests.containers.stack import IMAGE, PYTHON_IMAGE, Stack, docker

pytestmark = pytest.mark.slow

_MEGABYTE = 1_000_000
_LARGEST = 200 * _MEGABYTE
_LOOK = """
import importlib.util, json, os, shutil
tools = [tool for tool in ("cc", "gcc", "make", "git", "curl", "wget") if shutil.which(tool)]
packages = [name for name in ("pip", "setuptools", "wheel", "pytest", "tests") if importlib.util.find_spec(name)]
print(json.dumps([os.getuid(), tools, packages]))
"""


def test_the_image_adds_less_than_200_megabytes_to_its_base(stack: Stack) -> None:
    sizes = [int(docker("image", "inspect", image, "--format", "{{.Size}}").stdout) for image in (IMAGE, PYTHON_IMAGE)]
    assert sizes[0] - sizes[1] < _LARGEST


def test_the_image_holds_no_build_tools_and_is_not_root(stack: Stack) -> None:
    """Looked at from inside, as somebody who got in would."""
    seen = docker("run", "--rm", "--entrypoint", "python", IMAGE, "-c", _LOOK).stdout
    assert json.loads(seen) == [10_001, [], []]


def test_the_image_says_what_it_can_run(stack: Stack) -> None:
    said = docker("run", "--rm", IMAGE, "nothing", check=False)
    assert "name ingest, scoring, handoff, attribution" in said.stderr
