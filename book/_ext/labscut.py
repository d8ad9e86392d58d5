"""What the slides of a page are: pieces of its tree, each with a heading and small enough for one screen."""

from __future__ import annotations

import re

from docutils import nodes
from labsbook import _raw
from labsparts import quiz_begins

from labs.experiments import experiment

CUTS = {"key-points": "Key points", "quiz-part": "", "guess-part": "Your guess"}
"""A part of a page -> the heading of its slide; the other cuts bring their own, a quiz one for each question."""
BARS = 16
"""More than these no room can read; where the panel has other charts, the page alone shows the bars."""
CLAIMS = 3
"""So many stand on a slide."""
Cut = tuple[str, list[nodes.Node]]


def _heading(node: nodes.Element) -> str:
    """Its own, or that of the section that it stands in."""
    if node.get("slide_title"):
        return str(node["slide_title"])
    if "drawing" in node["classes"]:
        return next(iter(re.findall("<title[^>]*>(.*?)</title>", node.children[0].astext())), "A drawing")
    known = [CUTS[name] for name in node["classes"] if name in CUTS]
    above = node.parent.next_node(nodes.title) if isinstance(node.parent, nodes.section) else None
    return known[0] if known else above.astext() if above else ""


def _is_cut(node: nodes.Node) -> bool:
    if isinstance(node, nodes.container):
        return bool({"slide", "drawing", *CUTS} & set(node["classes"]))
    return isinstance(node, nodes.raw) and 'class="lab-panel' in node.astext()


def cut(doctree: nodes.document) -> list[Cut]:
    """(heading, nodes) of each slide: the page's title with its claims, then its parts in their order."""
    title = next(doctree.findall(nodes.title)).astext()
    claims = [node for node in doctree.findall(nodes.raw) if 'class="claim-line"' in node.astext()]
    groups = [claims[at : at + CLAIMS] for at in range(0, len(claims), CLAIMS)] or [[]]
    found: list[Cut] = [(title, [node.deepcopy() for node in group]) for group in groups]
    for node in doctree.findall(_is_cut):
        above = node.parent
        while above is not None and not _is_cut(above):
            above = above.parent
        if above is None:
            found += _pieces(node, _heading(node) or title)
    return found


def _pieces(node: nodes.Element, heading: str) -> list[Cut]:
    """The slides of a part: one for each question of a quiz and each chart of a panel."""
    if "quiz" in node:
        return _questions(node)
    if "lab" in node:
        return _charts(node, heading)
    copy = node.deepcopy()
    for head in list(copy.findall(nodes.rubric)):
        head.parent.remove(head)
    return [(heading, [copy])]


def _charts(panel: nodes.Element, heading: str) -> list[Cut]:
    """The panel once for each of its charts. Two that are to be compared (`bars`) stay on one slide."""
    lab = experiment(panel["lab"])
    charts = [chart for chart in lab.look.charts if chart.page]
    if len(charts) < 2 or any(chart.kind == "bars" for chart in charts):
        return [(heading, [panel.deepcopy()])]
    found: list[Cut] = []
    for at, chart in enumerate(charts, 1):
        if chart.kind == "strips" and len(lab.grid()) > BARS:
            continue
        box = [*_raw(f'<div class="one-chart" data-at="{at}">'), panel.deepcopy(), *_raw("</div>")]
        found.append((f"{heading}: {chart.label[0].lower()}{chart.label[1:]}", box))
    return found


def _questions(box: nodes.Element) -> list[Cut]:
    """A slide for each question of a quiz. A room's answers are not those that the page remembers."""
    ids = list(dict.fromkeys(node["question"] for node in box.children if node.get("question")))
    found: list[Cut] = []
    for at, name in enumerate(ids, 1):
        one = nodes.container("", *quiz_begins(f"{box['quiz']}-{name}"), classes=box["classes"])
        one += [node.deepcopy() for node in box.children[1:] if node.get("question", name) == name]
        found.append((f"Question {at} of {len(ids)}", [one]))
    return found
