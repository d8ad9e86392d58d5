"""What every lab owes: controls, a grid, a recording, a look, a judge, and a page with all that belongs to it.

A new lab is asked all of it without a line here.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from labs.experiments import EXPERIMENTS
from labs.experiments.base import Control, Experiment
from labs.experiments.record_grid import points
from labs.model.claims import claims
from labs.model.digest import Digest
from labs.pages import course, quiz
from labs.pages.exercises.on_page import held
from labs.pages.exercises.questions import FOLDER, of_page
from labs.pages.glue import FACTS, NOT_YET, number
from labs.pages.recordings import recorded
from labs.pages.state import recorded_state, why_not
from labs.show.renderers import drawable

ROOT = Path(__file__).parent.parent
BY_DOCUMENTS = {"04-9-what-we-know", "05-9-what-we-know"}
"""Pages whose quiz is about claims that documents decide, and not about a lab."""
OF_SOME = {"publishes", "deliveries", "fates", "confirmed", "source", "caution"}
"""What a lab of that look may have no point for: several publishers or subscribers, figures of others, a caution."""
NEWER = {"stalls", "stalled", "mean", "arrivals", "linger"}
"""What recordings of before 30 November 2026 lack; with the next ones these belong above, or nowhere."""
NOTHING = {"", NOT_YET, "–", "unknown"}


@pytest.fixture(params=EXPERIMENTS)
def lab(request: pytest.FixtureRequest) -> Experiment:
    """Each lab in turn."""
    return EXPERIMENTS[request.param]


@pytest.fixture
def digests(lab: Experiment) -> list[Digest]:
    """The points of its recorded file."""
    file = recorded(lab.name)
    assert file is not None, f"{lab.name} is not recorded: labs record {lab.name}"
    assert file.lab == lab.name
    assert {digest.lab for digest in file.digests} == {lab.name}
    return list(file.digests)


def open_to(control: Control) -> set[Any]:
    """What a reader can choose."""
    return {option.value for option in control.options if not option.reason}


def grid_points(lab: Experiment) -> Iterator[dict[str, Any]]:
    """The grid, with a table of settings for each point that there can be."""
    keys = lab.grid_keys()
    for settings in points(lab):
        yield from (one for one in lab.points_of(settings) if lab.look.key(one) in keys)


def of_point(lab: Experiment, asked: dict[str, Any], digests: list[Digest]) -> list[Digest]:
    """The digests with these settings, of those that make a point; a run may have added others, and an older recording
    does not name what could not be chosen then."""
    had = {name for one in digests for name in one.settings} & set(lab.look.point)
    known = {name: value for name, value in lab.look.applies(asked).items() if name in had}
    return [one for one in digests if known.items() <= lab.look.applies(one.settings).items()]


def test_a_lab_is_listed_under_its_name_and_has_a_number_of_its_own(lab: Experiment) -> None:
    assert EXPERIMENTS[lab.name] is lab
    assert [one.name for one in EXPERIMENTS.values() if one.number == lab.number] == [lab.name]
    assert re.fullmatch(r"L\d+(\.\d+b?)?", lab.number), "the order of the labs follows from it"
    assert lab.title
    assert lab.question.endswith(("?", ".")), lab.question


def test_whoever_runs_one_lab_imports_no_other() -> None:
    code = "import sys; from labs.experiments import experiment; experiment('redis-forgets'); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    modules = {f"labs.experiments.{name.replace('-', '_')}" for name in EXPERIMENTS}
    assert modules & set(done.stdout.split()) == {"labs.experiments.redis_forgets"}


def test_the_labs_are_listed_by_chapter_and_what_has_a_letter_follows_its_lab() -> None:
    names = list(EXPERIMENTS)
    assert names[0] == "passport"
    assert names.index("spot-the-trick") == names.index("how-benchmarks-lie") + 1
    chapters = [float(lab.number[1:].rstrip("b")) for lab in EXPERIMENTS.values()]
    assert chapters == sorted(chapters)


def test_what_a_control_begins_with_is_among_what_it_allows(lab: Experiment) -> None:
    typed = [name for control in lab.controls for name in {control.name, control.typed}]
    assert len(set(typed)) == len(typed)
    for control in lab.controls:
        assert control.read(control.default) == control.default
        begun = set(control.default) if control.kind == "many" else {control.default}
        if control.kind == "slider":
            assert control.low < control.high
        else:
            values = [str(option.value) for option in control.options]
            assert begun <= open_to(control)
            assert len(set(values)) == len(values), "as a command line gives them, two are the same"
    assert lab.settings() == {control.name: control.default for control in lab.controls}


def test_every_point_of_the_grid_is_a_setting_and_all_of_them_are_what_is_recorded(
    lab: Experiment, digests: list[Digest]
) -> None:
    for point in points(lab):
        assert point["repeats"] >= 3
        assert set(point) - {"seconds"} == {*(control.name for control in lab.controls), "repeats"}
    assert not lab.ways or {point["way"] for point in points(lab)} == {way.name for way in lab.ways}
    grid, measured = list(grid_points(lab)), [one for one in digests if not one.settings.get("published")]
    since = set(lab.look.point) & {one.sets for one in lab.controls} - {
        name for one in measured for name in one.settings
    }
    if since:
        pytest.skip(f"recorded before one could choose {', '.join(since)}: the next recording is held against the grid")
    assert not lab.claims or lab.lacking(digests) == []
    found = [lab.look.key(digest.settings) for one in grid for digest in of_point(lab, one, measured)]
    assert sorted(found) == sorted({lab.look.key(one.settings) for one in measured}), "not one for each point"
    assert len(grid) == len(found) == len(measured)
    assert all(len(one.repeats) == one.card["repeats"] for one in measured)


def test_what_a_panel_begins_with_is_recorded_and_whatever_is_recorded_can_be_chosen(
    lab: Experiment, digests: list[Digest]
) -> None:
    begun = [one for one in lab.points_of(lab.settings()) if lab.look.key(one) not in why_not(lab)]
    assert begun
    assert all(of_point(lab, one, digests) for one in begun)
    for control in lab.controls:
        shown = [d.settings.get(control.sets) for d in digests]
        told = set(shown) != {None} or control.default == "" or control.sets in NEWER
        assert told, f"no point says its {control.sets}"
        for one in shown:
            asked_for = [one] if control.kind == "many" else one
            assert one is None or control.read(asked_for) == asked_for


def test_every_row_has_a_cell_for_each_column_and_every_table_its_settings(
    lab: Experiment, digests: list[Digest]
) -> None:
    assert len(set(lab.look.columns)) == len(lab.look.columns)
    for digest in digests:
        view = lab.look.view(digest)
        assert view["rows"]
        assert {len(row) for row in view["rows"]} == {len(lab.look.columns)}
        for chart in lab.look.charts:
            if chart.kind == "matrix":
                assert {chart.rows, chart.columns} <= set(digest.settings)


def test_the_state_of_a_panel_is_json_without_loss_and_has_every_point(lab: Experiment, digests: list[Digest]) -> None:
    state = recorded_state(lab)
    assert json.loads(json.dumps(state, allow_nan=False)) == state
    assert len(state["views"]) == len(digests)
    assert [one["name"] for one in state["controls"]] == [control.name for control in lab.controls]
    options = state["guess"]["options"] if state["guess"] else []
    truths = {view.get("truth") for view in state["views"].values()}
    assert bool(truths & set(options)) == bool(lab.guess), "no point has an answer that a reader could give"


def test_no_claim_is_decided_by_nothing_and_each_has_a_word_by_all_points(
    lab: Experiment, digests: list[Digest]
) -> None:
    for said in (lab.verdict([]), lab.judged([])):
        assert {one.word for one in said} <= {"undecided here"}
        assert {one.claim for one in said} <= set(lab.claims)
    assert sorted(one.claim for one in lab.judged(digests)) == sorted(lab.claims)
    assert all(one.text.endswith((".", ")")) for one in lab.judged(digests))
    assert set(lab.claims) <= set(claims())


def test_every_quantity_is_answered_by_the_recording_in_prose_and_in_the_table(
    lab: Experiment, digests: list[Digest]
) -> None:
    assert "label" in lab.look.quantities.by_name
    for quantity in lab.look.quantities.table:
        texts = {quantity.text(digest) if quantity.name else quantity.cell(digest) for digest in digests}
        assert quantity.name in {*OF_SOME, *NEWER, "reason"} or quantity.card or texts - NOTHING, (
            f"{quantity}: no point has it"
        )


@pytest.mark.parametrize("name", sorted(OF_SOME))
def test_what_only_some_points_can_be_asked_for_is_answered_by_one_of_them(name: str) -> None:
    texts: set[str] = set()
    for lab in EXPERIMENTS.values():
        file, known = recorded(lab.name), lab.look.quantities.by_name
        texts |= {known[name].text(digest) for digest in file.digests} if file and name in known else set()
    assert texts - NOTHING


def test_what_is_said_of_a_point_is_the_same_in_its_row_on_the_card_in_a_figure_and_in_prose(
    lab: Experiment, digests: list[Digest]
) -> None:
    for digest in digests[:12]:
        view, known = lab.look.view(digest), lab.look.quantities
        cells = [cell for row in view["rows"] for cell in row]
        said = [one.cell(digest) for one in known.table if one.head and one.value(digest) is not None]
        assert set(said) <= set(cells)
        assert lab.look.said(digest) == view["sentence"]
        for name, quantity in known.by_name.items():
            if f"{{{name}}}" in str(lab.look.sentence) and quantity.value(digest) is not None:
                assert quantity.text(digest) in view["sentence"]
    assert not {*lab.look.quantities.by_name} & {*FACTS}, "prose that asks for a fact of the card gets that"
    first = digests[0]
    words = [f"{name}={first.settings[name]}" for name in lab.look.point if name in first.settings]
    for name, quantity in lab.look.quantities.by_name.items():
        assert number(" ".join([lab.name, *words, name])) in (quantity.text(first), NOT_YET)
    if not drawable(lab.look.charts[0]):
        return  # it has a picture of its own
    figure = lab.figure(lab.look.charts[0].name, digests[:1])
    assert figure.layout.meta["sentence"] == lab.look.said(first)
    assert lab.look.finding(digests[:1]).split(",")[0] in figure.layout.title.text


def test_a_lab_has_a_page_exercises_a_notebook_a_quiz_and_a_recording_of_matching_names(lab: Experiment) -> None:
    stem = course.panels()[lab.name]
    chapter, _, rest = stem.partition("-")
    assert f"{lab.number}.".startswith(f"L{int(chapter)}.")
    if rest[0].isdigit():
        assert lab.number.removesuffix("b") == f"L{int(chapter)}.{rest[0]}"
    page = (ROOT / "book" / f"{stem}.md").read_text("utf-8")
    assert f"```{{quiz}} {stem}\n" in page
    assert quiz.quiz(stem)
    assert f"```{{exercise}} {stem}\n" in page
    assert [one for one in of_page(stem) if held(one).right is not None], "its recording grades none of its exercises"
    notebook = json.loads((ROOT / "notebooks" / f"{stem}.ipynb").read_text("utf-8"))
    assert any(f'"{lab.name}"' in "".join(cell["source"]) for cell in notebook["cells"])
    cells = "".join("".join(cell["source"]) for cell in notebook["cells"])
    assert [one.number for one in of_page(stem) if f'check("{one.number}", ' not in cells] == []
    assert (ROOT / "book" / "runs" / f"{lab.name}.json").is_file()


def test_nothing_is_recorded_or_asked_that_is_no_lab() -> None:
    stems = set(course.panels().values())
    assert {path.stem for path in (ROOT / "book" / "runs").glob("*.json")} == {*EXPERIMENTS, "bench", "promises"}
    assert {path.stem for path in (ROOT / "notebooks").glob("*.ipynb")} == stems
    assert {path.stem for path in quiz.FOLDER.glob("*.toml")} == {*stems, *BY_DOCUMENTS, "how-fast", "parts"}
    assert {path.stem for path in FOLDER.glob("*.toml")} == {*stems, "how-fast"}
