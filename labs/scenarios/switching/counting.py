"""What is counted in the services' files: lines of code, our own for a feature, and those that a port changes.

A line of code is one that is neither blank nor a comment nor part of a docstring. What stands between
`# own: <features>` and `# end` is code of our own for these features: without it there is what broker and library give
by themselves.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from dataclasses import dataclass
from difflib import SequenceMatcher

OWN, END = re.compile(r"^\s*# own: (?P<features>[a-z, ]+)$"), re.compile(r"^\s*# end$")


class MarkError(ValueError):
    """A mark in a service's file that opens or closes nothing."""


@dataclass(frozen=True)
class Diff:
    """From one file to another: how many lines of code the first has, how many of them the second has not, and how
    many the second has that the first has not."""

    old: int
    gone: int
    new: int

    @property
    def share(self) -> float:
        """Of the old file's lines, those that do not survive."""
        return self.gone / self.old if self.old else 0.0


def code(source: str) -> list[str]:
    """The lines that do something, without what ends them."""
    lines = source.splitlines()
    return [lines[at - 1].rstrip() for at in _used(source)]


def _used(source: str) -> list[int]:
    """Their numbers, from 1."""
    tree, said = ast.parse(source), set[int]()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            said |= set(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    quiet = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}
    tokens = [one for one in tokenize.generate_tokens(io.StringIO(source).readline) if one.type not in quiet]
    return sorted({line for token in tokens for line in range(token.start[0], token.end[0] + 1)} - said)


def diff(old: str, new: str) -> Diff:
    """What a port from one text to the other changes, line by line, whatever comments say."""
    before, after = code(old), code(new)
    same = sum(block.size for block in SequenceMatcher(None, before, after, autojunk=False).get_matching_blocks())
    return Diff(len(before), len(before) - same, len(after) - same)


def marks(source: str) -> list[tuple[int, int, tuple[str, ...]]]:
    """First and last line of each piece of our own, the marks included, and its features. MarkError where they do not
    pair."""
    found: list[tuple[int, int, tuple[str, ...]]] = []
    opened: tuple[int, tuple[str, ...]] | None = None
    for at, line in enumerate(source.splitlines(), 1):
        if known := OWN.match(line):
            if opened:
                raise MarkError(f"line {at}: `# own:` inside of another")
            opened = at, tuple(one.strip() for one in known["features"].split(","))
        elif END.match(line):
            if not opened:
                raise MarkError(f"line {at}: `# end` ends nothing")
            found.append((opened[0], at, opened[1]))
            opened = None
    if opened:
        raise MarkError(f"line {opened[0]}: no `# end` after it")
    return found


def own_code(source: str) -> dict[str, list[str]]:
    """Feature -> the lines of code of our own for it; those that serve several stand under each."""
    lines, used, found = source.splitlines(), _used(source), dict[str, list[str]]()
    for first, last, features in marks(source):
        piece = [lines[at - 1].rstrip() for at in used if first <= at <= last]
        for feature in features:
            found[feature] = found.get(feature, []) + piece
    return found


def without(source: str, features: set[str] | None = None) -> str:
    """The text without our own code for these features, or for any; what is left keeps its line numbers."""
    lines = source.splitlines()
    for first, last, own in marks(source):
        if features is None or features & set(own):
            lines[first - 1 : last] = [""] * (last - first + 1)
    return "\n".join(lines) + "\n"
