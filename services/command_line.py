"""The program `throughline`: what needs no service starts without loading one, all else is services/__main__.py.

A file is credited in less time than it takes to load every service and its drivers.
"""

import sys
from importlib import import_module

import typer

from services.attribution.api.attribute import command as attribute

_ALONE = typer.Typer(add_completion=False)
_ALONE.command(epilog=attribute.EXAMPLE)(attribute.attribute)


def main() -> None:
    """Run a command, or the services that are named."""
    given = sys.argv[1:]
    if given[:1] == ["attribute"]:
        _ALONE(given[1:], prog_name="throughline attribute")
    else:
        import_module("services.__main__").main(given)
