"""`labs new`: a lab of a known kind with notebook, page, exercises, quiz and a first recording, to be filled in."""

from __future__ import annotations

import re
from collections.abc import Sequence
from importlib import invalidate_caches
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING

import click

from labs.cli.terminal import plain, say, tell
from labs.model.claims import claims, labs_of
from labs.model.paths import PROJECT, write_text
from labs.model.profile import UnknownNameError

if TYPE_CHECKING:
    from labs.pages.course import Chapter

TEMPLATES = PROJECT / "labs" / "experiments" / "templates"
TOC = PROJECT / "book" / "_toc.yml"
ALONE, REDIS = "nothing but Python", "nothing here, Redis if you run it live (`make lab` gets it)"
KINDS = {
    "ladder": ALONE,
    "rates": REDIS,
    "lines": REDIS,
    "matrix": REDIS,
    "timeline": ALONE,
    "lanes": ALONE,
    "grid": ALONE,
}
"""Kind -> what its example needs."""
CLOSED = ("rates", "lines")
"""Those that send as fast as answers come; the others send when a message is due."""
NAME = re.compile(r"[a-z]+(-[a-z]+)*")
LONGEST = 30
"""Of a name: a line with it has to fit."""
FIRST = "Before the first broker"
"""The part of the table of contents that chapter 0 is."""


@click.command("new")
@click.argument("name")
@click.option("--kind", required=True, metavar="KIND", help=f"What it draws: {', '.join(KINDS)}.")
@click.option("--chapter", type=int, required=True, help="The chapter that its page belongs to; 0 is before the first.")
@click.option("--dry-run", is_flag=True, help="Say what would be written and stop.")
@plain
def command(name: str, kind: str, chapter: int, dry_run: bool) -> None:
    """Begin a lab NAME: module, notebook, page, exercises and quiz that pass every check, with texts to fill in.

    It measures an example until its module measures something of its own, and records that, which takes some seconds.
    Nothing is overwritten, and nothing is left of a lab that could not be made whole.
    """
    number, stem = place(name, kind, chapter)
    files = written(name, kind, number, stem)
    run = PROJECT / "book" / "runs" / f"{name}.json"
    taken = [path for path in (*files, run) if path.exists()]
    if taken:
        raise FileExistsError(f"{taken[0].relative_to(PROJECT)} is there already. Take another name, or remove it.")
    files[TOC] = listed(TOC.read_text("utf-8"), stem, chapter)
    for path in (*files, run):
        say(f"{'would write' if dry_run else 'writes'} {path.relative_to(PROJECT)}")
    if not dry_run:
        make(name, files, run)
        tell(f"{name} is lab {number}, {stem}. Fill in its texts, then: labs record {name}, make check, make book")


def place(name: str, kind: str, chapter: int) -> tuple[str, str]:
    """The lab's number and the name of its page; ValueError where there is no room for it."""
    from labs.experiments import EXPERIMENTS
    from labs.pages import course

    if not NAME.fullmatch(name) or len(name) > LONGEST:
        said = f"Take small letters and dashes, {LONGEST} at most, like own-delay."
        raise ValueError(f"{name!r} cannot be the name of a lab. {said}")
    if name in EXPERIMENTS:
        raise ValueError(f"There is a lab named {name} already. Take another name.")
    if kind not in KINDS:
        raise UnknownNameError("kind of lab", kind, list(KINDS))
    known = [0, *(one.number for one in course.chapters())]
    if chapter not in known:
        raise ValueError(f"There is no chapter {chapter}. There are: {', '.join(map(str, known))}.")
    begun = [lab.number for lab in EXPERIMENTS.values()]
    begun += [f"L{page.stem[1]}.{page.stem[3]}" for page in course.pages() if re.match(r"\d\d-\d-", page.stem)]
    planned = [number for claim in claims() for number in labs_of(claim)]
    numbers = [f"L{chapter}.{at}" for at in range(1, 10)]
    taken = {number.rstrip("b") for number in begun}
    free = [one for one in numbers if one not in taken]
    if not free:
        raise ValueError(f"Chapter {chapter} has nine labs, and more than nine are not numbered. Take another chapter.")
    number = next((one for one in free if one not in planned), free[0])
    return number, f"{chapter:02}-{number[-1]}-{name}"


def written(name: str, kind: str, number: str, stem: str) -> dict[Path, str]:
    """Path -> text of what a lab consists of."""
    module = name.replace("-", "_")
    words = {"name": name, "module": module, "number": number, "stem": stem, "needs": KINDS[kind]}
    words["exercise"] = f"{number[1:]}a"
    words |= {"title": name.replace("-", " ").capitalize(), "loop": "window" if kind in CLOSED else "timetable"}
    places = {
        f"{kind}.py": PROJECT / "labs" / "experiments" / f"{module}.py",
        "notebook.ipynb": PROJECT / "notebooks" / f"{stem}.ipynb",
        "page.md": PROJECT / "book" / f"{stem}.md",
        "exercises.toml": PROJECT / "book" / "exercises" / f"{stem}.toml",
        "quiz.toml": PROJECT / "book" / "quiz" / f"{stem}.toml",
        "code.toml": PROJECT / "book" / "code" / f"{name}.toml",
    }
    texts = {template: (TEMPLATES / f"{template}.txt").read_text("utf-8") for template in places}
    return {path: Template(texts[template]).substitute(words) for template, path in places.items()}


def listed(toc: str, stem: str, chapter: int) -> str:
    """The table of contents with the page under its chapter, which is begun where it is not there yet."""
    from labs.pages import course

    heads = {0: FIRST} | {one.number: _head(one) for one in course.chapters()}
    lines = toc.splitlines()
    parts = [at for at, line in enumerate(lines) if line.startswith("  - caption: ")]
    captions = [lines[at].removeprefix("  - caption: ") for at in parts]
    entry = f"      - file: book/{stem}"
    if heads[chapter] in captions:
        later = [line for line in lines if re.match(rf"{entry[:22]}\d", line) and line > entry]
        end = [*parts, len(lines)][captions.index(heads[chapter]) + 1]
        return _put(lines, lines.index(later[0]) if later else end, [entry])
    before = [at for at, head in enumerate(captions) if any(head == heads[n] for n in heads if n < chapter)]
    at = [*parts, len(lines)][before[-1] + 1 if before else 0]
    return _put(lines, at, [f"  - caption: {heads[chapter]}", "    chapters:", entry])


def _head(one: Chapter) -> str:
    return f"{one.number} {one.title}"


def _put(lines: Sequence[str], at: int, new: Sequence[str]) -> str:
    return "\n".join([*lines[:at], *new, *lines[at:]]) + "\n"


def make(name: str, files: dict[Path, str], run: Path) -> None:
    """Write everything and record the lab; whatever stops that, it is as if nothing had been written."""
    from labs.cli.record import Sitting
    from labs.experiments import EXPERIMENTS, load
    from labs.experiments.record_grid import Recording
    from labs.pages.recordings import recorded

    before = TOC.read_text("utf-8")
    try:
        for path, text in files.items():
            write_text(path, text)
        invalidate_caches()
        lab = EXPERIMENTS[name] = load(name)
        Sitting(Recording(draft=True), repeats=2 if lab.ways else 1).record([lab])
        recorded(
            name
        )  # a figure that cannot be, as of a machine that stood still, is told now and not by the first test
    except BaseException:
        for path in (*(one for one in files if one != TOC), run):
            path.unlink(missing_ok=True)
        write_text(TOC, before)
        raise
