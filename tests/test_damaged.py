"""Recorded files that are damaged, altered or of another kind, where the book is built from them: one line each."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from labs.model.paths import RECORDED
from labs.model.run import RunFileError
from labs.pages import bench_page
from labs.pages.build import build, damaged
from labs.pages.glue import number

Change = Callable[[dict[str, Any]], Any]


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """The recorded files of two labs, of the machine and of the benchmark."""
    for name in ("latency-ladder", "loss-matrix", "passport", "bench"):
        shutil.copy(RECORDED / f"{name}.json", tmp_path)
    return tmp_path


def altered(path: Path, change: Change) -> None:
    content = json.loads(path.read_text("utf-8"))
    change(content)
    path.write_text(json.dumps(content), "utf-8")


def first(content: dict[str, Any]) -> dict[str, Any]:
    repeat: dict[str, Any] = content["digests"][1]["repeats"][0]
    return repeat


CHANGES: dict[str, tuple[str, Change]] = {
    "a missing count": ("loss-matrix", lambda c: first(c)["ledger"].pop("lost")),
    "a missing card": ("loss-matrix", lambda c: c["digests"][1].pop("card")),
    "no repeats": ("loss-matrix", lambda c: c["digests"][1].pop("repeats")),
    "a number that is none": ("latency-ladder", lambda c: first(c)["latency_ms"].update(p99=float("nan"))),
    "an infinite number": ("latency-ladder", lambda c: first(c)["cpu"].update(broker=float("inf"))),
    "a count below zero": ("latency-ladder", lambda c: first(c).update(delivered=-5)),
    "a time that is a word": ("loss-matrix", lambda c: first(c)["fault"].update(at_s="soon")),
    "a median of another kind": ("latency-ladder", lambda c: c["digests"][1].update(median=[])),
    "settings of another kind": ("loss-matrix", lambda c: c["digests"][1].update(settings="all")),
    "an altered percentile": ("latency-ladder", lambda c: c["digests"][1]["median"]["latency_ms"].update(p99=0.01)),
    "another lab's": ("latency-ladder", lambda c: c.update(lab="loss-matrix")),
    "a newer format": ("passport", lambda c: c.update(format=99)),
    "a benchmark without a side": ("bench", lambda c: c["rows"][0].pop("ours")),
    "a benchmark without a card": ("bench", lambda c: c.pop("card")),
    "a benchmark with digests": ("bench", lambda c: c.update(digests=[])),
}


@pytest.mark.parametrize("what", CHANGES)
def test_a_damaged_file_is_named_with_what_is_wrong_and_what_to_do(runs: Path, what: str) -> None:
    assert damaged(runs) == []
    name, change = CHANGES[what]
    altered(runs / f"{name}.json", change)
    found = damaged(runs)
    assert len(found) == 1, found
    assert str(runs / f"{name}.json") in found[0]
    assert "again" in found[0] or "Update the labs" in found[0]
    assert "\n" not in found[0]


@pytest.mark.parametrize("cut", [0, 1, 500, -3])
def test_a_file_that_was_cut_off_is_named(runs: Path, cut: int) -> None:
    path = runs / "loss-matrix.json"
    path.write_bytes(path.read_bytes()[:cut])
    [line] = damaged(runs)
    assert line.startswith(f"{path} is damaged (")


def test_the_site_is_not_built_from_damaged_files_and_says_so_in_a_line_each(
    runs: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    altered(runs / "loss-matrix.json", CHANGES["a missing count"][1])
    altered(runs / "bench.json", CHANGES["a benchmark without a side"][1])
    (runs / "passport.json").write_text('{"format": 1, "lab": "passport", "digests": [')
    assert build(runs=runs, out=tmp_path / "out") == 1
    lines = capfd.readouterr().err.splitlines()
    assert [line.split(".json")[0].rpartition("/")[2] for line in lines[:3]] == ["bench", "passport", "loss-matrix"]
    assert lines[3:] == ["`git checkout -- book/runs` brings back what came with the book."]
    assert not (tmp_path / "out" / "_build" / "html").exists()


def test_a_figure_that_a_sound_file_cannot_give_is_named_with_its_file(runs: Path) -> None:
    altered(runs / "latency-ladder.json", lambda c: [one["card"].pop("cores", None) for one in c["digests"]])
    with pytest.raises(RunFileError, match=r"latency-ladder\.json has nothing to answer 'latency-ladder cores' with"):
        number("latency-ladder cores", runs)


def test_markup_in_a_benchmark_stays_text(runs: Path) -> None:
    hostile = "<img src=x onerror=alert(1)>"

    def poisoned(content: dict[str, Any]) -> None:
        for row in content["rows"]:
            row["title"] = row["trouble"] = row["ours"]["name"] = row["ours"]["limit"] = hostile

    altered(runs / "bench.json", poisoned)
    content = bench_page.recorded_bench(runs)
    assert content is not None
    for html in (bench_page.bench_table(content), bench_page.article_picture(content)):
        assert "<img" not in html
        assert "&lt;img" in html
