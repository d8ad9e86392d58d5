"""JoinRun -> tally: what each reader got, what could not be read, and what the sender knew. Pure arithmetic on facts.

What a reader missed counts only where it is proven: the early reader, by the same code, got every message once, and
nothing more came to either. Else the verdict is unknown.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np

from labs.model.run import Column
from labs.scenarios.joining import AFTER, ALL, BEFORE, CHANGED, EARLY, LATE, READERS
from labs.scenarios.joining.facts import JoinRun
from labs.scenarios.joining.payload import HANDLERS

KNOWS = re.compile(r"subscri|consum|reader|receiver|listener|recipient|group", re.IGNORECASE)
"""What somebody who reads is called in code."""
ALL_OF_IT, NONE_OF_IT, A_PART = "all of it", "none of it", "a part of it"


@dataclass(frozen=True)
class Got:
    """What came to one reader, in messages; each counts once, however often it came."""

    history: int
    """Of those from before the late one joined."""
    after: int
    doubled: int
    """Deliveries of a message that had come already."""
    reordered: int
    """Messages that came after a later one."""
    unexpected: int
    """Deliveries of what nobody sent."""
    changed: int
    """Of those with the changed payload."""
    broken: Mapping[str, int]
    """Handler -> the messages that it could not read."""


@dataclass(frozen=True)
class Tally:
    """One run."""

    early: Got
    late: Got
    same_process: bool
    same_file: bool
    told: int
    """Addresses that the sender had to be told for the late one."""
    direct: int | None
    """Connections of the sender that end at a reader's process, at the end; None where nobody can say."""
    verdict: Literal["known", "unknown"]

    @property
    def outcome(self) -> str:
        """How much of the history the late one got."""
        if self.verdict == "unknown":
            return "unknown"
        return ALL_OF_IT if self.late.history == BEFORE else NONE_OF_IT if not self.late.history else A_PART

    def for_digest(self) -> dict[str, Any]:
        """By name, with how many messages there were."""
        sizes = {"before": BEFORE, "after": AFTER, "changed": CHANGED}
        return {**sizes, **{who: asdict(got) for who, got in ((EARLY, self.early), (LATE, self.late))}}


def judge(run: JoinRun) -> Tally:
    """The tally of a run."""
    early, late = (_got(*run.of(who)) for who in READERS)
    proven = run.settled and not run.trouble and (early.history, early.after) == (BEFORE, AFTER)
    if len(run.seen) != 2:
        return Tally(early, late, same_process=False, same_file=False, told=0, direct=None, verdict="unknown")
    first, last = run.seen
    return Tally(
        early,
        late,
        same_process=first.pid == last.pid and first.alive and last.alive,
        same_file=first.file == last.file,
        told=last.told - first.told,
        direct=last.direct,
        verdict="known" if proven else "unknown",
    )


def _got(numbers: Column, broken: Column) -> Got:
    ours = (numbers >= 0) & (numbers < ALL)
    known, first = np.unique(numbers[ours], return_index=True)
    in_order = numbers[ours][np.sort(first)]
    late = int((in_order < np.maximum.accumulate(in_order)).sum()) if len(in_order) else 0
    unread = {name: np.unique(numbers[ours & (broken & (1 << at) > 0)]) for at, name in enumerate(HANDLERS)}
    return Got(
        history=int((known < BEFORE).sum()),
        after=int((known >= BEFORE).sum()),
        doubled=int(ours.sum()) - len(known),
        reordered=late,
        unexpected=int((~ours).sum()),
        changed=int((known >= ALL - CHANGED).sum()),
        broken={name: len(found) for name, found in unread.items()},
    )


def mentions(source: str) -> list[str]:
    """The names and texts in Python code, docstrings and comments aside, that speak of somebody who reads."""
    tree, said = ast.parse(source), set[int]()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            said.add(id(node.value))
    found: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in said:
            found.append(node.value)
        found += [one for name in ("id", "attr", "arg", "name", "module") if isinstance(one := _text(node, name), str)]
    return sorted({one for one in found if KNOWS.search(one)})


def _text(node: ast.AST, name: str) -> object:
    return getattr(node, name, None)
