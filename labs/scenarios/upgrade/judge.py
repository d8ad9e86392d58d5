"""Seen -> cells of the grid. Pure: what was heard decides, and nothing of how long it took."""

from __future__ import annotations

import re

from labs.scenarios.upgrade import Heard, Seen

Cell = dict[str, str]
WORKER, TASK, PING, SECOND = "Worker ready", "Task done", "Answers a ping", "Second of its name"
COLUMNS = (WORKER, TASK, PING, SECOND)
_REPLY = re.compile(r"\((\d{3})\) ([A-Z_]+)(?: - (.*))?", re.DOTALL)


def cells(seen: Seen) -> dict[str, Cell]:
    """Column -> its cell as JSON: state, word, figure, reason."""
    return {
        WORKER: _cell(seen.start),
        TASK: _cell(seen.task),
        PING: _cell(seen.ping),
        SECOND: _cell(seen.second),
    }


def reply(text: str) -> tuple[str, str]:
    """The broker's code with its name, and the first sentence of what it said; the whole text where it has no code."""
    if not (found := _REPLY.search(text)):
        return "", text.strip().splitlines()[0][:120] if text.strip() else ""
    said = (found[3] or "").strip().splitlines()
    first = re.split(r"[.](?: |$)| in vhost ", said[0])[0] if said else ""  # what stands behind names the run's own
    return f"{found[1]} {found[2]}", first.strip()


def outcome(seen: Seen) -> str:
    """What became of the worker: `ready`, or the broker's code, or `failed`."""
    return "ready" if seen.start.well else reply(seen.start.error)[0] or "failed"


def _cell(heard: Heard | None) -> Cell:
    if heard is None:
        return {"state": "absent", "word": "not tried", "figure": "", "reason": "no worker was ready"}
    if heard.well:
        return {"state": "yes", "word": "", "figure": "", "reason": ""}
    code, said = reply(heard.error)
    return {"state": "no", "word": "", "figure": code, "reason": said}
