"""Personas: which of the people we sell to somebody is, told from their traits. It earns no credit."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Persona:
    """A name, and the test of it: the first of the attributes that is known is one of `any_of`, or contains words."""

    name: str
    attributes: tuple[str, ...]
    any_of: frozenset[str] = frozenset()
    """In lower case."""
    contains: tuple[str, ...] = ()
    """Whole words, in lower case."""

    def fits(self, traits: Mapping[str, Any]) -> bool:
        """Whether somebody with these traits is one."""
        text = next((text for name in self.attributes if (text := _text(traits, name))), None)
        if text is None:
            return False
        return text in self.any_of or any(f" {words} " in _words(text) for words in self.contains)


def persona_of(traits: Mapping[str, Any], personas: Iterable[Persona]) -> str | None:
    """The name of the first persona that somebody is; None where they are none."""
    return next((persona.name for persona in personas if persona.fits(traits)), None)


def _text(traits: Mapping[str, Any], name: str) -> str | None:
    """A trait by its dotted name, where it is a text that says something."""
    value: Any = traits
    for part in name.split("."):
        if not isinstance(value, Mapping):
            return None
        value = value.get(part)
    return value.strip().casefold() or None if isinstance(value, str) else None


def _words(text: str) -> str:
    """Between spaces, so that "cto" is no part of a director."""
    return f" {' '.join(''.join(each if each.isalnum() else ' ' for each in text).split())} "
