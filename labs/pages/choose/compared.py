"""The bill of the first few beside each other, and what is in its figures. js/choose-compared.mjs is the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from labs.pages.choose.bill import Answers, amount, bill, built, said

NO_FIGURE, ON_DISK, NOTHING = "not measured here", "waits on disk", "nothing"
HAS = (
    "Counted: the messages, what the server stores beside each of them, every node, "
    "and a copy for each service that has one."
)
LACKS = (
    "Not counted: compression, what protocols add on the network, files while they are rewritten, backups, "
    "the memory of a server before its first message, machines and people."
)


def kept_head(answers: Answers) -> str:
    """What the second column of figures is of."""
    if answers["replay"] == "yes":
        return f"Kept for {said(answers['keep_days'])} {'day' if answers['keep_days'] == 1 else 'days'}"
    return "After the worst hour, if nobody reads in it"


def heads(answers: Answers) -> list[str]:
    """The head of the table."""
    return ["Configuration", "Written to disk a day", kept_head(answers), "Over the network a day, at least"]


def _line(lines: Sequence[Mapping[str, Any]], starts: tuple[str, ...]) -> Mapping[str, Any] | None:
    return next((one for one in lines if one["what"].startswith(starts)), None)


def row(configuration: Mapping[str, Any], answers: Answers) -> dict[str, Any]:
    """What it writes a day, keeps or holds, and sends; what is left to build; how each figure was made."""
    lines = bill(configuration, answers)[1:]
    written, held, sent = (
        _line(lines, start) for start in (("written",), ("kept", "in memory"), ("over the network",))
    )
    stores = configuration["keeps"] or configuration["memory"] or configuration["disk"]
    where = " in memory" if configuration["memory"] else " on disk"
    return {
        "id": configuration["id"],
        "name": configuration["short"],
        "written": amount(written["gb"]) if written else NO_FIGURE if stores else NOTHING,
        "kept": f"{amount(held['gb'])}{where}" if held else ON_DISK if stores else NOTHING,
        "sent": amount(sent["gb"]) if sent else NOTHING,
        "build": built(configuration, answers),
        "notes": list(dict.fromkeys(one["note"] for one in lines if one["note"])),
        "source": configuration["source"],
    }


def day_said(configuration: Mapping[str, Any], answers: Answers) -> str:
    """What all of them have to carry: the messages of a usual day."""
    line = bill(configuration, answers)[0]
    return f"A usual day brings {amount(line['gb'])} of messages ({line['note']})."


def rows(configurations: Sequence[Mapping[str, Any]], answers: Answers) -> list[dict[str, Any]]:
    """A row for each."""
    return [row(one, answers) for one in configurations]
