"""The routing editor of a page, as HTML: its place, and the five puzzles as text and tables, which need no script."""

from __future__ import annotations

import json
from html import escape

from labs.experiments import routing_examples
from labs.experiments.routing_examples import Told
from labs.pages.pages import table
from labs.pages.recordings import recorded

LAB = "routing-puzzles"
NO_SCRIPT = "The editor needs JavaScript. The five puzzles follow, with what they did on RabbitMQ."
COLUMNS = ("Message", "Wanted by", "Usual first try", "Solved")


def editor() -> str:
    """The place of the editor, and under it the puzzles in folds."""
    data = json.dumps(routing_examples.known(), ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
    script = f'<script type="application/json">{data}</script>'
    app = f'<div class="routing-app"><noscript><p>{NO_SCRIPT}</p></noscript></div>'
    file = recorded(LAB)
    folds = "".join(map(_told, routing_examples.told(file.digests if file else ())))
    return f'<div class="routing lab-wide" data-routing>{script}{app}</div>{folds}'


def _told(puzzle: Told) -> str:
    """What is asked, both topologies, and message by message where it lay on the broker."""
    written = "".join(f'<p>{escape(name)}:</p><pre tabindex="0">{escape(text)}</pre>' for name, text in puzzle.texts)
    caption = f"{puzzle.title}: where twenty messages lay on RabbitMQ, in the first recorded round"
    found = table(COLUMNS, puzzle.rows, caption) if puzzle.rows else ""
    inside = f"<p>Asked: {escape(puzzle.asks)}</p>{written}{found}<p>{escape(puzzle.lesson)}</p>"
    return f'<details class="routing-puzzle"><summary>{escape(puzzle.title)}, as text</summary>{inside}</details>'
