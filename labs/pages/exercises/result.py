"""What a check says: right, not yet, or not graded, with a reason and the run that it was held against."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Literal

Word = Literal["right", "not yet", "not graded"]
LOOKS = {
    "right": ("●", "--holds, #1b7f4b"),
    "not yet": ("✕", "--never, #b3261e"),
    "not graded": ("○", "--undecided, #7a7f85"),
}
"""Word -> its sign and its colour; the text itself has the colour of the text around it, light or dark."""


@dataclass(frozen=True, repr=False)
class Mark:
    """True only if the answer is right."""

    number: str
    word: Word
    text: str
    against: str = ""

    def __bool__(self) -> bool:
        return self.word == "right"

    def __repr__(self) -> str:
        sign = LOOKS[self.word][0]
        return f"{sign} {self.number}: {self.word}. {self.text}" + (f" ({self.against})" if self.against else "")

    def _repr_html_(self) -> str:
        sign, colour = LOOKS[self.word]
        box = f"border-left:4px solid var({colour});padding:.4em .8em;margin:.4em 0;max-width:72ch;line-height:1.5"
        mark = f'<span aria-hidden="true" style="color:var({colour})">{sign}</span>'
        head = f"<strong>{mark} {escape(self.number)}: {escape(self.word)}.</strong>"
        note = f'<div style="font-size:.9em">{escape(self.against)}</div>' if self.against else ""
        about = f'class="lab-check" data-word="{escape(self.word)}" role="group"'
        return (
            f'<div {about} aria-label="Exercise {escape(self.number)}" style="{box}">'
            f"{head} {escape(self.text)}{note}</div>"
        )
