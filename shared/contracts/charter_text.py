"""A charter as a text: read from YAML or JSON with every mistake at once, and the one that is shipped."""

from importlib import resources
from typing import Any, NamedTuple

import yaml
from pydantic import ValidationError

from shared.contracts.charter import Charter
from shared.kernel.errors import Reject

_LONGEST = 256 * 1024
_DEFAULT = "default_charter.yaml"


class Mistake(NamedTuple):
    """What is wrong, and where: `scoring.engagement.0.half_life_days`, or a line where the text does not parse."""

    path: str
    message: str


class BadCharter(Reject):
    """The text is no charter; `mistakes` names everything that is wrong with it."""

    def __init__(self, mistakes: tuple[Mistake, ...]) -> None:
        first = mistakes[0]
        super().__init__("bad_charter", f"{len(mistakes)} mistakes, first: {first.message}", first.path)
        self.mistakes = mistakes


class _Loader(yaml.SafeLoader):
    """YAML whose text says what it means: no aliases (they can be made to explode), no key twice."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            raise yaml.MarkedYAMLError(problem="aliases are not taken", problem_mark=self.get_mark())
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        for key in (key for key, _ in node.value if isinstance(key, yaml.ScalarNode)):
            if key.value in seen:
                raise yaml.MarkedYAMLError(problem=f"{key.value} is there twice", problem_mark=key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep)


def read(text: str) -> Charter:
    """The charter that a YAML or JSON text holds; raises BadCharter with everything that is wrong."""
    if len(text) > _LONGEST:
        raise BadCharter((Mistake("", f"longer than {_LONGEST} characters"),))
    try:
        document = yaml.load(text, _Loader)  # noqa: S506 - a SafeLoader that refuses more
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise BadCharter((Mistake(f"line {line}", error.problem or "not YAML"),)) from None
    except (yaml.YAMLError, RecursionError, ValueError):
        raise BadCharter((Mistake("", "not YAML"),)) from None
    return check(document)


def check(document: object) -> Charter:
    """The charter that a document is; raises BadCharter with everything that is wrong."""
    try:
        return Charter.model_validate(document)
    except ValidationError as error:
        raise BadCharter(_mistakes(error)) from None


def _mistakes(error: ValidationError) -> tuple[Mistake, ...]:
    """A list whose items are wrong is also told to be too short, for they do not count: that is left out."""
    found = error.errors(include_url=False, include_input=False)
    inside = {one["loc"][:depth] for one in found for depth in range(len(one["loc"]))}
    return tuple(
        Mistake(".".join(map(str, one["loc"])), one["msg"].removeprefix("Value error, "))
        for one in found
        if not (one["type"] == "too_short" and one["loc"] in inside)
    )


def default_text() -> str:
    """The shipped charter, as it is signed or changed."""
    return resources.files("shared.contracts").joinpath(_DEFAULT).read_text("utf-8")


def default() -> Charter:
    """The shipped charter: in force until one is signed."""
    return read(default_text())
