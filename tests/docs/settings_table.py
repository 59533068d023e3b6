"""`python -m tests.docs.settings_table`: writes the table of settings into docs/deploy.md, from the models."""

import importlib
import re

from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings

from tests.docs.blocks import ROOT

PAGE = ROOT / "docs" / "deploy.md"
_BETWEEN = re.compile(r"(?<=<!-- settings -->\n).*?(?=<!-- /settings -->)", re.DOTALL)
_NONE = ("", (), None)


def models() -> list[type[BaseSettings]]:
    """The settings of a deployment, then each service's own."""
    own = sorted(str(path.relative_to(ROOT)) for path in ROOT.glob("services/*/settings.py"))
    names = ["services.deployment", *(path.removesuffix(".py").replace("/", ".") for path in own)]
    return [model for name in names for model in vars(importlib.import_module(name)).values() if _is_model(model, name)]


def table() -> str:
    """The table, a row for each environment variable."""
    rows = [
        f"| `{model.model_config['env_prefix']}{name.upper()}` | {_default(field)} | {field.description} |"
        for model in models()
        for name, field in model.model_fields.items()
    ]
    return "\n".join(["| variable | default | what it says |", "| --- | --- | --- |", *rows, ""])


def with_table(page: str) -> str:
    """The page with the table between its two marks."""
    return _BETWEEN.sub(lambda _: table(), page)


def _is_model(value: object, module: str) -> bool:
    return isinstance(value, type) and issubclass(value, BaseSettings) and value.__module__ == module


def _default(field: FieldInfo) -> str:
    if field.default in _NONE:
        return ""
    return f"`{int(field.default) if isinstance(field.default, bool) else field.default}`"


if __name__ == "__main__":
    PAGE.write_text(with_table(PAGE.read_text()))
