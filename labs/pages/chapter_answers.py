"""What a chapter's last page answers to the question of its first: texts that stand only while the verdicts do."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from html import escape
from importlib.resources import files
from typing import Any

from labs.pages import glue, parts
from labs.pages.links import view_of_run

Entry = Mapping[str, Any]
FIGURE = re.compile(r"\{([^{}]+)\}")


@dataclass(frozen=True)
class Answer:
    """A text, and the words that the claims must have on which it rests."""

    chapter: int
    rests: Mapping[str, str]
    text: str


@cache
def answers() -> tuple[Answer, ...]:
    """Those of all chapters, in order."""
    content = tomllib.loads(files("labs.pages").joinpath("chapter_answers.toml").read_text("utf-8"))
    return tuple(Answer(one["chapter"], one["rests"], one["text"]) for one in content["answer"])


def stands(one: Answer, words: Mapping[str, str]) -> bool:
    """Whether every claim has the word on which the text rests, and every figure in it is known."""
    return all(words.get(claim) == word for claim, word in one.rests.items()) and all(
        map(glue.is_known, FIGURE.findall(one.text))
    )


def told(one: Answer, entries: Sequence[Entry], said: Mapping[str, tuple[str, str]]) -> str:
    """The text, each figure a link to the view that shows it; of one that does not stand, what became of its claims."""
    known = {entry["id"]: entry for entry in entries}
    if stands(one, {name: entry["word"] for name, entry in known.items()}):
        pieces = enumerate(FIGURE.split(one.text))
        return "".join(_figure(piece) if at % 2 else parts.coded(piece) for at, piece in pieces)
    return " ".join(_claim(known[claim], said) for claim in one.rests)


def _figure(asked: str) -> str:
    text, view = escape(glue.number(asked)), view_of_run(asked)
    return f'<a href="{escape(view)}">{text}</a>' if view else text


def _claim(entry: Entry, said: Mapping[str, tuple[str, str]]) -> str:
    link = f'<a href="#{entry["id"].lower()}">{entry["id"]}</a>'
    return f"{link} {said[entry['word']][0]}: {escape(entry['claim'])}"
