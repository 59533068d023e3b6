"""Which account the host of an address speaks for, if any: the domain that somebody registered.

Promises: `sub.acme.co.uk` is of `acme.co.uk`; hosts where anybody gets an address name no account. Leaves out
who an account is (accounts.py), and where the lists come from (settings.py).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Refusal = Literal["free_mail", "disposable", "no_company"]
"""Why a host names no account; `no_company`: nobody can register it, or it is no host."""

_LONGEST_HOST = 253
_LONGEST_LABEL = 63
_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-")


def host_of(text: str) -> str | None:
    """The host of what somebody gave as a domain or a website, without `www`; None where it holds none."""
    bare = text.strip().lower().partition("://")[2] or text.strip().lower()
    for sign in "/?#":
        bare = bare.partition(sign)[0]
    host = bare.rpartition("@")[2].partition(":")[0].strip(".").removeprefix("www.")
    try:
        host = host.encode("idna").decode()
    except UnicodeError:
        return None
    labels = host.split(".")
    plausible = len(labels) > 1 and len(host) <= _LONGEST_HOST and not labels[-1].isdigit()
    return host if plausible and all(map(_is_label, labels)) else None


def _is_label(label: str) -> bool:
    return 0 < len(label) <= _LONGEST_LABEL and _LETTERS.issuperset(label)


def upwards(host: str, top: str) -> list[str]:
    """The host, and each domain above it up to `top`."""
    found = [host]
    while host != top:
        host = host.partition(".")[2]
        found.append(host)
    return found


@dataclass(frozen=True, slots=True)
class MailHosts:
    """What is known of hosts: where addresses are free, where they are thrown away, and what registries sell under.

    `suffixes` are rules of the public suffix list of more than one label; any top level is sold directly beside.
    """

    free: frozenset[str]
    disposable: frozenset[str]
    suffixes: frozenset[str]

    def registrable(self, host: str) -> str | None:
        """The domain that somebody registered, of which a host is; None where the host is above any."""
        labels = host.split(".")
        for place in range(len(labels)):
            suffix = ".".join(labels[place:])
            above = ".".join(labels[place + 1 :])
            if f"!{suffix}" in self.suffixes:
                return suffix
            if suffix in self.suffixes or f"*.{above}" in self.suffixes or not above:
                return ".".join(labels[place - 1 :]) if place else None
        return None

    def domain_of(self, host: str) -> str | None:
        """The registered domain that a host speaks for; None where it names no account."""
        return None if self.refusal(host) else self.registrable(host)

    def refusal(self, host: str) -> Refusal | None:
        """Why a host names no account."""
        top = self.registrable(host)
        if top is None:
            return "no_company"
        return self._listed(upwards(host, top))

    def _listed(self, hosts: Iterable[str]) -> Refusal | None:
        for host in hosts:
            if host in self.free:
                return "free_mail"
            if host in self.disposable:
                return "disposable"
        return None
