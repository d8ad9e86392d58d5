"""The client code that matters: of each lab the lines in which its point lies, cut out of a file that the lab runs.

What is cut is in `book/code/<lab>.toml`, a table a tab. An error names the file and the tab.

    [[tab]]
    broker = "rabbitmq"              # redis, rabbitmq, kafka, or what else the tab is about, in one word
    client = "pika"
    run = "way=pika-one"             # the settings of the lab that run these lines
    file = "labs/brokers/rabbitmq/queue.py"
    says = "What to see in it, in one sentence."
    reference = "https://www.rabbitmq.com/docs/confirms"
    named = "RabbitMQ: publisher confirms"
    change = "What to change, and what the lab would show then."

    [[tab.cut]]
    of = "Publisher._send"           # a function, a method or a class; `module` for what is in none
    from = "properties ="            # the first statement has this; without it all of `of` is cut
    to = "mandatory=True"            # the last statement has this, "..." is the end; without it it is the first
    does = "send a batch"            # a comment above the piece

`file` may stand in a cut as well. Pieces that several labs run have names in `_cuts.toml`: `cut = ["redis-xadd"]`.
`label` is the tab's name where the broker's does not do; a lab without controls has no `run`.
"""

from __future__ import annotations

import ast
import json
import textwrap
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypeGuard

from labs.model.paths import PROJECT
from labs.model.text import BROKER_NAMES

FOLDER = PROJECT / "book" / "code"
MOST = 15
"""Lines of a tab, its comments not counted: what can be read at one look."""
MOST_OF_PROOF = 10
"""Lines of the proof of a word."""
SHARED, CELL = "_cuts.toml", "client-code"
NEEDED = ("broker", "client", "says", "reference", "named", "change", "cut")
MODULE, END = "module", "..."
Table = Mapping[str, Any]


class CodeError(ValueError):
    """Code that cannot be shown; the message names the file, the tab and what to do."""


@dataclass(frozen=True)
class Piece:
    """Lines `first` to `last` of a file, as they stand there; `does` is what a reader is told above them."""

    file: str
    first: int
    last: int
    text: str
    does: str = ""


@dataclass(frozen=True)
class Tab:
    """What one tab shows: pieces of code, where the vendor explains them, and what to change and look at."""

    broker: str
    label: str
    client: str
    run: str
    says: str
    reference: str
    named: str
    change: str
    pieces: tuple[Piece, ...]

    @property
    def text(self) -> str:
        """The pieces with their comments, one below the other."""
        return "\n\n".join(f"# {one.does}\n{one.text}" if one.does else one.text for one in self.pieces)

    @property
    def files(self) -> tuple[str, ...]:
        """Where the code is from."""
        return tuple(dict.fromkeys(one.file for one in self.pieces))

    @property
    def settings(self) -> dict[str, str]:
        """What the lab is run with to run these lines."""
        return dict(pair.split("=", 1) for pair in self.run.split())


def tabs(lab: str, folder: Path = FOLDER) -> tuple[Tab, ...]:
    """The tabs of a lab; CodeError where there is none or one cannot be made."""
    path = folder / f"{lab}.toml"
    try:
        content = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError as error:
        there = ", ".join(sorted(one.stem for one in folder.glob("[!_]*.toml")))
        raise CodeError(f"{path.name} is missing in book/code. There are: {there}") from error
    except tomllib.TOMLDecodeError as error:
        raise CodeError(f"{path.name} is no TOML ({error})") from error
    return check(content, path.name)


def by_hand(stem: str) -> tuple[str, str]:
    """What a notebook says of its cell with a client's own code, and the cell; CodeError where it has none."""
    path = PROJECT / "notebooks" / f"{stem}.ipynb"
    cells = {one["id"]: "".join(one["source"]) for one in json.loads(path.read_text("utf-8"))["cells"]}
    if not {CELL, f"{CELL}-said"} <= cells.keys():
        raise CodeError(f"{stem}.ipynb has no cells {CELL}-said and {CELL}: what does a reader run by hand?")
    return cells[f"{CELL}-said"].partition("\n\n")[2], cells[CELL]


def check(content: Table, name: str) -> tuple[Tab, ...]:
    """The tabs of what `name` holds."""
    tables = content.get("tab", [])
    if not tables:
        raise CodeError(f"{name} has no [[tab]]: what does the lab say to a broker?")
    found = tuple(_tab(table, f"{name}, tab {at}") for at, table in enumerate(tables, 1))
    labels = [one.label for one in found]
    if twice := sorted({label for label in labels if labels.count(label) > 1}):
        raise CodeError(f"{name} has two tabs named {twice[0]!r}: give one of them a label")
    return found


def proof(file: str, of: str, begins: str = "", ends: str = "") -> Piece:
    """What a function does, as it stands there, without its head and its docstring; or its statements from the first
    that has `begins` to the first that has `ends`."""
    where = f"{file}, {of}"
    if begins:
        piece = _piece({"file": file, "of": of, "from": begins, "to": ends}, where)
    else:
        whole = _piece({"file": file, "of": of}, where)
        made = next(one for one in ast.walk(_tree(file)) if getattr(one, "lineno", 0) == whole.first and _is_made(one))
        first = made.body[1 if ast.get_docstring(made) else 0].lineno
        piece = Piece(file, first, whole.last, textwrap.dedent("\n".join(_lines(file)[first - 1 : whole.last])))
    if (lines := len(piece.text.splitlines())) > MOST_OF_PROOF:
        raise CodeError(f"{where} has {lines} lines: {MOST_OF_PROOF} are a proof that is read. Show less.")
    return piece


def _is_made(node: ast.AST) -> TypeGuard[ast.FunctionDef]:
    return isinstance(node, ast.FunctionDef)


def _tab(table: Table, where: str) -> Tab:
    known = {*NEEDED, "run", "file", "label"}
    if lacking := [key for key in NEEDED if not table.get(key)]:
        raise CodeError(f"{where}: {lacking[0]} is missing or empty")
    if unknown := sorted(set(table) - known):
        raise CodeError(f"{where}: {unknown[0]!r} is unknown. There are: {', '.join(sorted(known))}")
    cuts = (_cut(one, str(table.get("file", "")), where) for one in table["cut"])
    pieces = tuple(_piece(cut, where) for cut in cuts)
    if (lines := sum(len(one.text.splitlines()) for one in pieces)) > MOST:
        raise CodeError(f"{where} has {lines} lines: {MOST} can be read at one look. Cut those that matter.")
    if not str(table["reference"]).startswith("https://"):
        raise CodeError(f"{where}: the reference must be an address with https, got {table['reference']!r}")
    words = {key: str(table[key]) for key in NEEDED if key != "cut"}
    label = str(table.get("label") or BROKER_NAMES.get(words["broker"], words["broker"].capitalize()))
    return Tab(**words, label=label, run=str(table.get("run", "")), pieces=pieces)


def _cut(asked: str | Table, file: str, where: str) -> Table:
    """What is to be cut, of which file: said here, or by a name that several labs share."""
    if not isinstance(asked, str):
        return {"file": file} | dict(asked)
    shared = tomllib.loads((FOLDER / SHARED).read_text("utf-8"))
    if asked not in shared:
        raise CodeError(f"{where}: {SHARED} has no piece {asked!r}. There are: {', '.join(shared)}")
    found: Table = shared[asked]
    return found


def _piece(cut: Table, where: str) -> Piece:
    file = str(cut["file"])
    path = PROJECT / file
    if not file or not path.is_file():
        raise CodeError(f"{where}: there is no file {file!r}. Write it from the top: labs/brokers/redis/stream.py")
    first, last = _span(file, str(cut["of"]), where)
    if begins := cut.get("from"):
        place = f"{where}: {file}, {cut['of']},"
        first, after = _statement(file, _line(file, (first, last), str(begins), place))
        if (ends := cut.get("to")) != END:
            last = _statement(file, _line(file, (first, last), str(ends), place))[1] if ends else after
    last = _with_body(file, last)
    text = textwrap.dedent("\n".join(_lines(file)[first - 1 : last]))
    return Piece(file, first, last, text, str(cut.get("does", "")))


@cache
def _lines(file: str) -> list[str]:
    return (PROJECT / file).read_text("utf-8").splitlines()


@cache
def _tree(file: str) -> ast.Module:
    return ast.parse("\n".join(_lines(file)))


def _span(file: str, of: str, where: str) -> tuple[int, int]:
    """The first and last line of a function, a method or a class."""
    if of == MODULE:
        return 1, len(_lines(file))
    known = dict(_named(_tree(file).body, ""))
    if of not in known:
        raise CodeError(f"{where}: {file} has no {of}. There are: {', '.join(known)}")
    return known[of]


def _named(body: Sequence[ast.stmt], before: str) -> list[tuple[str, tuple[int, int]]]:
    found: list[tuple[str, tuple[int, int]]] = []
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            name = f"{before}{node.name}"
            found += [(name, (node.lineno, node.end_lineno or node.lineno)), *_named(node.body, f"{name}.")]
    return found


def _line(file: str, span: tuple[int, int], text: str, where: str) -> int:
    """The first line of the span that has this text."""
    for number in range(span[0], span[1] + 1):
        if text in _lines(file)[number - 1]:
            return number
    raise CodeError(f"{where} has no line with {text!r} there")


def _statement(file: str, line: int) -> tuple[int, int]:
    """The lines of the smallest statement that has this one; of one with a body its head alone."""
    around = [one for one in ast.walk(_tree(file)) if isinstance(one, ast.stmt) and _covers(one, line)]
    least = max(around, key=lambda one: one.lineno, default=None)
    if least is None:
        return line, line
    body = getattr(least, "body", None)
    if not body:
        return least.lineno, least.end_lineno or line
    return (least.lineno, body[0].lineno - 1) if line < body[0].lineno else (line, line)


def _with_body(file: str, last: int) -> int:
    """The last line of a piece: one that would end with the head of a block goes to the block's end."""
    for node in ast.walk(_tree(file)):
        before = getattr(node, "lineno", 0)
        for name in ("body", "orelse", "finalbody"):
            if not isinstance(block := getattr(node, name, None), list) or not block:
                continue
            if before <= last < block[0].lineno and _lines(file)[last - 1].rstrip().endswith(":"):
                return int(block[-1].end_lineno)
            before = block[-1].end_lineno + 1
    return last


def _covers(node: ast.stmt, line: int) -> bool:
    return node.lineno <= line <= (node.end_lineno or node.lineno)
