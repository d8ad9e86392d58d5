"""What a run of the tests says at its end of the time that they took."""

from __future__ import annotations

import json
import re
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from labs.model.paths import PROJECT
from tests import again, budget, lanes
from tests.__main__ import PARTS
from tests.plugins import Notebooks

TEN = "tests/test_kill_the_worker.py::test_it_runs"
LADDER = "tests/test_every_lab_live.py::test_a_lab_measures[latency-ladder-native]"
PLAIN = "tests/test_house.py::test_a_room"


def written(folder: Path, **parts: dict[str, float]) -> list[Path]:
    """A file for each part, as the part itself writes it; the first test of each failed."""
    for name, seconds in parts.items():
        outcomes = {"failed": 1, "passed": len(seconds) - 1}
        told = {"seconds": seconds, "outcomes": outcomes, "failed": {next(iter(seconds)): True}}
        (folder / name).write_text(json.dumps(told), "utf-8")
    return list(folder.iterdir())


def test_the_seconds_of_all_parts_are_added_up_by_file_and_by_lab_and_what_is_over_says_so(tmp_path: Path) -> None:
    files = written(tmp_path, browsed={TEN: 70.0, PLAIN: 4.0}, rest={LADDER: 8.0, PLAIN + "[2]": 3.0})
    said = budget.report(files, took_s=801.2, may_take_s=720)
    assert said[-1] == "In all: 2 passed, 2 failed; 801 s of the 720 s that they may take: too long"
    assert [line.split()[2:] for line in said if "more than" in line] == [
        ["kill-the-worker", "more", "than", "the", "60", "s", "that", "it", "may", "take"]
    ]
    assert any(line.split() == ["7.0", "s", "tests/test_house.py"] for line in said)
    assert any(line.split()[2:] == ["latency-ladder"] for line in said)


def test_the_twenty_slowest_are_named_slowest_first(tmp_path: Path) -> None:
    said = budget.report(written(tmp_path, rest={f"a.py::test_{n}": float(n) for n in range(30)}), 1, 720)
    at = said.index("The slowest 20 of 30 tests:")
    assert [line.split("::")[1] for line in said[at + 1 : -1]] == [f"test_{n}" for n in range(29, 9, -1)]
    assert said[-1].endswith("1 s of the 720 s that they may take")


def part(folder: Path, name: str, passed: list[str], failed: dict[str, bool]) -> Path:
    """The file of a part, with a second for each test."""
    outcomes = {"passed": len(passed), "failed": len(failed)}
    told = {"seconds": dict.fromkeys([*passed, *failed], 1.0), "outcomes": outcomes, "failed": failed}
    path = folder / f"quick-{name}.json"
    path.write_text(json.dumps(told), "utf-8")
    return path


def test_what_failed_beside_others_is_asked_again_where_it_depends_on_the_machine_and_not_where_it_does_not(
    tmp_path: Path,
) -> None:
    """A unit test gets no second chance, nor do more failures than an accident has, nor a broken collection."""
    ok, bad, broken = pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.INTERRUPTED
    broker = part(tmp_path, "rest", [TEN], {LADDER: again.askable({"broker", "parametrize"})})
    quiet = part(tmp_path, "browsed", [PLAIN], {})
    assert again.to_ask([broker, quiet], [bad, ok]) == [LADDER]
    assert again.to_ask([broker, quiet], [bad, broken]) == []
    assert again.to_ask([quiet], [ok]) == []
    unit = part(tmp_path, "waiting", [], {PLAIN: again.askable({"parametrize"})})
    assert again.to_ask([broker, unit], [bad, bad]) == []
    many = part(tmp_path, "rest", [], {f"a.py::test_{n}": True for n in range(again.MOST + 1)})
    assert again.to_ask([many], [bad]) == []


@pytest.mark.parametrize(
    ("passed", "failed", "count", "word"), [([LADDER], {}, 2, "passed"), ([], {LADDER: 1}, 1, "failed")]
)
def test_the_second_answer_counts_and_both_are_told(
    passed: list[str], failed: dict[str, bool], count: int, word: str, tmp_path: Path
) -> None:
    files = [part(tmp_path, "rest", [TEN], {LADDER: True}), part(tmp_path, again.NAME, passed, failed)]
    said = budget.report(files, 1, 720)
    assert said[:2] == ["Failed while others ran beside them, and asked again by themselves:", f"  {word}  {LADDER}"]
    assert said[-1].startswith(f"In all: {count} passed, {len(failed)} failed; ")


@pytest.mark.parametrize(
    ("test", "lab"),
    [
        ("tests/test_before_the_first_message.py::test_x", "before-the-first-message"),
        ("notebooks/05-4-latency-ladder.ipynb::05-4-latency-ladder.ipynb", "latency-ladder"),
        ("tests/test_rates.py::test_x[redis-million]", "redis-million"),
        ("tests/test_stack.py::test_two_sessions_do_not_meet", ""),
    ],
)
def test_a_test_belongs_to_the_lab_that_it_names(test: str, lab: str) -> None:
    assert budget.lab_of(test) == lab


def test_every_file_of_a_lane_is_there_and_in_one_lane_only() -> None:
    files = lanes.in_lanes()
    assert len(set(files)) == len(files) > 20
    assert [path for path in files if not (Path(__file__).parent.parent / path).is_file()] == []


def test_of_the_notebooks_the_first_of_each_chapter_does_not_wait_for_the_night() -> None:
    plugin, marks = Notebooks(), dict[str, list[str]]()
    for name in ("01-1-a.ipynb", "01-2-b.ipynb", "02-1-c.ipynb", "test_a.py"):
        item = SimpleNamespace(path=Path(name), add_marker=marks.setdefault(name, []).append)
        plugin.pytest_itemcollected(cast("pytest.Item", item))
    once, nightly = ["notebook"], ["notebook", "long"]
    assert marks == {"01-1-a.ipynb": once, "01-2-b.ipynb": nightly, "02-1-c.ipynb": once, "test_a.py": []}


def test_every_option_of_make_is_one_of_the_command_and_ci_asks_for_the_first_two() -> None:
    rules = (PROJECT / "Makefile").read_text("utf-8")
    asked = {"test": "", "test-containers": " --containers", "test-all": " --all"}
    for rule, option in asked.items():
        [command] = re.findall(rf"^{rule}: .*\n\t@\$\(RUN\) -m tests(.*)$", rules, re.M)
        assert command == option
    assert re.findall(r"^make (\S+)", (PROJECT / ".ci" / "run").read_text("utf-8"), re.M) == [
        "check", "test", "test-containers",
    ]  # fmt: skip
    assert {option.strip() for option in asked.values()} == set(PARTS)
