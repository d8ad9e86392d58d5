"""For those who teach: a plan of minutes that sums, and the solutions of a chapter's exercises out of its own pages."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from labs.experiments.base import Experiment
from labs.model.paths import PROJECT
from labs.model.text import NBSP, span
from labs.pages.course import Page
from labs.pages.recordings import recorded

LAB = re.compile(r"L\d\.\d")
GLANCE = re.compile(r"(?ms)^```\{at-a-glance\}\n(.*?)^```$")
OPTION = re.compile(r"(?m)^:(minutes|needs): *(.+?) *$")
PLAN = re.compile(r"(?m)^## (.+?)\n\n```\{plan\}\n:total: (\d+)$")
EXERCISES = re.compile(r"^## Exercises?\b.*?$(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
EXERCISE = re.compile(r"^### (.+?)$(.*?)(?=^### |\Z)", re.MULTILINE | re.DOTALL)
SOLUTION = re.compile(
    r"^(`{3,})\{admonition\} (?:Solution|Answer)\n(?::[^\n]*\n)*\n?(.*?)^\1\s*$", re.MULTILINE | re.DOTALL
)


class PlanError(ValueError):
    """A plan of minutes that cannot be kept; the message names the line, or both sums."""


@dataclass(frozen=True)
class Step:
    """One step of a plan: when it begins and how long it takes, minutes, what is done, and how."""

    begins: int
    minutes: int
    what: str
    how: str


def plan(lines: Sequence[str], total: int) -> list[Step]:
    """`10 | what | how` -> steps with their beginnings. PlanError if they do not take `total` minutes together."""
    found: list[Step] = []
    for at, line in enumerate(filter(str.strip, lines), 1):
        minutes, *rest = (part.strip() for part in line.split("|"))
        if not minutes.isdigit() or not int(minutes) or len(rest) != 2 or not all(rest):
            raise PlanError(f"line {at} of the plan is {line!r}: write `10 | what | how`")
        begins = found[-1].begins + found[-1].minutes if found else 0
        found.append(Step(begins, int(minutes), *rest))
    together = sum(step.minutes for step in found)
    if together != total:
        raise PlanError(f"the steps take {together} minutes together, and the plan says {total}")
    return found


def present(lines: Sequence[str], here: Collection[str], planned: Collection[str]) -> list[str]:
    """Lines without those of labs that are not `here`. That of a lab begins with its number: `L2.1: 15 | what | how`.
    PlanError for the number of a lab that nobody has planned."""
    found: list[str] = []
    for line in lines:
        number, _, rest = line.partition(":")
        if not LAB.fullmatch(number.strip()):
            found.append(line)
        elif number.strip() not in planned:
            raise PlanError(f"{line!r} is of a lab that no chapter has; there are: {', '.join(planned)}")
        elif number.strip() in here:
            found.append(rest.strip())
    return found


def with_room(lines: Sequence[str], total: int, rest: str) -> list[Step]:
    """As `plan`, where lines were left out: what they would have taken is for the room, as `rest` says."""
    together = sum(int(line.partition("|")[0]) for line in lines if line.partition("|")[0].strip().isdigit())
    room = total - together
    return plan([*lines, f"{room} | Room | {rest}"] if room > 0 else lines, total)


def sitting(lines: Sequence[str], pages: Sequence[Page], most: int) -> list[Step]:
    """Names of pages, each with the minutes that the page itself gives, or `25 | page` with those that it takes in a
    room, and `10 | what` between them; what is left of `most` minutes is for questions. PlanError if they take more,
    or for a page that gives no minutes."""
    given, found = {page.stem: page for page in pages}, list[Step]()
    for line in filter(None, map(str.strip, lines)):
        before, _, what = (part.strip() for part in line.partition("|"))
        page = given.get(what or before)
        minutes = int(before) if before.isdigit() and what else page.minutes if page and not what else None
        if not minutes:
            raise PlanError(f"{line!r} is no page that gives its minutes: write the name of one, or `10 | what`")
        found.append(Step(_end(found), minutes, f"[{page.title}]({page.stem}.md)" if page else what, ""))
    if _end(found) > most:
        raise PlanError(f"the steps take {_end(found)} minutes together, and there are {most}")
    return [*found, Step(_end(found), most - _end(found), "Questions", "")] if _end(found) < most else found


def glance(text: str) -> dict[str, str]:
    """What a page says of itself under its title: `minutes` and, of a live run, `needs`."""
    said = dict(OPTION.findall("".join(GLANCE.findall(text))))
    return {**said, "needs": said.get("needs", "").rpartition("live, ")[2]}


def took(lab: Experiment) -> str:
    """How long a point of its recording took, from the quickest to the slowest; else what the lab says of itself."""
    file = recorded(lab.name)
    told = file.card.get("recording") if file else None
    each = told.get("point_s") if isinstance(told, Mapping) else None
    if not each:
        return f"about {lab.point_s:.0f}{NBSP}s"
    return f"{span([max(one, 1.0) for one in each], lambda one: f'{one:.0f}')}{NBSP}s"


def lessons(book: Path = PROJECT / "book") -> dict[int, list[tuple[str, int]]]:
    """Chapter -> its sittings and their minutes, by the plans of its instructors' page."""
    pages = {int(path.stem.partition("-")[2]): path.read_text("utf-8") for path in sorted(book.glob("teach-*.md"))}
    return {chapter: [(name, int(total)) for name, total in PLAN.findall(text)] for chapter, text in pages.items()}


def _end(steps: Sequence[Step]) -> int:
    return steps[-1].begins + steps[-1].minutes if steps else 0


def clock(minutes: int) -> str:
    """0:45"""
    return f"{minutes // 60}:{minutes % 60:02}"


def solutions(text: str) -> list[tuple[str, str]]:
    """(exercise, its solution as MyST) from the source of a page; an exercise without one has an empty text."""
    found: list[tuple[str, str]] = []
    for part in EXERCISES.finditer(text):
        for exercise in EXERCISE.finditer(part[1]):
            solution = SOLUTION.search(exercise[2])
            found.append((exercise[1].strip(), solution[2].strip() if solution else ""))
    return found
