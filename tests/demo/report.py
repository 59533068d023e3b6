"""What the demo prints: tables of what the services say, and the lines of the balance."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from statistics import median

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from tests.demo.books import MODELS, Check
from tests.demo.calls import Json
from tests.demo.deals import CURRENCY

_JOURNEY_LINES = 14


def money(amount_minor: int) -> str:
    """An amount as people write it."""
    return f"{amount_minor / 100:,.2f}"


def funnel(console: Console, answer: Json) -> None:
    """How many entered each stage, and went on from it."""
    table = _table("Funnel", "stage", "entered", "converted", "conversion", "median days")
    for row in answer["stages"]:
        days = row.get("median_days")
        table.add_row(
            row["stage"], f"{row['entered']:,}", f"{row['converted']:,}", _share(row.get("conversion")),
            "" if days is None else f"{days:.1f}",
        )  # fmt: skip
    console.print(table)


def handoffs(console: Console, items: Sequence[Json]) -> None:
    """Hand-offs by status, and how fast sales was."""
    table = _table("Hand-offs", "status", "leads")
    for status in sorted({item["status"] for item in items}):
        table.add_row(status, str(sum(item["status"] == status for item in items)))
    console.print(table)
    for label, start, end in (
        ("assigned to delivered", "assigned_at", "delivered_at"),
        ("speed to lead (delivered to first contact)", "delivered_at", "contacted_at"),
    ):
        waits = [_seconds(item[start], item[end]) for item in items if item.get(start) and item.get(end)]
        if waits:
            console.print(f"  {label}: median {median(waits):.2f} s, slowest {max(waits):.2f} s, of {len(waits)}")


def credit(console: Console, answer: Json, title: str, key: str) -> None:
    """Credit by a key under each model, side by side."""
    table = _table(f"{title} ({CURRENCY})", key, *MODELS)
    rows = {model: {row["key"]: row for row in answer["models"][model]["rows"]} for model in MODELS}
    agreed = rows[MODELS[0]]
    keys = sorted(
        set().union(*rows.values()), key=lambda name: (-agreed.get(name, {}).get("amount_minor", 0), name)
    )  # fmt: skip
    for name in keys:
        table.add_row(escape(name), *(_amount(rows[model].get(name)) for model in MODELS))
    table.add_section()
    table.add_row("won", *(money(sum(row["amount_minor"] for row in rows[model].values())) for model in MODELS))
    console.print(table)


def journey(console: Console, items: Sequence[Json], who: str) -> None:
    """The last lines of one person's journey."""
    table = _table(f"Journey of {who}", "when", "what", "channel", "campaign")
    for item in items[-_JOURNEY_LINES:]:
        campaign = item.get("campaign")
        name = str(campaign.get("campaign") or "") if isinstance(campaign, dict) else str(campaign or "")
        what = item.get("kind") or item.get("stage") or item.get("status") or ""
        table.add_row(
            item.get("occurred_at", "")[:16].replace("T", " "), escape(f"{item.get('type', '')} {what}".strip()),
            item.get("channel") or "", escape(name),
        )  # fmt: skip
    if len(items) > _JOURNEY_LINES:
        table.caption = f"the last {_JOURNEY_LINES} of {len(items)}"
    console.print(table)


def deal(console: Console, credits_by_model: dict[str, Json], title: str) -> None:
    """One deal's interactions with what each model gives them."""
    table = _table(f"{title} ({CURRENCY})", "when", "interaction", "channel", "department", *MODELS)
    shares: dict[str | None, dict[str, int]] = {}
    lines: dict[str | None, Json] = {}
    for model, answer in credits_by_model.items():
        for line in answer["credits"]:
            lines[line["interaction_id"]] = line
            shares.setdefault(line["interaction_id"], {})[model] = line["amount_minor"]
    for interaction, line in sorted(lines.items(), key=lambda pair: (pair[1]["occurred_at"] or "", pair[0] or "")):
        table.add_row(
            (line["occurred_at"] or "")[:16].replace("T", " "), line["kind"] or "", line["channel"], line["department"],
            *(money(shares[interaction][model]) if model in shares[interaction] else "" for model in MODELS),
        )  # fmt: skip
    console.print(table)


def balance(console: Console, checks: Iterable[Check]) -> None:
    """Each check with its two figures, and whether they are the same."""
    table = _table("Do the books balance", "", "what", "ours", "theirs")
    for check in checks:
        mark = "[green]✓[/]" if check.holds else "[bold red]✗[/]"
        table.add_row(mark, check.name, f"{check.ours:,}", f"{check.theirs:,}")
    console.print(table)


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold")
    for number, column in enumerate(columns):
        table.add_column(column, justify="right" if column in _FIGURES and number else "left")
    return table


_FIGURES = frozenset({"entered", "converted", "conversion", "median days", "leads", "ours", "theirs", *MODELS})


def _amount(row: Json | None) -> str:
    return "" if row is None else f"{money(row['amount_minor'])} {_share(row.get('share')):>6}"


def _share(share: float | None) -> str:
    return "" if share is None else f"{share:.1%}"


def _seconds(start: str, end: str) -> float:
    return (datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds()
