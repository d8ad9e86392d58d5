"""A notebook that is read where no widget runs, and one that papermill runs with other parameters."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from base64 import b64decode
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from playwright.sync_api import Browser, Page

from labs.experiments import EXPERIMENTS, experiment
from labs.model.paths import PROJECT
from labs.pages import Panel
from labs.pages.pages import default_views
from labs.pages.recordings import recorded
from labs.show.renderers import drawable
from labs.show.still import image, picture
from labs.show.still.axes import axis

NOTEBOOKS = sorted((PROJECT / "notebooks").glob("*.ipynb"))
WITHOUT = {
    "00-your-machine": "no broker and no rate",
    "02-1-when-it-blocks": "each cell is about a limit that has a broker in its name, and the rate is the lab's own",
    "02-2-burst-or-overload": "the load is the lab's own, and each cell compares what a burst and an overload do",
    "02-3-kill-the-worker": "each cell is about a way of taking jobs that has a broker in its name",
    "02-4-late-joiner": "each cell is about a way to join that has a broker in its name",
    "02-5-share-the-work": "each cell is about a way to share that has a broker in its name",
    "03-2-loss-matrix": "each cell is about a setting that has a broker in its name",
    "03-3-delivery-shapes": "each cell is about a shape that has a broker in its name",
    "04-3-routing-puzzles": "RabbitMQ's chapter, and its messages have no rate",
    "04-1-is-it-fifty-thousand": "RabbitMQ's chapter, and a ceiling has no rate",
    "04-2-price-of-persistence": "RabbitMQ's chapter, and a ceiling has no rate",
    "04-4-bad-message": "each cell is about a way to handle it that has a broker in its name",
    "07-2-big-backlog": "each cell is about a way to keep messages that has a broker in its name",
    "05-1-is-it-a-million": "Kafka's chapter, and a ceiling has no rate",
    "05-2-log-group-share": "Kafka's chapter, and its records have no rate",
    "05-3-acknowledged": "Kafka's chapter, and the rate is the lab's own",
    "05-5-read-it-again": "each cell is about a way to keep that has a broker in its name",
    "08-2-upgrade-trap": "each cell is about a Celery on a RabbitMQ, and one task is sent",
    "06-1-is-it-a-million": "Redis' chapter, and a ceiling has no rate",
    "06-2-redis-forgets": "Redis' chapter, and the rate is the lab's own",
    "06-3-four-queues": "Redis' chapter, and its trials have no rate",
    "06-4-pending-claimed": "Redis' chapter, and the rate is the lab's own",
    "07-3-routing-at-rate": "each cell is about a way that has a broker in its name, and a ceiling has no rate",
    "07-1-short-life": "each cell is about a way that has a broker in its name, and the rate is the lab's own",
    "08-1-one-app-three-brokers": "each cell is about a row of the checklist, and its tasks have no rate",
    "08-3-run-twice": "each cell is about one task on a broker in its name, and one task has no rate",
    "08-4-cost-of-switching": "each cell is about a move that has two brokers in its name",
}
"""Notebook -> why papermill may set neither rate nor broker there."""
HOSTILE = "<img src=x onerror=alert(1)>&<b>\"'"
SVG = "{http://www.w3.org/2000/svg}"


def executed(cells: list[Any], folder: Path, mode: str = "recorded") -> Path:
    """A notebook of these cells, executed by nbconvert as a reader does it, as HTML."""
    notebook = nbformat.v4.new_notebook(cells=cells)
    notebook.metadata["kernelspec"] = {"display_name": "Python 3", "language": "python", "name": "python3"}
    nbformat.write(notebook, folder / "lab.ipynb")
    command = [sys.executable, "-m", "nbconvert", "--to", "html", "--execute", "lab.ipynb"]
    done = subprocess.run(command, cwd=folder, env=environment(mode), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return folder / "lab.html"


def environment(mode: str) -> dict[str, str]:
    import os

    return os.environ | {"LABS_MODE": mode, "PYTHONPATH": str(PROJECT)}


def offline(browser: Browser, path: Path, theme: str = "light") -> Page:
    context = browser.new_context(viewport={"width": 1280, "height": 900}, offline=True, color_scheme=theme)
    page = context.new_page()
    page.goto(path.as_uri())
    return page


def cells_of(stem: str) -> list[Any]:
    return list(nbformat.read(PROJECT / "notebooks" / f"{stem}.ipynb", 4).cells)


@pytest.mark.browser
def test_a_lab_notebook_through_nbconvert_shows_its_panel_and_its_charts_offline(
    browser: Browser, tmp_path: Path
) -> None:
    path = executed(cells_of("01-1-who-is-waiting"), tmp_path)
    page = offline(browser, path)
    still = page.locator(".labs-still")
    assert still.is_visible()
    assert page.locator(".labs-panel").count() == 0, "no widget is drawn offline"
    assert re.search(r"\d\sms .* to \d.*\sms ", still.inner_text())
    still.locator("summary").click()
    assert still.locator("tbody tr").count() > 8
    images = page.locator("img")
    assert images.count() == 3, "the panel's picture and the two charts of the cells"
    assert min(images.evaluate_all("all => all.map(one => one.naturalWidth)")) > 500
    assert all(len(one.get_attribute("alt") or "") > 20 for one in images.all())
    page.set_viewport_size({"width": 390, "height": 800})
    assert max(images.evaluate_all("all => all.map(one => one.getBoundingClientRect().right)")) <= 390


@pytest.mark.browser
def test_the_plain_output_is_that_of_the_last_run(browser: Browser, tmp_path: Path) -> None:
    source = "from labs.experiments import experiment\nfrom labs.pages import Panel\n\n"
    source += 'panel = Panel(experiment("passport"))\npanel'
    run = 'panel.start({"repeats": 1})\nassert panel.wait(60)'
    cells = [nbformat.v4.new_code_cell(source), nbformat.v4.new_code_cell(run)]
    page = offline(browser, executed(cells, tmp_path, "live"))
    said = page.locator(".labs-still").inner_text()
    assert "measured here at" in said
    assert "recorded" not in said
    assert page.locator(".labs-still").count() == 1
    assert "a loopback round trip " in said


def test_every_lab_has_a_plain_output_of_what_is_recorded() -> None:
    for lab in EXPERIMENTS.values():
        file, said = recorded(lab.name), Panel(lab, mode="recorded")._still()
        assert file is not None
        drawn = any(map(drawable, lab.look.charts))  # timelines and lanes need a script
        assert said["text/html"].count("<img") == drawn, lab.name
        assert said["text/html"].count("<tr>") > 1, lab.name
        assert "recorded" in said["text/plain"], lab.name


def test_a_lab_without_a_recording_says_so_in_its_plain_output(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LABS_RUNS", str(tmp_path))
    said = Panel(experiment("latency-ladder"), mode="auto")._still()
    assert "not recorded yet" in said["text/html"]
    assert said["text/plain"] == "The latency ladder: no run yet."


@pytest.mark.parametrize("lab", [lab.name for lab in EXPERIMENTS.values()])
def test_every_chart_has_a_picture_that_is_sound_svg_with_its_finding(lab: str) -> None:
    file = recorded(lab)
    assert file is not None
    for name in [chart.name for chart in experiment(lab).look.charts if drawable(chart)]:
        figure = experiment(lab).figure(name, file.digests[:40])
        drawn = ElementTree.fromstring(picture(figure.to_plotly_json()))
        width, height = (float(drawn.get(side, "0")) for side in ("width", "height"))
        finding = re.sub("<[^>]*>", " ", figure.layout.title.text).split()
        assert set(finding) <= set(" ".join(drawn.itertext()).split()), name
        for text in drawn.iter(f"{SVG}text"):
            assert 0 <= float(text.get("x", "-1")) <= width, (name, text.text)
            assert 0 <= float(text.get("y", "-1")) <= height, (name, text.text)


def test_a_mark_stands_where_its_value_is() -> None:
    log = axis({"type": "log", "range": [0, 2]}, [1, 100], (100.0, 300.0), from_zero=False)
    assert [log.of(value) for value in (1, 10, 100, 0, None)] == [100.0, 200.0, 300.0, None, None]
    assert [text for _, text in log.ticks] == ["1", "10", "100"]
    bars = axis({}, [40, 80], (0.0, 840.0), from_zero=True)
    assert bars.of(0) == 0.0
    assert bars.of(40) == pytest.approx(400.0)


def test_in_a_picture_and_in_a_plain_output_a_name_is_text_whatever_it_is() -> None:
    figure = experiment("kafka-million").figure("rates", recorded("kafka-million").digests[:2])  # type: ignore[union-attr]
    figure.update_layout(title_text=HOSTILE)
    figure.data[0].y = (HOSTILE,)
    drawn = ElementTree.fromstring(picture(figure.to_plotly_json()))
    assert {one.tag for one in drawn.iter()} <= {
        f"{SVG}{tag}" for tag in ["svg", "title", "rect", "path", "text", "defs", "pattern", "circle", "g"]
    }
    assert HOSTILE.replace("<b>", "") in "".join(drawn.itertext())
    assert "<img src=x" not in image(figure.to_plotly_json())
    panel = Panel(experiment("kafka-million"), mode="recorded")
    digest = recorded("kafka-million").digests[0]  # type: ignore[union-attr]
    first = {**digest.repeats[0], "trouble": HOSTILE}
    digest = replace(digest, settings={**digest.settings, "label": HOSTILE}, repeats=[first, *digest.repeats[1:]])
    html = panel._still([digest], HOSTILE)["text/html"]
    assert "<img src=x" not in html
    assert "&lt;img src=x" in html
    embedded = b64decode(re.search(r"base64,([^\"]+)", html)[1]).decode()  # type: ignore[index]
    assert "<img" not in embedded


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_takes_rate_or_broker_from_papermill_or_says_why_not(path: Path) -> None:
    cells = json.loads(path.read_text("utf-8"))["cells"]
    tagged = [cell for cell in cells if "parameters" in cell["metadata"].get("tags", [])]
    assert len(tagged) == (0 if path.stem in WITHOUT else 1)
    for cell in tagged:
        assert cell is next(one for one in cells if one["cell_type"] == "code")
        rest = "".join(
            line for one in cells if one is not cell and one["cell_type"] == "code" for line in one["source"]
        )
        for name in re.findall(r"(?m)^(\w+) =", "".join(cell["source"])):
            assert name in ("rate", "broker")
            assert re.search(rf"[(\[{{=]{name}\b|\b{name}[,)\]}}]", rest), f"{name} is used nowhere"


def injected(stem: str, upto: str, **given: Any) -> NotebookClient:
    """The notebook up to a cell, with a cell of values where papermill puts it: after the one with its defaults."""
    notebook = nbformat.read(PROJECT / "notebooks" / f"{stem}.ipynb", 4)
    last = next(at for at, cell in enumerate(notebook.cells) if cell["id"] == upto)
    notebook.cells = notebook.cells[: last + 1]
    after = next(at for at, cell in enumerate(notebook.cells) if "parameters" in cell.metadata.get("tags", [])) + 1
    said = "\n".join(f"{name} = {value!r}" for name, value in given.items())
    notebook.cells.insert(after, nbformat.v4.new_code_cell(said, metadata={"tags": ["injected-parameters"]}))
    return NotebookClient(notebook, timeout=240, resources={"metadata": {"path": str(PROJECT / "notebooks")}})


@pytest.mark.broker
@pytest.mark.timeout(300)
def test_a_rate_and_a_broker_that_papermill_sets_are_what_is_measured() -> None:
    client = injected("05-4-latency-ladder", "cell-03", rate=300, broker="redis")
    ask = "print([(d.settings['broker'], d.settings['rate_per_s']) for d in digests])"
    client.nb.cells.append(nbformat.v4.new_code_cell(ask))
    done = client.execute()
    assert done.cells[-1].outputs[0].text.strip() == "[('redis', 300)]"
    panel = next(cell for cell in done.cells if cell["id"] == "cell-01")
    [still] = [one.data["text/html"] for one in panel.outputs if "text/html" in one.data]
    assert "Redis" in still
    assert "Kafka" not in still


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"rate": 0}, "rate must be 100 to 5000 messages/s, got 0"),
        ({"rate": "fast"}, "rate must be a number, got 'fast'"),
        ({"broker": "mysql"}, "There is no value of broker named 'mysql'"),
    ],
)
def test_a_wrong_value_from_papermill_is_a_clear_error_before_anything_is_measured(
    given: dict[str, Any], said: str
) -> None:
    with pytest.raises(CellExecutionError) as caught:
        injected("05-4-latency-ladder", "cell-03", **given).execute()
    assert said in str(caught.value)
    assert "Panel(ladder" in str(caught.value)


def test_a_panel_begins_at_what_was_chosen_and_refuses_what_no_control_is() -> None:
    ladder = experiment("latency-ladder")
    panel = Panel(ladder, mode="recorded", rate=1900, broker=["kafka"])
    chosen = {control["name"]: control["default"] for control in panel.state["controls"]}
    assert (chosen["rate_per_s"], chosen["brokers"]) == (1900, ["kafka"])
    shown = default_views(panel.state)
    assert {view["broker"] for view in shown} == {"kafka"}
    assert {view["rate_per_s"] for view in shown} == {2000}, "the nearest that is recorded"
    with pytest.raises(ValueError, match="rate_per_sec"):
        Panel(ladder, rate_per_sec=5)
    with pytest.raises(ValueError, match="repeats is no control of latency-ladder"):
        Panel(ladder, repeats=3)
