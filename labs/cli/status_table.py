"""The facts of `labs status` as a table that fits 80 columns, and below it what is to be copied."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from labs.model.digest import Table as Facts


HEADS = ("broker", "state", "address", "port", "login", "version", "started by")
UP = ("running", "frozen")
AFTER = {"its log": "log", "what to do": "to_do"}
TOPICS = "Kafka makes no topic when a client asks for one; the client waits and gives up."
"""As server.properties says: a mistyped topic is to be an error."""


def lines(found: Facts, *, passwords: bool = False) -> Iterator[str]:
    """Every line of the answer: the table, the addresses, where the passwords are, what is wrong, what to do."""
    rows = list(_rows(found))
    yield from columns([HEADS, *([name, *_cells(about)] for name, about in rows)])
    there = [(name, about) for name, about in rows if about["state"] in UP]
    if there:
        yield ""
        yield "To copy:" if passwords else "To copy (labs status --show-password puts the passwords in):"
        for name, about in there:
            yield f"  {name:8}  {about['url']}"
            if beside := _beside(about):
                yield f"  {'':8}  {beside}"
        yield from dict.fromkeys(_secrets(there))
    for name, about in rows:
        if about.get("why") and about["state"] != "starting":
            yield f"\n{name}: {about['why'].rstrip('.')}."
            yield from (f"  {label}: {about[key]}" for label, key in AFTER.items() if about.get(key))
    if command := next((about["make_topic"] for _, about in there if about.get("make_topic")), ""):
        yield f"\n{TOPICS}\n  make one: {command}"
    if all(about["state"] == "stopped" for _, about in rows):
        yield "\nNothing runs. Start the brokers: labs up. With JupyterLab: make lab"
    yield f"\nKept in {found['home']}"


def columns(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Rows with their columns below each other, two spaces between them."""
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def _rows(found: Facts) -> Iterator[tuple[str, Facts]]:
    """The brokers, and those of sessions that another one of the same kind hides."""
    for name, about in found["brokers"].items():
        yield name, about
        for session in found["sessions"]:
            other = session["brokers"].get(name)
            if other and other != about and name != "memory":
                yield name, other


def _cells(about: Facts) -> list[str]:
    login = about.get("user") or ("none" if about["state"] in UP else "-")
    port = str(about.get("port") or "-")
    return [
        about["state"],
        about.get("host") or "-",
        port,
        login,
        about.get("version") or "-",
        (about.get("started_by") or "-") + (", containers" if about.get("backend") == "compose" else ""),
    ]


def _beside(about: Facts) -> str:
    """The ports that the address does not name."""
    more = [f"streams: port {about['stream_port']}"] if about.get("stream_port") else []
    more += [f"management: http://{about['host']}:{about['admin_port']}"] if about.get("admin_port") else []
    return "; ".join([*more, *(["TLS"] if about.get("tls") else [])])


def _secrets(there: Sequence[tuple[str, Facts]]) -> Iterator[str]:
    files = [about["secret_file"] for _, about in there if about.get("secret_file")]
    variables = [about["secret_variable"] for _, about in there if about.get("secret_variable")]
    for place in [*files, *variables]:
        yield f"  {'':8}  passwords: {place}"
