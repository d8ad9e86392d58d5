"""What the panel's charts work out in JavaScript: places on an axis, steps of a slider, the next cell; run by deno."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from labs.pages.bundle import JS

DENO = str(Path(sys.executable).with_name("deno"))
MODULES = ("dots", "slider", "guess", "picking", "plot")
SCRIPT = """
const marks = (at, ...repeats) => ({ at, tail: null, repeats });
const points = [["a", 1], ["a", 100], ["a", 10], ["b", 10]].map(([line, along]) =>
  ({ line, along, way: `${line}-${along}`, row: line, series: "kafka",
     traces: { lines: [{ meta: { role: "median", line, name: line }, x: [along], y: [5] }] } }));
const live = { ...points[1], live: true }, alone = { way: "c", row: "c", series: "kafka", traces: {} };
const all = [...points, alone, live];
const choice = { all: () => ({ ...all }), controls: [], far: () => 0 };
const panel = { choice, state: { series: { kafka: {} }, charts: [{ slider: "size", sweep: "along" }] } };
const plot = { name: "lines", sweep: "along", lines: "line", slider: "size" };
const wide = dots.axisOf({ range: [100, 1e6], ticks: [[100, "100"], [1e6, "1 million"]] }, [3, 5e7]);
const axis = dots.axisOf({ range: [1, 1e4], ticks: [] }, []);
const order = ["a", "b", "c", "d"];
const near = { range: [-0.1, 3.8], tickvals: [1, 10, 100, 1000, 5000], ticktext: ["1", "10", "100", "1,000", "5,000"] };
plotted.thinned(near);
console.log(JSON.stringify({
  near: near.ticktext,
  ticks: wide.ticks.map(([at]) => at),
  shares: [1, 100, 1e4, 1e9, 0.01].map(axis.share),
  sides: [marks(10), marks(9000), marks(10, 9000)].map((one) => dots.beside(one, axis).split(":")[0]),
  steps: slider.stepsOf(panel, plot, [points[0]]).map((one) => [one.along, Boolean(one.live)]),
  other: slider.stepsOf(panel, plot, [alone]).map((one) => one.line),
  chosen: slider.stepsOf(panel, plot, [points[1]]).map((one) => Boolean(one.live)),
  next: ["b", "c", "d"].map((from) => guess.nextOf(order, from, (one) => one === "a") ?? null),
  none: guess.nextOf(order, "b", () => true) ?? null,
  rows: picking.places(panel, { rows: "row" }, [points[3]]).map(picking.only).map((one) => one.way),
  rings: plotted.rings(plot, points, [points[3]]).map((one) => [one.meta.line, one.meta.role]),
  unringed: plotted.rings(plot, points, [alone]),
}));
"""


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    names = {"plot": "plotted"}
    imports = [f'import * as {names.get(name, name)} from "{(JS / name).as_uri()}.mjs";' for name in MODULES]
    path: Path = tmp_path_factory.mktemp("charts") / "ask.mjs"
    path.write_text("\n".join([*imports, SCRIPT]), "utf-8")
    env = {"DENO_DIR": str(path.parent), "NO_COLOR": "1", "DENO_NO_UPDATE_CHECK": "1"}
    done = subprocess.run([DENO, "run", "--no-remote", str(path)], capture_output=True, text=True, env=env)
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def test_a_figure_that_was_measured_here_widens_the_axis_by_whole_decades(said: dict[str, Any]) -> None:
    assert said["ticks"] == [1, 10, 100, 1e6, 1e7, 1e8]


def test_a_dot_stands_at_its_share_of_the_decades_and_never_beside_the_axis(said: dict[str, Any]) -> None:
    assert said["shares"] == [0, 0.5, 1, 1, 0]


def test_the_figure_stands_right_of_all_marks_or_left_of_them_where_there_is_no_room(said: dict[str, Any]) -> None:
    assert said["sides"] == ["left", "right", "right"]


def test_a_slider_has_the_steps_of_the_chosen_line_in_order_each_once_the_newest_or_the_chosen_one(
    said: dict[str, Any],
) -> None:
    assert said["steps"] == [[1, False], [10, False], [100, True]]
    assert said["chosen"] == [False, False, False]
    assert set(said["other"]) == {"a"}  # a way that is on no line leaves the first one in sight


def test_the_next_cell_is_the_next_one_in_reading_order_that_is_not_shown(said: dict[str, Any]) -> None:
    assert said["next"] == ["c", "d", "b"]
    assert said["none"] is None


def test_a_line_is_one_row_at_the_step_that_is_chosen(said: dict[str, Any]) -> None:
    assert said["rows"] == ["a-10", "b-10", "c"]


def test_a_ring_is_around_the_chosen_point_and_those_of_other_lines_at_its_step(said: dict[str, Any]) -> None:
    assert said["rings"] == [["a", "beside"], ["b", "chosen"]]
    assert said["unringed"] == []


def test_names_of_steps_that_would_touch_on_a_narrow_screen_are_thinned_and_the_last_one_stays(
    said: dict[str, Any],
) -> None:
    assert said["near"] == ["1", "10", "100", "5,000"]
