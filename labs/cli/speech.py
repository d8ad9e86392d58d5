"""Text on a terminal, a pipe or in a file, in whatever alphabet that has: never an error for a letter, never markup.

What a stream cannot hold is written in plain letters: an arrow as ->, a no-break space as a space. JSON loses nothing.
"""

from __future__ import annotations

import codecs
import io
import json
import os
import sys
import textwrap
import unicodedata
from collections.abc import Iterable
from typing import Any

from rich.console import Console
from rich.text import Text

ERRORS = "labs-plain"
CUT_OFF = 141
"""The exit code of a program that SIGPIPE ended, as a shell gives it."""
_PLAIN = {
    "\u00a0": " ", "\u202f": " ", "\u2009": " ", "\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"',
    "\u2013": "-", "\u2014": "-", "\u2212": "-", "\u2026": "...", "\u2192": "->", "\u2190": "<-", "\u00d7": "x",
    "\u2265": ">=", "\u2264": "<=", "\u2248": "~", "\u00b7": "*", "\u2022": "*", "\u00b5": "u", "\u03bc": "u",
    "\u2502": "|", "\u2503": "|", "\u2713": "yes", "\u2717": "no", "\u00df": "ss",
}  # fmt: skip


def plain(letter: str) -> str:
    """One letter in ASCII: a near one, a dash for a line of a box, an escape for half a letter, else ?."""
    if letter in _PLAIN:
        return _PLAIN[letter]
    if "\ud800" <= letter <= "\udfff":  # a byte of a file's name that is no letter here
        return f"\\u{ord(letter):04x}"
    if "\u2500" <= letter <= "\u259f":
        return "-"
    near = unicodedata.normalize("NFKD", letter).encode("ascii", "ignore").decode()
    return near or "?"


def _replaced(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(map(plain, error.object[error.start : error.end])), error.end


codecs.register_error(ERRORS, _replaced)


def speak_plainly() -> None:
    """From now on standard output and error write what they cannot hold in plain letters."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=ERRORS)


def fitting(text: str, encoding: str) -> str:
    """The text with what the encoding does not have in plain letters: a table has to know how wide its cells are."""
    try:
        return text.encode(encoding, ERRORS).decode(encoding)
    except LookupError:
        return text


class Voice(Console):
    """A console that takes every text as it is: what stands in brackets is part of it."""

    def __init__(self, **how: Any) -> None:
        super().__init__(highlight=False, markup=False, emoji=False, **how)

    def render_str(self, text: str, **how: Any) -> Text:
        """As of a Console, in the letters that it has."""
        return super().render_str(fitting(text, self.encoding), **how)

    def on_broken_pipe(self) -> None:
        """The reader has gone: end as any tool does whose reader has, and not as after an error."""
        is_cut_off()
        raise SystemExit(CUT_OFF)


errors = Voice(stderr=True)
out = Voice()


def tell(text: str, *, to: Console | None = None, style: str | None = None) -> None:
    """Sentences: on a terminal broken between words, in a pipe one line each. What is set in is to be copied whole."""
    voice = to or out
    for line in text.splitlines() or [""]:
        whole = not voice.is_terminal or len(line) <= voice.width or line.startswith("  ")
        parts = [line] if whole else textwrap.wrap(line, voice.width, break_long_words=False, break_on_hyphens=False)
        for part in parts:
            voice.print(part, style=style, soft_wrap=True)


def lines(text: Iterable[str]) -> None:
    """The same for many lines on standard output."""
    for line in text:
        tell(line)


def show_json(value: object) -> None:
    """JSON for a script: nothing is lost, whatever the terminal can show."""
    whole = out.encoding.startswith("utf")
    out.file.write(json.dumps(value, indent=2, ensure_ascii=not whole) + "\n")


def is_cut_off() -> bool:
    """Whether the reader of our standard output has gone, as `head` does when it has enough."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())  # or Python would complain once more when it ends
        os.close(nowhere)
        return True
    return False
