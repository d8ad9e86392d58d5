"""The book's directives and roles. They only place what labs.pages and labs.pages.claims give them.

{lab-panel} latency-ladder    the panel, replaying the recorded runs
{run}`latency-ladder kafka rung=2 rate=1000 p99`    a figure from a recorded run, linked to the view that shows it
{when-recorded} latency-ladder    its content if that is recorded; :has: names a figure that an older recording may lack
{bench-picture}, {bench-table}, {bench}`kafka-produce ratio`    what `make bench` saved
{run}`loss-matrix redis-list-everysec power lost`    what a point of another lab may be asked for: labs/show/looks
"""

from __future__ import annotations

import json
import shutil
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective, SphinxRole

from labs.experiments import experiment
from labs.model.paths import PROJECT
from labs.pages import bench_page, claims, course, pages
from labs.pages.bundle import JS
from labs.pages.glue import NOT_YET, is_known, number
from labs.pages.links import view_of_run
from labs.pages.recordings import recorded
from labs.pages.state import recorded_state

PAGES = {lab: f"{stem}.html" for lab, stem in course.panels().items()}
LABS = PROJECT / "labs"
SHOW = "Show it in the panel"
LINE = 30
"""Longer than that a figure is a phrase, which may break."""
SERVED = (
    LABS / "show" / "look.css",
    *(LABS / "pages" / name for name in ("panel.css", "charts.css", "routing.css")),
    *(LABS / "pages" / name for name in ("pictures/pictures.css", "choose/choose.css")),
)


@cache
def entries() -> list[dict[str, Any]]:
    """The claim board, judged once a build: nearly every page has something of it."""
    return claims.board()


@cache
def state_of(lab: str) -> dict[str, Any]:
    """What a lab's panel has to draw, made once a build."""
    return recorded_state(experiment(lab))


def _raw(html: str) -> list[nodes.Node]:
    return [nodes.raw("", html, format="html")]


class LabPanel(SphinxDirective):
    """The panel of a lab, and without JavaScript its recorded medians; `:compact:` its first chart alone,
    `:after-guess:` its picture waits for the guess of the page."""

    required_arguments = 1
    option_spec: ClassVar[dict[str, Any]] = {"compact": directives.flag, "after-guess": directives.flag}

    def run(self) -> list[nodes.Node]:
        state = state_of(self.arguments[0])
        name = f"{self.arguments[0]}.json"
        stage = _stage(self.env.app) / "panels"
        stage.mkdir(parents=True, exist_ok=True)
        (stage / name).write_text(json.dumps(state, ensure_ascii=False, separators=(",", ":")), "utf-8")
        given = {"compact": "compact" in self.options, "after_guess": "after-guess" in self.options}
        found = _raw(pages.panel(state, f"_static/panels/{name}", **given))
        found[0]["lab"] = self.arguments[0]
        return found


class WhenRecorded(SphinxDirective):
    """Its content if the lab is recorded (or, with :not:, if it is not).

    With :has: only if each figure that stands there, asked as {run} would ask it, commas between, is known.
    """

    required_arguments = 1
    has_content = True
    option_spec: ClassVar[dict[str, Any]] = {"not": directives.flag, "has": directives.unchanged_required}

    def run(self) -> list[nodes.Node]:
        file = recorded(self.arguments[0])
        there = bool(file and file.digests)
        if there and "has" in self.options:
            figures = str(self.options["has"]).split(",")
            there = all(is_known(f"{self.arguments[0]} {figure.strip()}") for figure in figures)
        if there == ("not" in self.options):
            return []
        box = nodes.container()
        self.state.nested_parse(self.content, self.content_offset, box)
        return list(box.children)


class Bench(SphinxDirective):
    """The saved benchmark, as its table or as the picture of the article's figures."""

    def run(self) -> list[nodes.Node]:
        content = bench_page.recorded_bench()
        if content is None:
            return _raw(f'<p class="lab-note">{pages.NOT_RECORDED}</p>')
        show = bench_page.bench_table if self.name == "bench-table" else bench_page.article_picture
        return _raw(show(content))


class RunNumber(SphinxRole):
    """A figure from a recorded run or from the saved benchmark, in the text; that of a run links to its view."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        try:
            text = (bench_page.number if self.name == "bench" else number)(self.text)
        except (ValueError, KeyError, IndexError) as error:
            message = self.inliner.reporter.error(f"{self.rawtext}: {error}", line=self.lineno)
            return [self.inliner.problematic(self.rawtext, self.rawtext, message)], [message]
        classes = ["run-number" if text != NOT_YET else "run-missing"] + ["run-words"] * (len(text) > LINE)
        view = view_of_run(self.text) if self.name == "run" and text != NOT_YET else ""
        if not view:
            return [nodes.inline("", text, classes=classes)], []
        return [nodes.reference("", text, refuri=view, reftitle=SHOW, classes=[*classes, "run-view"])], []


def _no_link_in_a_link(_app: Sphinx, doctree: nodes.document) -> None:
    """A figure in a heading or in the text of another link is text."""
    for link in list(doctree.findall(nodes.reference)):
        above = link.parent
        while above is not None and not isinstance(above, nodes.title | nodes.reference):
            above = above.parent
        if above is not None and "run-view" in link["classes"]:
            link.replace_self(nodes.inline("", link.astext(), classes=link["classes"][:-1]))


def _stage(app: Sphinx) -> Path:
    return Path(app.outdir).parent / "panel-static"


def _serve(app: Sphinx, config: Any) -> None:
    """Put the panel's own files, and the states made while reading, where Sphinx picks up static files."""
    entries.cache_clear()
    state_of.cache_clear()
    stage = _stage(app)
    shutil.rmtree(stage, ignore_errors=True)
    shutil.copytree(JS, stage)
    for file in SERVED:
        shutil.copy(file, stage / file.name)
    config.html_static_path.append(str(stage))


def _only_listed(_app: Sphinx, config: Any) -> None:
    """Read the documents of the table of contents and nothing else, whatever the folder is called."""
    config.include_patterns = [f"{name}.*" for name in config.external_site_map]


def setup(app: Sphinx) -> dict[str, Any]:
    """Every page is read anew: what it shows depends on book/runs, which Sphinx does not watch."""
    app.connect("config-inited", _serve)
    app.connect("config-inited", _only_listed, priority=950)  # sphinx-external-toc reads the list at 900
    app.connect("doctree-read", _no_link_in_a_link, priority=400)  # before the headings are listed, at 500
    for name, directive in {
        "lab-panel": LabPanel, "when-recorded": WhenRecorded,
        "bench-table": Bench, "bench-picture": Bench,
    }.items():  # fmt: skip
        app.add_directive(name, directive)
    for name in ("run", "bench"):
        app.add_role(name, RunNumber())
    return {"parallel_read_safe": True, "parallel_write_safe": True}
