"""The rule models, by name: a model is a file in here, of its name.

Nothing else names it. Its file says the rule, whose it is, and in its first lines what the rule gives to a journey;
those golden rows are run as tests.
"""

import pkgutil
from collections.abc import Iterable, Iterator, Mapping
from importlib import import_module
from types import MappingProxyType

from services.attribution.domain.models.first_last import FIRST_LAST
from services.attribution.domain.models.model import Model

AGREED = FIRST_LAST.name
"""The model of the default charter."""


def _found() -> Iterator[tuple[str, Model]]:
    for module in pkgutil.iter_modules(__path__):
        values = vars(import_module(f"{__name__}.{module.name}")).values()
        yield from ((module.name, value) for value in values if isinstance(value, Model))


def by_name(models: Iterable[tuple[str, Model]]) -> Mapping[str, Model]:
    """Models by their names, the agreed default first, of the names of files with the models they hold.

    Raises ValueError where two are called the same, or one is in no file of its name.
    """
    found: dict[str, Model] = {}
    at_home: set[str] = set()
    for file, model in models:
        # A file that builds on another model holds it as well, which is the same one.
        if found.setdefault(model.name, model) is not model:
            raise ValueError(f"two rule models are called {model.name}")
        if file == model.name:
            at_home.add(file)
    if astray := found.keys() - at_home:
        raise ValueError(f"in no file of its name: the rule model {min(astray)}")
    first = {name: found[name] for name in (AGREED,) if name in found}
    return MappingProxyType(first | {name: found[name] for name in sorted(found)})


MODELS = by_name(_found())
"""Name to model, the agreed default first."""

__all__ = ["AGREED", "MODELS", "Model", "by_name"]
