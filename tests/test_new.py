"""`labs new`: what it writes passes every check, what it refuses it refuses in a line; nothing half made is left."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from itertools import cycle
from pathlib import Path

import pytest
import yaml

from labs.cli import new
from labs.experiments import EXPERIMENTS
from labs.model.paths import PROJECT
from labs.pages import course
from tests.copied import copy
from tests.made import labs

LONGEST = "a" * new.LONGEST
"""The longest name: every line that holds it must still fit."""


@pytest.mark.parametrize(
    ("name", "kind", "chapter", "said"),
    [
        ("loss-matrix", "grid", 3, "There is a lab named loss-matrix already."),
        ("demo", "gird", 3, "There is no kind of lab named 'gird'. Nearest: grid"),
        ("demo", "grid", 9, "There is no chapter 9. There are: 0, 1, 2, 3, 4, 5, 6, 7, 8."),
        ("Demo Lab", "grid", 3, "cannot be the name of a lab"),
        (f"{LONGEST}a", "grid", 3, "cannot be the name of a lab"),
    ],
)
def test_a_lab_that_cannot_be_begun_is_refused(name: str, kind: str, chapter: int, said: str) -> None:
    with pytest.raises(ValueError, match=re.escape(said)):
        new.place(name, kind, chapter)


def test_what_is_there_is_not_overwritten_and_the_refusal_is_one_line() -> None:
    before = new.TOC.read_text("utf-8")
    result = labs("new", "record-grid", "--kind", "grid", "--chapter", "3")
    assert result.returncode == 1
    assert result.stderr.startswith("labs: labs/experiments/record_grid.py is there already. ")
    assert result.stderr.count("\n") == 1
    assert new.TOC.read_text("utf-8") == before


def test_a_dry_run_names_every_file_and_writes_none() -> None:
    result = labs("new", "demo", "--kind", "grid", "--chapter", "3", "--dry-run")
    named = [line.removeprefix("would write ") for line in result.stderr.splitlines()]
    assert len(named) == 8
    assert [name for name in named if (PROJECT / name).exists()] == ["book/_toc.yml"]
    assert "demo" not in new.TOC.read_text("utf-8")


@pytest.mark.parametrize("chapter", range(9))
def test_a_page_comes_under_its_chapter_in_the_order_of_the_numbers_and_begins_it_where_it_is_missing(
    chapter: int,
) -> None:
    number, stem = new.place("demo", "grid", chapter)
    assert number not in {lab.number.rstrip("b") for lab in EXPERIMENTS.values()}
    text = new.listed(new.TOC.read_text("utf-8"), stem, chapter)
    before, parts = (yaml.safe_load(one)["parts"] for one in (new.TOC.read_text("utf-8"), text))
    [part] = [one for one in parts if {"file": f"book/{stem}"} in one["chapters"]]
    titles = {one.number: f"{one.number} {one.title}" for one in course.chapters()}
    assert part["caption"] == titles.get(chapter, new.FIRST)
    numbered = [one["file"] for one in part["chapters"] if one["file"].split("-")[1].isdigit()]
    assert numbered == sorted(numbered)
    captions = [one["caption"] for one in parts if one["caption"] in titles.values()]
    assert captions == sorted(captions)
    for one in parts:
        one["chapters"] = [page for page in one["chapters"] if page["file"] != f"book/{stem}"]
    assert [one for one in parts if one["chapters"]] == before


@pytest.mark.parametrize("kind", new.KINDS)
def test_the_module_of_each_kind_is_short_and_formatted_whatever_the_lab_is_called(kind: str, tmp_path: Path) -> None:
    for name in ("x", LONGEST):
        files = new.written(name, kind, "L3.9", f"03-9-{name}")
        [text] = [text for path, text in files.items() if path.suffix == ".py"]
        assert len(text.splitlines()) <= 58
        (tmp_path / f"{name}.py").write_text(text, "utf-8")
        assert not [path for path, text in files.items() if "$" in text]
        [page] = [text for path, text in files.items() if path.suffix == ".md"]
        begun = re.findall(r"(?m)^```\{([a-z-]+)\}", page.partition("## ")[0])
        assert begun == ["at-a-glance", "in-short", "guess", "lab-panel"], "as the pattern of a page has it"
        assert ":folded:" in page
    settings = ["--config", str(PROJECT / "pyproject.toml"), "--no-cache", str(tmp_path)]
    for asked in (["format", "--check"], ["check"]):
        done = subprocess.run([sys.executable, "-m", "ruff", *asked, *settings], capture_output=True, text=True)
        assert done.returncode == 0, done.stdout


def test_nothing_is_left_of_a_lab_that_could_not_be_recorded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    toc = tmp_path / "_toc.yml"
    toc.write_text("as it was")
    monkeypatch.setattr(new, "TOC", toc)
    files = {tmp_path / "module.py": "", tmp_path / "page.md": "# A page", toc: "changed"}
    with pytest.raises(ModuleNotFoundError):  # the module is not where the labs are
        new.make("not-there", files, tmp_path / "run.json")
    assert [path.name for path in tmp_path.iterdir()] == ["_toc.yml"]
    assert toc.read_text() == "as it was"
    assert "not-there" not in EXPERIMENTS


@pytest.mark.long
@pytest.mark.broker
@pytest.mark.timeout(900)
def test_a_new_lab_of_each_kind_passes_what_every_lab_is_asked(tmp_path: Path) -> None:
    root = copy(tmp_path / "clone")
    settings = os.environ | {"LABS_HOME": str(tmp_path / "home"), "PYTHONPATH": str(root)}
    if (PROJECT / ".mypy_cache").is_dir():  # by it mypy reads the new modules alone; the others are as they were
        shutil.copytree(PROJECT / ".mypy_cache", root / ".mypy_cache")
    every = "tests/test_every_lab.py", "tests/test_parts.py"
    chapters = cycle("78")  # one alone has no numbers left for all of them, and those with a dictionary have few
    asked = [
        *(["labs", "new", f"demo-{kind}", "--kind", kind, "--chapter", next(chapters)] for kind in new.KINDS),
        ["ruff", "check", "."],
        ["ruff", "format", "--check", "."],
        ["mypy"],
        ["pytest", "-q", "-p", "no:cacheprovider", *every, "-k", "demo or quiz"],
    ]
    try:
        for command in (["labs", "up"], *asked):  # once, and not for each lab
            done = subprocess.run(
                [sys.executable, "-m", *command], cwd=root, env=settings, capture_output=True, text=True
            )
            assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    finally:
        subprocess.run([sys.executable, "-m", "labs", "down"], cwd=root, env=settings, check=True)
