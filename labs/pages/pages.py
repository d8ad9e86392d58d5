"""What a page shows without JavaScript, as HTML: the recorded medians, a claim."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from labs.pages.state import State

Entry = Mapping[str, Any]
NOT_RECORDED = "This lab is not recorded yet. Run it live on your machine with <code>make lab</code>."
SAID = 4
"""So many points can be said in sentences; more are a table only."""
AROUND_PX = 160
"""What stands over and under the plots of a panel, about; a page keeps the room until the panel is drawn."""
TABLE_PX = 480
"""What the rows of a picture that is a table take at least: with what stands over them, down to the end of a screen."""

ASKED_PX = 350
"""A panel that only asks at first, because its picture is one of the chosen point."""


def badge(word: str) -> str:
    """A verdict: its word, its colour, its sign."""
    return f'<span class="verdict" data-word="{escape(word)}">{escape(word)}</span>'


def so_far(entry: Entry) -> str:
    """Beside a badge that waits for nothing but rounds: what those that are there agree on."""
    if not entry.get("so_far"):
        return ""
    told = f"seen so far: <strong>{escape(entry['so_far'])}</strong>; the verdict waits for more rounds"
    return f' <span class="so-far">{told}</span>'


def table(columns: Sequence[str], rows: Sequence[Sequence[str]], caption: str) -> str:
    """A table that scrolls sideways and can be reached by keyboard."""
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in columns)
    body = "".join(f"<tr>{_cells(row)}</tr>" for row in rows)
    inside = f"<caption>{escape(caption)}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody>"
    region = f'class="lab-scroll" role="region" tabindex="0" aria-label="{escape(caption)}"'
    return f"<div {region}><table>{inside}</table></div>"


def _cells(row: Sequence[str]) -> str:
    rest = "".join(f'<td class="num">{escape(cell)}</td>' for cell in row[1:])
    return f'<th scope="row">{escape(row[0])}</th>{rest}'


def panel(state: State, address: str, *, compact: bool = False, after_guess: bool = False) -> str:
    """The panel's host on a page; inside it what is read without JavaScript. With a guess it is secret until then.
    `compact`: the first chart alone; `after_guess`: its picture waits for the guess of the page."""
    if not state["views"]:
        return f'<p class="lab-note">{NOT_RECORDED}</p>'
    shown = default_views(state, chosen=False)
    rows = [row for view in shown for row in view["rows"]]
    caption = f"{state['title']}: {state['caption']}, {shown[0]['origin']}"
    said = "".join(f"<p>{escape(view['sentence'])}</p>" for view in shown) if len(shown) <= SAID else ""
    said += "".join(f"<p>{escape(state[name])}</p>" for name in ("company", "older") if state[name])
    noscript = "<noscript><p>The controls need JavaScript. These are the recorded figures.</p></noscript>"
    inside = noscript + said + table(state["columns"], rows, caption)
    if "bars" in shown[0]:
        inside = noscript + "".join(_two_charts(view, folded=bool(state["guess"])) for view in shown)
    secret = " data-secret" if state["guess"] or after_guess else ""
    room = sum(chart["layout"].get("height", 0) for chart in state["charts"] if chart["kind"] == "plot")
    if any(chart["kind"] != "plot" for chart in state["charts"]):
        room = max(room, TABLE_PX)
    asks = state["guess"] and state["charts"][0]["kind"] in ("timeline", "lanes", "plot")
    kept = f' style="--room: {ASKED_PX if asks else (room or TABLE_PX) + AROUND_PX}px"'
    small = " data-compact" * compact + " data-after-guess" * after_guess
    host = f'<div class="lab-panel lab-wide" data-state="{escape(address)}"{small}{kept}>'
    return f'{host}<div class="lab-fallback"{secret}>{inside}</div></div>'


def _two_charts(view: State, *, folded: bool) -> str:
    """The chart that misleads, then what was done and the even one; `folded`, these wait for a click."""
    told, fair = (_bars(view["bars"][chart]) for chart in ("told", "fair"))
    label, said = escape(view["label"]), f"<p>{escape(view['sentence'])}</p>"
    if folded:
        return f"<h3>{label}</h3>{told}<details><summary>What was done to {label}</summary>{said}{fair}</details>"
    return f"<h3>{label}</h3>{told}{said}{fair}"


def _bars(drawn: Mapping[str, Any]) -> str:
    rows = [[row["label"], row["text"], row["note"]] for row in drawn["rows"]]
    return table(("Broker", drawn["unit"], "Small print"), rows, f"{drawn['subtitle']}. {drawn['title']}")


def default_views(state: State, *, chosen: bool = True) -> list[State]:
    """The points at the default of every control, or nearest to it in what is a number; all there is if the lab has no
    controls, if its picture is a table, or if each is a question of its own. Without `chosen` a control that takes
    several values leaves none out."""
    found: list[State] = list(state["views"].values())
    early = any(chart["early"] for chart in state["charts"]) and state["guess"]
    if early or any(chart["rows"] for chart in state["charts"]):
        return found
    for control in state["controls"]:
        if chosen or control["kind"] != "many":
            found = at_default(control, found) or found
    return found


def at_default(control: State, found: Sequence[State]) -> list[State]:
    """Those that are as the control says, or nearest to it in what is a number; all that it does not concern."""
    many, usual, name = control["kind"] == "many", control["default"], control["sets"]
    known = [view for view in found if name in view]
    if many:
        return [view for view in found if view.get(name) in usual or name not in view]
    if known and control["kind"] != "steps" and isinstance(usual, int | float):
        usual = min((view[name] for view in known), key=lambda value: abs(math.log((value or 0.1) / (usual or 0.1))))
    return [view for view in found if view.get(name, usual) == usual]


def claim_line(entry: Entry, words: str = "", view: str = "") -> str:
    """One claim in a line: its id, a few `words` (else all of it), its word; folded, why, by which rule, and a link to
    the `view` of the runs that decide, if there is one."""
    name = escape(entry["id"])
    board = f'<a class="id" href="claims.html#{name.lower()}">{name}</a>'
    said = f'<span class="said">{escape(words or entry["claim"])}</span>'
    why = f'<p class="why">{escape(entry["evidence"]) or "Not tested yet."}{sources(entry)}</p>'
    claim = f"<p>The claim: {escape(entry['claim'])}</p>" if words else ""
    hear = f'<span class="parts-hear">, {name}</span>'
    see = f'<p><a href="{escape(view)}">See the runs behind {name}</a></p>' if view else ""
    fold = f"<details><summary>why{hear}</summary>{claim}{why}{items(entry)}{see}{_rule(entry)}</details>"
    return f'<div class="claim-line">{board} {said} {badge(entry["word"])}{so_far(entry)} {fold}</div>'


def items(entry: Entry) -> str:
    """Evidence that is several things, one under the other, each with what is to be said of it."""
    found = []
    for first, *rest in entry.get("items", ()):
        more = "".join(f'<li class="item">{escape(one)}</li>' for one in rest)
        under = f"<ul>{more}</ul>" if more else ""
        found.append(f'<li class="item">{escape(first)}{under}</li>')
    return f'<ul class="sources">{"".join(found)}</ul>' if found else ""


def _rule(entry: Entry) -> str:
    """By which policy and rule a claim is judged, and when and why the rule was changed."""
    by = "" if entry["policy"] == entry["word"] else f", {escape(entry['policy'])}"
    said = f"<p>How it is judged{by}: {escape(entry['rule'])}</p>"
    if not entry["rule_changed"]:
        return said
    day, _, why = entry["rule_changed"].partition(": ")
    return f"{said}<p>The rule was changed on {escape(day)}. Why: {escape(why)} {escape(entry.get('later', ''))}</p>"


def sources(entry: Entry) -> str:
    """Links to the documents that gave the verdict, each with the words that decide; empty where a run gave it."""
    links = (
        f' <a href="{escape(read["url"])}">{escape(read["title"])}</a>: “{escape(read["says"])}”'
        for read in entry["read"]
    )
    return ";".join(links)
