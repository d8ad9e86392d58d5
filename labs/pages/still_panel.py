"""A panel in plain HTML, for a notebook that is read where no widget runs: a preview, nbconvert, paper.

It stands in the output under the widget; panel.mjs puts it out of sight as long as it has a picture of its own there.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

from labs.experiments.base import Experiment
from labs.model.digest import Digest
from labs.pages.pages import NOT_RECORDED, SAID, at_default, default_views, table
from labs.pages.state import State, views
from labs.show import Json, flushed
from labs.show.renderers import drawable
from labs.show.still import finding, image

OPEN = 8
"""A table of more rows is folded."""


def shown(experiment: Experiment, state: State, digests: Sequence[Digest]) -> list[Digest]:
    """Of recorded points those that the panel's controls ask for; of a picture with a row a point, every row."""
    found = default_views(state)
    rows = {name for chart in state["charts"] for name in (chart["rows"], chart["columns"])}
    for control in state["controls"]:
        if control["name"] not in rows and control["kind"] != "steps" and isinstance(control["default"], int | float):
            found = at_default(control, found) or found
    wanted = list(map(id, found))
    keys = {key for key, view in state["views"].items() if id(view) in wanted}
    return [digest for digest in digests if experiment.look.key(digest.settings) in keys]


def bundle(experiment: Experiment, digests: Sequence[Digest], origin: str, name: str) -> dict[str, Any]:
    """The output of these points, as HTML and as plain text; `name` is what the widget's module finds it by."""
    opening = f'<div class="labs-still" data-labs-still="{escape(name)}">'
    if not digests:
        return {"text/html": f"{opening}<p>{NOT_RECORDED}</p></div>", "text/plain": f"{experiment.title}: no run yet."}
    found = list(views(experiment, digests, origin).values())
    rows = [row for view in found for row in view["rows"]]
    caption = f"{experiment.title}: {flushed.caption(experiment.look.caption, digests)}, {origin}"
    title, picture = _picture(experiment, digests)
    said = [view["sentence"] for view in found] if len(found) <= SAID else [f"{title}."]
    said += [f"What it said last: {view['last_words']}" for view in found if view.get("last_words")]
    told = table(experiment.look.columns, rows, caption)
    if len(rows) > OPEN:
        told = f"<details><summary>Data: {len(rows)} rows</summary>{told}</details>"
    words = "".join(f"<p>{escape(line)}</p>" for line in said)
    plain = "\n".join([caption, *said, " | ".join(experiment.look.columns), *(" | ".join(row) for row in rows)])
    return {"text/html": f"{opening}{picture}{words}{told}</div>", "text/plain": plain}


def _picture(experiment: Experiment, digests: Sequence[Digest]) -> tuple[str, str]:
    """What the lab's first picture finds, and the picture; that of a timeline or of lanes needs a script."""
    chart = next((chart.name for chart in experiment.look.charts if drawable(chart)), None)
    try:
        if chart is None:
            return experiment.look.finding(digests), ""
        figure: Json = experiment.figure(chart, digests).to_plotly_json()
        return finding(figure), f"<p>{image(figure)}</p>"
    except Exception as error:  # what was measured is worth more than its picture
        return f"The picture could not be drawn ({error})", ""
