"""The loss matrix small, from the recorded file: on the landing page squares to guess at, in README.md a picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from labs.experiments import experiment
from labs.model.digest import Digest
from labs.model.faults import ENDING
from labs.model.text import BROKER_NAMES
from labs.pages.links import view_of
from labs.pages.pages import NOT_RECORDED
from labs.pages.recordings import recorded

LAB = "loss-matrix"
HEADS = {"stop": "clean stop", "kill": "kill", "power": "power cut"}
SHORT = ("Redis list, ", "RabbitMQ ", "Kafka, ")
"""What a row's name need not repeat under its broker's."""


@dataclass(frozen=True)
class Square:
    """One point: its key and its address in the lab's panel, its outcome, what is said of it, what is asked before."""

    key: str
    view: str
    word: str
    told: str
    ask: str


@dataclass(frozen=True)
class Row:
    """One setting of a broker; `squares` by fault, those that are recorded."""

    broker: str
    label: str
    squares: Mapping[str, Square]


def rows(digests: Sequence[Digest]) -> list[Row]:
    """The settings in the order of the recording, with what became of the messages at each of the three events."""
    found: dict[str, list[Digest]] = {}
    for one in digests:
        found.setdefault(str(one.settings["profile"]), []).append(one)
    return [_row(points) for points in found.values()]


def _row(points: Sequence[Digest]) -> Row:
    label = str(points[0].settings["label"])
    for start in SHORT:
        label = label.removeprefix(start)
    by_fault = {str(one.settings["fault"]): _square(one) for one in points}
    squares = {fault: by_fault[fault] for fault in ENDING if fault in by_fault}
    shown = label if "=" in label.partition(" ")[0] else label[:1].upper() + label[1:]  # acks=all stays as it is typed
    return Row(str(points[0].settings["broker"]), shown, squares)


def _square(digest: Digest) -> Square:
    lab = experiment(LAB)
    view = lab.look.view(digest)
    ask = lab.guess.question.format_map(view) if lab.guess else ""
    return Square(
        lab.look.key(digest.settings), view_of(LAB, digest.settings), str(view["cell"]["word"]), str(view["title"]), ask
    )


def hero(folder: Path | None = None) -> str:
    """The squares as a table whose cells lead to the lab; with scripts hero.mjs asks first."""
    file = recorded(LAB, folder)
    found = rows(file.digests) if file else []
    if not found:
        return f'<p class="lab-note">{NOT_RECORDED}</p>'
    heads = "".join(f'<th scope="col">{HEADS[fault]}</th>' for fault in ENDING)
    body, broker = [], ""
    for row in found:
        if row.broker != broker:
            broker = row.broker
            named = f'<th scope="rowgroup" colspan="4">{BROKER_NAMES[broker]}</th>'
            body.append(f'<tr class="hero-broker" style="--tone: var(--{broker})">{named}</tr>')
        cells = "".join(f"<td>{_cell(row, fault)}</td>" for fault in ENDING)
        body.append(f'<tr><th scope="row">{escape(row.label)}</th>{cells}</tr>')
    lab = experiment(LAB)
    options = escape("|".join(lab.guess.options if lab.guess else ()))
    caption = '<caption class="parts-hear">What each event cost, setting by setting</caption>'
    inside = f'{caption}<thead><tr><th scope="col">Setting</th>{heads}</tr></thead><tbody>{"".join(body)}</tbody>'
    return f'<div class="hero" data-hero="{LAB}" data-options="{options}"><table>{inside}</table></div>'


def _cell(row: Row, fault: str) -> str:
    square = row.squares.get(fault)
    if square is None:
        return '<span class="hero-square" data-word="none" title="not recorded"></span>'
    about = f'data-key="{escape(square.key)}" data-word="{escape(square.word)}" data-ask="{escape(square.ask)}"'
    heard = f'<span class="parts-hear">{escape(f"{row.label}, {HEADS[fault]}: ")}</span>'
    word = f'<span class="hero-word parts-hear">{escape(square.word)}</span>'
    told = f'data-told="{escape(square.told)}"'
    return f'<a class="hero-square" href="{escape(square.view)}" {about} {told}>{heard}{word}</a>'
