"""The walk-through of CONTRIBUTING.md: its example lab is built from its own text, run, recorded, shown."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import nbformat
import pytest
from nbclient import NotebookClient

from labs.pages.build import build
from tests.copied import copy

ROOT = Path(__file__).parent.parent
BLOCK = re.compile(r"^(`{3,})(\w+) ([^\n]+)\n(.*?)^\1$", re.MULTILINE | re.DOTALL)
PYTEST = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
ASKED = [f"tests/test_{name}.py" for name in ("every_lab", "parts", "chapter")]
ASKED.append("tests/test_house.py::test_pages_and_pictures_are_made_without_a_broker_in_the_room")
"""What `make test` asks a new lab, its page and its quiz within seconds."""
pytestmark = pytest.mark.broker


class Block(NamedTuple):
    """One block of the walk-through: where it goes (`file`, `before` or `after` a line), or `run`, and its text."""

    where: dict[str, str]
    text: str


def blocks() -> list[Block]:
    found = []
    for _, _, info, text in BLOCK.findall((ROOT / "CONTRIBUTING.md").read_text("utf-8")):
        words = [word.partition("=") for word in shlex.split(info)]
        found.append(Block({name: value for name, _, value in words}, text))
    return found


def write(root: Path, block: Block) -> None:
    path = root / block.where["file"]
    anchor = block.where.get("before") or block.where.get("after")
    if anchor is None:
        assert path.exists(), f"`labs new` has not written {path.name}: mend the walk-through"
        path.write_text(block.text, "utf-8")
        return
    lines = path.read_text("utf-8").splitlines()
    assert lines.count(anchor) == 1, f"{block.where['file']} has no line {anchor!r}: mend the walk-through"
    at = lines.index(anchor) + ("after" in block.where)
    path.write_text("\n".join([*lines[:at], block.text.rstrip("\n"), *lines[at:]]) + "\n", "utf-8")


@pytest.mark.long
def test_the_example_lab_of_the_walk_through_runs_is_recorded_and_becomes_a_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = copy(tmp_path / "copy of the book")
    settings = os.environ | {"LABS_HOME": str(tmp_path / "home"), "PYTHONPATH": str(root), "LABS_MODE": "live"}
    steps = blocks()
    assert [sorted(block.where) for block in steps] == [["run"], ["file"], ["run"], ["after", "file"]]
    for block in steps:
        if "file" in block.where:
            write(root, block)
            continue
        words = shlex.split(block.text)
        assert words[0] == "labs", block.text
        done = subprocess.run([sys.executable, "-m", *words], cwd=root, env=settings, capture_output=True, text=True)
        assert done.returncode == 0, f"{block.text}\n{done.stdout}\n{done.stderr}"
    clean = subprocess.run([sys.executable, "-m", "ruff", "check", "."], cwd=root, capture_output=True, text=True)
    assert clean.returncode == 0, clean.stdout
    assert (root / "book" / "runs" / "own-delay.json").exists()
    checked = subprocess.run([*PYTEST, *ASKED], cwd=root, env=settings, capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout
    assert build(root=root, out=tmp_path / "out") == 0, "the book with the example lab warned: see above"
    page = (tmp_path / "out" / "_build" / "html" / "book" / "00-1-own-delay.html").read_text("utf-8")
    assert 'data-state="_static/panels/own-delay.json"' in page
    assert 'data-measured="' in page
    assert "not recorded" not in page
    notebook = nbformat.read(root / "notebooks" / "00-1-own-delay.ipynb", 4)
    monkeypatch.setenv("LABS_HOME", settings["LABS_HOME"])
    monkeypatch.setenv("PYTHONPATH", str(root))
    NotebookClient(notebook, timeout=60, kernel_name="python3", resources={"metadata": {"path": str(root)}}).execute()
