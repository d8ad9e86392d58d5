"""Quizzes: questions with reasons, from `book/quiz/<name>.toml`. An error names the file and the question.

    [[question]]
    id = "who-waits"                 # never change it: the reader's progress hangs on it
    ask = "Who waits in a synchronous call?"
    source = "C07"                   # claims, documents or labs that the reasons come from

    [[question.answer]]
    text = "The caller."
    why = "It has the thread and nothing to do with it."
    right = true                     # exactly one answer of a question

`ask`, `text` and `why` may hold roles, so that a figure comes from a run.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from hashlib import sha256
from pathlib import Path
from typing import Any

from labs.model.paths import PROJECT

FOLDER = PROJECT / "book" / "quiz"
FEWEST, MOST = 2, 6
"""Answers of a question: more than six nobody keeps in mind."""


class QuizError(ValueError):
    """A quiz that cannot be asked; the message names the file, the question and what to do."""


@dataclass(frozen=True)
class Answer:
    """One answer and why it is right or wrong."""

    text: str
    why: str
    right: bool

    @property
    def key(self) -> str:
        """What progress remembers it by: it moves with the text and not with the place in the file."""
        return sha256(self.text.encode()).hexdigest()[:8]


@dataclass(frozen=True)
class Question:
    """One question; exactly one of its answers is right."""

    id: str
    ask: str
    source: str
    answers: tuple[Answer, ...]


def quiz(name: str, folder: Path = FOLDER) -> tuple[Question, ...]:
    """The questions of a quiz. QuizError names what is wrong, and where."""
    path = folder / f"{name}.toml"
    if not path.exists():
        known = ", ".join(sorted(one.stem for one in folder.glob("*.toml"))) or "none"
        raise QuizError(f"there is no quiz {name!r}: {path.name} is missing in book/quiz. There are: {known}")
    try:
        content = tomllib.loads(path.read_text("utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise QuizError(f"{path.name} is no TOML ({error})") from error
    return check(content, path.name)


def check(content: Mapping[str, Any], file: str) -> tuple[Question, ...]:
    """The questions in the content of a file."""
    _known(content, ("question",), file)
    listed = content.get("question")
    if not isinstance(listed, list) or not listed:
        raise QuizError(f"{file} has no [[question]]")
    found = tuple(_question(one, f"{file}, question {at}") for at, one in enumerate(listed, 1))
    ids = [one.id for one in found]
    for at, one in enumerate(ids, 1):
        if one in ids[: at - 1]:
            raise QuizError(f"{file}, question {at}: the id {one!r} is taken by question {ids.index(one) + 1}")
    return found


def _question(one: Any, where: str) -> Question:
    if not isinstance(one, dict):
        raise QuizError(f"{where}: write it as [[question]] with id, ask, source and answers")
    _known(one, ("id", "ask", "source", "answer"), where)
    name, ask, source = (_text(one, key, where) for key in ("id", "ask", "source"))
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name):
        raise QuizError(f"{where}: the id {name!r} must be in kebab-case, such as who-waits")
    where = f"{where} ({name})"
    listed = one.get("answer")
    if not isinstance(listed, list) or not FEWEST <= len(listed) <= MOST:
        many = len(listed) if isinstance(listed, list) else 0
        raise QuizError(f"{where} has {many} answers: it needs {FEWEST} to {MOST}, each as [[question.answer]]")
    answers = tuple(_answer(answer, f"{where}, answer {at}") for at, answer in enumerate(listed, 1))
    rights = sum(answer.right for answer in answers)
    if rights != 1:
        raise QuizError(f"{where} has {rights} right answers: mark exactly one with right = true")
    if len({answer.key for answer in answers}) < len(answers):
        raise QuizError(f"{where} has the same answer twice")
    return Question(name, ask, source, answers)


def _answer(one: Any, where: str) -> Answer:
    if not isinstance(one, dict):
        raise QuizError(f"{where}: write it as [[question.answer]] with text and why")
    _known(one, ("text", "why", "right"), where)
    right = one.get("right", False)
    if not isinstance(right, bool):
        raise QuizError(f"{where}: right must be true or false, got {right!r}")
    return Answer(_text(one, "text", where), _text(one, "why", where), right)


def _known(one: Mapping[str, Any], keys: tuple[str, ...], where: str) -> None:
    for key in one:
        if key not in keys:
            near = get_close_matches(key, keys, 1)
            hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(keys)}"
            raise QuizError(f"{where}: there is no key {key!r}; {hint}")


def _text(one: Mapping[str, Any], key: str, where: str) -> str:
    value = one.get(key)
    if not isinstance(value, str) or not value.strip():
        raise QuizError(f"{where}: {key} is missing or empty")
    return " ".join(value.split())
