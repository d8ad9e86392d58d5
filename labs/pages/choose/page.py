"""The page Choose as HTML that needs no script: the twelve cases in full, the article beside them, demands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from html import escape
from typing import Any

from labs.model.text import capital
from labs.pages.choose import compared, turning
from labs.pages.choose.bill import said
from labs.pages.choose.engine import Ranked, Reason, advice, answered, rank
from labs.pages.choose.model import JUDGED, OPEN, model, recorded_days
from labs.pages.choose.words import HOW, PLACE, WORDS, address, answer_said, by_id, parting, sides, turns_said
from labs.pages.pages import table

SHOWN = 3
"""So many of the ranking are told in full; the others with what speaks most against them."""
Model = Mapping[str, Any]


@cache
def known() -> dict[str, Any]:
    """The model, made once a build, with the words that the page's script shares."""
    return model() | {"words": WORDS, "how": HOW, "open": OPEN, "judged": JUDGED, "recorded": recorded_days()}


def app() -> str:
    """The place of the questions; without a script it says where to read on."""
    inside = "<noscript><p>The questions need JavaScript. Twelve answered cases follow, in full.</p></noscript>"
    return f'<div class="choose lab-wide" id="{PLACE}" data-choose="_static/choose.json">{inside}</div>'


def scenarios() -> str:
    """Every case: its answers, the ranking with reasons, what would change it, the bill, the article."""
    return "".join(_scenario(known(), one) for one in known()["scenarios"])


def _scenario(of: Model, one: Mapping[str, Any]) -> str:
    ranked = rank(of, one["answers"])
    names = first_of(of, ranked)
    head = (
        f"<summary>{escape(one['name'])}: {' or '.join(f'<strong>{escape(name)}</strong>' for name in names)}</summary>"
    )
    inside = "".join([
        f"<p>{escape(one['text'])}</p>",
        f"<p><strong>Asked:</strong> {escape(_asked(of, one['answers']))}. ",
        f'<a href="choose.html{escape(address(one["answers"]))}">Open it with these answers</a></p>',
        result(of, ranked, one["answers"]),
    ])  # fmt: skip
    return f'<details class="choose-case" id="case-{escape(one["id"])}">{head}{inside}</details>'


def first_of(of: Model, ranked: Sequence[Ranked]) -> list[str]:
    """The name of the first, or of all that are too close to it to tell."""
    return [by_id(of["configurations"], one.id)["short"] for one in ranked if one.close or one is ranked[0]]


def _close(of: Model, ranked: Sequence[Ranked]) -> str:
    """Between which the points do not tell, in what they differ, and which of them were never run here as a whole."""
    found = [one for one in ranked if one.close]
    if not found:
        return ""
    names = [by_id(of["configurations"], one.id)["short"] for one in found]
    never = [name for name, one in zip(names, found, strict=True) if one.untried]
    parts = "".join(f"<li>{escape(capital(one))}</li>" for one in parting(of, found))
    apart = f"<p>{WORDS['together']}</p><ul>{parts}</ul>" if parts else f"<p>{WORDS['alike']}</p>"
    untried = f"<p>{escape(capital(WORDS['untried']))}: {escape(', '.join(never))}.</p>" if never else ""
    return f"<p><strong>{WORDS['close']}:</strong> {escape('; '.join(names))}.</p>{apart}{untried}"


def _asked(of: Model, answers: Mapping[str, Any]) -> str:
    told = [answer_said(by_id(of["questions"], name), value) for name, value in answers.items()]
    return "; ".join(told)


def result(of: Model, ranked: Sequence[Ranked], answers: Mapping[str, Any]) -> str:
    """The ranking and all that hangs on it."""
    possible = [one for one in ranked if not one.out]
    told = _numbered([_ranked(of, one) for one in possible[:SHOWN]], sum(one.close for one in possible))
    rest = "".join(f"<li>{_briefly(of, one)}</li>" for one in possible[SHOWN:])
    after = f'<ol start="{SHOWN + 1}">{rest}</ol>' if rest else ""
    out = "".join(f"<li>{_ruled_out(of, one)}</li>" for one in ranked if one.out)
    gone = f"<p><strong>{WORDS['out']}</strong></p><ul>{out}</ul>" if out else ""
    first = by_id(of["configurations"], ranked[0].id)
    parts = (_close(of, ranked), told, after, gone, turned(of, answers), costs(of, possible or ranked[:1], answers))
    return "".join([*parts, advised(of, first, answers)])


def _numbered(items: Sequence[str], close: int) -> str:
    """In their order; those that are too close to tell have no number."""
    alike, after = ("".join(f"<li>{one}</li>" for one in some) for some in (items[:close], items[close:]))
    ordered = f'<ol start="{close + 1}">{after}</ol>' if after else ""
    return f"<ul>{alike}</ul>{ordered}" if alike else ordered


def _ranked(of: Model, one: Ranked) -> str:
    name = escape(by_id(of["configurations"], one.id)["name"])
    pro, con = sides(one)
    untested = f"<p>{WORDS['untested']}.</p>" if one.untested else ""
    against = _list(WORDS["against"], con) if con else f"<p>{WORDS['none_against']}</p>"
    return f"<p><strong>{name}</strong> {_points(one)}</p>{untested}{_list(WORDS['for'], pro)}{against}"


def _points(one: Ranked) -> str:
    return f'<span class="choose-points">{said(one.points)} {WORDS["points"]}</span>'


def _list(head: str, reasons: Sequence[Reason]) -> str:
    items = "".join(f"<li>{told(one)}</li>" for one in reasons)
    return f'<p class="choose-head">{head}</p><ul class="choose-reasons">{items}</ul>' if items else ""


def told(one: Reason) -> str:
    """A reason: what it is about, the sentence, on what it rests, and the links."""
    links = "; ".join(f'<a href="{escape(each["href"])}">{escape(each["text"])}</a>' for each in one.links)
    points = f' <span class="choose-points">{said(one.points)}</span>' if one.points else ""
    rests = f'<span class="choose-how" data-how="{escape(one.how)}">{escape(one.how)}</span>'
    return f"<em>{escape(capital(one.name))}</em>{points}: {escape(one.text)} {rests} {links}".rstrip()


def _briefly(of: Model, one: Ranked) -> str:
    """A configuration further down, with what speaks most against it."""
    most = sides(one)[1][:1]
    why = f": {escape(most[0].name)}. {escape(most[0].text)}" if most else ""
    untested = f" ({WORDS['untested'].partition(':')[0].lower()})" if one.untested else ""
    return f"{escape(by_id(of['configurations'], one.id)['short'])} {_points(one)}{untested}{why}"


def _ruled_out(of: Model, one: Ranked) -> str:
    first = next(each for each in one.reasons if each.out)
    return f"<strong>{escape(by_id(of['configurations'], one.id)['short'])}</strong>. {told(first)}"


def turned(of: Model, given: Mapping[str, Any]) -> str:
    """The nearest changes that give another answer."""
    items = "".join(f"<li>{escape(when)}: {escape(first)}</li>" for when, first in turns_said(of, given))
    inside = f'<ul class="choose-turns">{items}</ul>' if items else f"<p>{WORDS['no_turn']}</p>"
    return f'<p class="choose-head">{WORDS["turns"]}</p>{inside}'


def costs(of: Model, ranked: Sequence[Ranked], given: Mapping[str, Any]) -> str:
    """Disk, memory and what is left to build, of the first few, by these answers."""
    answers, shown = answered(of, given), ranked[:SHOWN]
    found = compared.rows([by_id(of["configurations"], one.id) for one in shown], answers)
    cells = [[one["name"], one["written"], one["kept"], one["sent"]] for one in found]
    day = compared.day_said(by_id(of["configurations"], shown[0].id), answers)
    notes = "".join(f"<li>{_counted(one)}</li>" for one in found if one["notes"])
    about = f"<p>{WORDS['bill_has']} {WORDS['bill_lacks']}</p>"
    beside = table(compared.heads(answers), cells, WORDS["bill"])
    build = "".join(f"<li><strong>{escape(one['name'])}:</strong> {escape(one['build'])}</li>" for one in found)
    left = f'<p class="choose-head">{WORDS["build"]}</p><ul>{build}</ul>'
    return f'<p class="choose-head">{WORDS["bill"]}</p><p>{escape(day)}</p>{beside}<ul>{notes}</ul>{about}{left}'


def _counted(one: Mapping[str, Any]) -> str:
    """How the figures of a row were made, with the run."""
    source = f' <a href="{escape(one["source"])}">{WORDS["source"]}</a>' if one["source"] else ""
    return f"{escape(one['name'])}: {escape('. '.join(one['notes']))}.{source}"


def advised(of: Model, first: Mapping[str, Any], given: Mapping[str, Any]) -> str:
    """What the article would say, and whether that agrees."""
    found = advice(of, given)
    if found is None:
        return f"<p><strong>{WORDS['article']}:</strong> {WORDS['silent']}</p>"
    word = WORDS["agrees" if first["broker"] in found["brokers"] else "differs"]
    link = found["links"][0]
    said_of = f'{escape(found["say"])} (<a href="{escape(link["href"])}">{escape(link["text"])}</a>)'
    return f"<p><strong>{WORDS['article']}:</strong> {said_of}. {word}</p>"


def beside_the_article() -> str:
    """A table: each case, the article's advice, ours, and whether they agree."""
    of, rows = known(), []
    for one in of["scenarios"]:
        ranked, found = rank(of, one["answers"]), advice(of, one["answers"])
        first, said_there = by_id(of["configurations"], ranked[0].id), found["say"] if found else "no advice"
        word = "–" if found is None else "yes" if first["broker"] in found["brokers"] else "no"
        rows.append([one["name"], said_there, " or ".join(first_of(of, ranked)), word])
    return table(("Case", "The article", "By these rules", "Agree?"), rows, "The article’s advice in twelve cases")


def winning() -> str:
    """For each configuration demands by which it is first, with a link to them."""
    of, items = known(), []
    for one in of["configurations"]:
        found = turning.demands(of, one["id"])
        if found is None:
            items.append(
                f"<li><strong>{escape(one['short'])}</strong>: no demands were found by which it is first.</li>"
            )
            continue
        link = f'<a href="choose.html{escape(address(found))}">see why</a>'
        items.append(f"<li><strong>{escape(one['short'])}</strong>: {escape(_asked(of, found))}; {link}</li>")
    return f'<ul class="choose-wins">{"".join(items)}</ul>'


def weights() -> str:
    """What each need weighs, and whether it must be."""
    of = known()
    groups = {one["id"]: one["name"] for one in of["groups"]}
    rows = [
        [one["name"], groups[one["group"]], f"{one['weight']}", "yes" if one["hard"] else "no"] for one in of["needs"]
    ]
    return table(("Need", "Slider", "Points if all of it is missing", "Rules out"), rows, "All needs and their weights")
