"""Exercises as HTML, graded in the browser against the recorded run; without scripts a question, a hint, a solution.

What is right goes into the page as base64 of a text that was mixed with its own number, and the solution in the fold
as character references: neither is found by a glance at the source or by a search in it. Whoever wants to read them
there can. With scripts, book/_static/questions.mjs asks and grading.mjs grades by the TABLE that grading.py grades by.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import cycle
from typing import Any

from labs.model.text import measured_text
from labs.pages.exercises.answers import Plain, units
from labs.pages.exercises.evidence import BENCH, RECORDED, NoRun, witness
from labs.pages.exercises.grading import TABLE
from labs.pages.exercises.questions import Exercise, of_page
from labs.pages.exercises.truths import NoTruth, truth

EXACT = 0.01
"""A number that has to be nearer than that is one to know and not to measure."""
CANNOT = "The recorded run cannot say what is right here, so this is not graded."
ON_PAGES = "What can be answered, page by page"
HERE = "Graded in your browser, by the recorded run. In the notebook {check} grades the same questions by your own run."


@dataclass(frozen=True)
class Held:
    """An exercise and what is right by the recorded run, or why that cannot say."""

    asked: Exercise
    right: Plain | None
    lacking: str = ""


def held(asked: Exercise) -> Held:
    """The exercise with what is right by the recorded run."""
    try:
        return Held(asked, truth(asked, witness(asked.lab, RECORDED).digests))
    except (NoRun, NoTruth) as reason:
        return Held(asked, None, str(reason))


def told(asked: Exercise, right: Plain) -> str:
    """What is right, in words."""
    if isinstance(right, float):
        return f"{f'{right:,.0f}' if right >= 1000 else measured_text(right)} {asked.unit}".strip()
    if isinstance(right, dict):
        return "; ".join(f"{asked.cells[cell]}: {asked.options[place]}" for cell, place in right.items())
    if isinstance(right, frozenset):
        return "; ".join(text for name, text in asked.options.items() if name in right) or "none of them"
    return asked.options.get(right, right)


def key(asked: Exercise, right: Plain) -> str:
    """What is right for grading.mjs, not to be read at a glance: mixed byte by byte with the exercise's number."""
    return mixed(asked, sorted(right) if isinstance(right, frozenset) else right)


def mixed(asked: Exercise, what: Any) -> str:
    """Anything, not to be read at a glance."""
    plain = json.dumps(what).encode()
    return b64encode(bytes(a ^ b for a, b in zip(plain, cycle(asked.number.encode()), strict=False))).decode()


def sent(asked: Exercise, right: Plain) -> dict[str, Any]:
    """What the page knows of an exercise besides what can be read on it."""
    found = {"number": asked.number, "kind": asked.kind, "tolerance": asked.tolerance, "unit": asked.unit,
             "key": key(asked, right)}  # fmt: skip
    if asked.kind == "number":
        found["units"] = units(asked.unit)
    hidden = {"also": list(asked.also), "because": dict(asked.because)}
    return found | {name: mixed(asked, what) for name, what in hidden.items() if what}


def section(stem: str, *, open_to_all: bool = False) -> str:
    """The exercises of a page; `open_to_all`, hints and solutions are open: that is for teachers."""
    asked = [held(one) for one in of_page(stem)]
    inside = "".join(_exercise(one, open_to_all) for one in asked)
    check = "<code>check(…)</code>"
    note = HERE.format(check=check) if asked[0].asked.lab != BENCH else HERE.partition(". ")[0] + "."
    data = f'data-place="labs-exercises-{escape(stem)}"' + (" data-open" if open_to_all else "")
    table = escape(json.dumps(TABLE, separators=(",", ":")))
    return (
        f'<section class="exercises" aria-label="Exercises, graded" {data} data-table="{table}">'
        f'<p class="exercises-note">{note}</p>{inside}</section>'
    )


def graded(stem: str) -> list[str]:
    """The numbers of the exercises of a page that the recorded run can grade."""
    return [one.number for one in of_page(stem) if held(one).right is not None]


def _exercise(one: Held, open_to_all: bool) -> str:
    asked, number = one.asked, escape(one.asked.number)
    solution = f'<p class="lab-note">{CANNOT} {escape(one.lacking)}</p>' if one.right is None else ""
    data = f" data-asked='{escape(json.dumps(sent(asked, one.right)))}'" if one.right is not None else ""
    legend = f'<legend><span class="exercise-number">{number}</span> {escape(asked.question)}</legend>'
    form = (
        f'<form method="dialog" class="quiz-question" data-question="{number}"{data}>'
        f"<fieldset>{legend}{_inputs(asked)}</fieldset></form>"
    )
    folds = _fold("hint", "Hint", number, escape(asked.hint), open_to_all)
    if one.right is not None:
        right, why = (_unread(text) for text in (told(asked, one.right), asked.why))
        within = f" Within {asked.tolerance:.0%} of it is right." if asked.tolerance >= EXACT else ""
        inside = f'<strong>{right}.</strong>{within} <span class="exercise-why">{why}</span>'
        folds += _fold("solution", "Solution", number, inside, open_to_all)
    return f'<div class="exercise" id="exercise-{number.replace(".", "-")}">{form}{solution}{folds}</div>'


def _fold(kind: str, word: str, number: str, inside: str, is_open: bool) -> str:
    summary = f'<summary>{word}<span class="parts-hear"> to exercise {number}</span></summary>'
    return f'<details class="exercise-{kind}"{" open" if is_open else ""}>{summary}<p>{inside}</p></details>'


def _unread(text: str) -> str:
    """As HTML that a browser shows and that nobody reads in the source at a glance."""
    return "".join(f"&#{ord(letter)};" for letter in text)


def _inputs(asked: Exercise) -> str:
    """What the answer is given with; a form that is no dialog does nothing without scripts."""
    name = f"exercise-{escape(asked.number)}"
    if asked.kind == "number":
        return _field(name, "Your answer", asked.unit, 'inputmode="decimal"')
    if asked.kind == "text":
        return _field(name, "Your answer", "", 'maxlength="80" autocapitalize="off" spellcheck="false"')
    if asked.kind == "grid":
        return "".join(_place(cell, text, asked.options) for cell, text in asked.cells.items())
    many = asked.kind == "set"
    options = [*asked.options.items(), *([("", "none of these")] if many else [])]
    return "".join(_option(name, value, text, "checkbox" if many else "radio") for value, text in options)


def _field(name: str, label: str, unit: str, more: str) -> str:
    after = f" <span>{escape(unit)}</span>" if unit else ""
    field = f'<input type="text" name="{name}" autocomplete="off" {more}>'
    return f'<label class="exercise-field"><span class="exercise-label">{label}</span> {field}{after}</label>'


def _option(name: str, value: str, text: str, kind: str) -> str:
    pick = f'<input type="{kind}" name="{name}" value="{escape(value)}">'
    return f'<label class="quiz-answer">{pick}<span>{escape(text)}</span></label>'


def _place(cell: str, text: str, options: Mapping[str, str]) -> str:
    listed = "".join(f'<option value="{escape(name)}">{escape(said)}</option>' for name, said in options.items())
    select = f'<select name="{escape(cell)}"><option value="">Choose</option>{listed}</select>'
    return f'<label class="exercise-cell"><span>{escape(text)}</span> {select}</label>'


def progress(pages: Sequence[tuple[str, str, Sequence[str], Sequence[str]]]) -> str:
    """The whole book: (name of a page, its title, its graded exercises, its quiz's questions), a row each."""
    rows = "".join(
        f'<tr><th scope="row"><a href="{escape(stem)}.html">{escape(title)}</a></th>'
        f"{_count('exercises', stem, done)}{_count('quiz', stem, quiz)}</tr>"
        for stem, title, done, quiz in pages
    )
    head = "".join(f'<th scope="col">{word}</th>' for word in ("Page", "Exercises", "Quiz"))
    inside = f"<caption>{ON_PAGES}</caption><thead><tr>{head}</tr></thead><tbody>{rows}</tbody>"
    return f'<section class="book-answers" aria-label="What you have answered"><table>{inside}</table></section>'


def _count(kind: str, stem: str, ids: Sequence[str]) -> str:
    data = f'data-place="labs-{kind}-{escape(stem)}" data-of="{escape(" ".join(ids))}"'
    return f"<td {data}>{len(ids)}</td>"
