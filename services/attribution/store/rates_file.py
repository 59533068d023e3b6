"""The deployment's file of rates: CSV with a header, or YAML with a list; each row `day`, `currency`, `rate`.

Rates are read as the text that is written, so none ever was a float.
"""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

import yaml

from services.attribution.domain.rates import NO_RATES, Rates, rates_of


def read_rates(path: Path | None, base: str) -> Rates:
    """The rates of a file, into a currency; none without a file. Raises ValueError where a row is wrong, or OSError."""
    if path is None:
        return NO_RATES
    text = path.read_text(encoding="utf-8-sig")
    return rates_of(_yaml(text) if path.suffix.lower() in (".yaml", ".yml") else _csv(text), base)


def _csv(text: str) -> Sequence[Mapping[str, str]]:
    return [{name: value or "" for name, value in row.items() if name} for row in csv.DictReader(text.splitlines())]


def _yaml(text: str) -> Sequence[Mapping[str, str]]:
    try:
        rows = yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506 - the base loader makes nothing but texts
    except yaml.YAMLError as error:
        raise ValueError(f"rates: {error}") from None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ValueError("rates: a list of rows with day, currency and rate")
    return [{str(name): str(value) for name, value in row.items()} for row in rows]
