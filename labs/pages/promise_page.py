"""The page of the promises: their list, how many have which word, and the findings, as HTML that needs no script."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from labs.judge.promise_file import NOT_YET, load
from labs.judge.promises import WORDS
from labs.model import environ
from labs.model.paths import RECORDED
from labs.model.text import BROKER_NAMES, NONE, capital, counted
from labs.pages import older
from labs.pages import promise_words as words
from labs.pages.facets import Facet, slug
from labs.pages.facets import facets as facets_of
from labs.pages.pages import badge, table
from labs.pages.parts import command

Row = Mapping[str, Any]
BROKERS = ("redis", "rabbitmq", "kafka")
GROUPS = {**{broker: BROKER_NAMES[broker] for broker in BROKERS}, "ours": "Our own power cut"}
FIRST = ("broken", "unknown", "kept", "not tested here")
"""Within a group what a reader must know comes first, and of the broken what the makers do not say themselves."""
STANCE_FIRST = ("promised", "both", "silent", "warned", "ours")
SHOWN = ("attempted", "acknowledged", "lost", "duplicated")
"""Counts that each table of attempts has; those that the row names come behind them."""


def recorded_promises(folder: Path | None = None) -> dict[str, Any] | None:
    """The recorded file; None if there is none. Raises RunFileError if it is damaged."""
    path = Path(folder or environ.read("LABS_RUNS") or RECORDED) / "promises.json"
    return load(path) if path.exists() else None


def group(row: Row) -> str:
    """Under which heading it stands."""
    return "ours" if row["stance"] == "ours" else str(row["broker"])


def ordered(rows: Sequence[Row]) -> list[Row]:
    """As a reader wants them within a group; else as in the table."""
    return sorted(rows, key=lambda row: (FIRST.index(row["word"]), STANCE_FIRST.index(row["stance"])))


def counts(content: Mapping[str, Any]) -> str:
    """How many promises have which word, a line a group. A figure leads to its rows."""
    rows = content["rows"]
    lines = []
    for name, label in GROUPS.items():
        here = [row for row in rows if group(row) == name]
        lines.append((name, label, [sum(row["word"] == word for row in here) for word in WORDS], len(here)))
    sums = [sum(line[2][at] for line in lines) for at in range(len(WORDS))]
    body = "".join(_count_line(*line) for line in [*lines, ("", "All", sums, len(rows))])
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in ("About", *WORDS, "all"))
    caption = f"Promises by broker and word, recorded {content['card']['date']}"
    inside = f"<caption>{caption}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody>"
    region = f'class="lab-scroll" role="region" tabindex="0" aria-label="{escape(caption)}"'
    return f'<div {region}><table class="promise-counts">{inside}</table></div>'


def _count_line(name: str, label: str, found: Sequence[int], whole: int) -> str:
    cells = [
        _count(number, _address(broker=name, word=word), f"{label}, {word}")
        for number, word in zip(found, WORDS, strict=True)
    ]
    cells.append(_count(whole, _address(broker=name), f"{label}, all"))
    return f'<tr><th scope="row">{escape(label)}</th>{"".join(cells)}</tr>'


def _count(number: int, address: str, told: str) -> str:
    link = f'<a href="{escape(address)}" aria-label="{number}: {escape(told)}">{number}</a>' if number else NONE
    return f'<td class="num">{link}</td>'


def _address(**choice: str) -> str:
    """Without a script it leads to the whole list. Not behind the #: the theme takes that for the name of a place."""
    chosen = "&".join(f"{name}={slug(value)}" for name, value in choice.items() if value)
    return f"?{chosen}#all-promises" if chosen else "#all-promises"


def listed(content: Mapping[str, Any]) -> dict[str, str]:
    """Heading -> the list of its promises."""
    found = {}
    for name, label in GROUPS.items():
        rows = ordered([row for row in content["rows"] if group(row) == name])
        if rows:
            found[label] = f'<ul class="claims promises">{"".join(map(_item, rows))}</ul>'
    return found


def facets(content: Mapping[str, Any]) -> str:
    """What a reader may filter by, and how many promises are so."""
    groups, found = Counter(map(group, content["rows"])), Counter(slug(row["word"]) for row in content["rows"])
    by = [Facet("broker", "Broker", GROUPS, groups)]
    by.append(Facet("word", "Outcome", {slug(word): word for word in WORDS}, found))
    return facets_of("promises", by)


def _item(row: Row) -> str:
    name = row["id"].lower()
    link = f'<a class="promise-link" href="#{name}" aria-label="Link to promise {row["id"]}">{row["id"]}</a>'
    data = f'data-item data-broker="{group(row)}" data-word="{slug(row["word"])}"'
    said = f'<p class="promise-said">{escape(words.sentence(row))}</p>'
    head = f'<p>{escape(row["guarantee"])}</p><p class="meta">{badge(row["word"])} {words.STANCES[row["stance"]]}.</p>'
    remark = f'<p class="promise-said">{escape(row["remark"])}</p>' if row.get("remark") else ""
    fold = f"<details><summary>How it was attacked, evidence and sources of {row['id']}</summary>{_more(row)}</details>"
    return f'<li id="{name}" {data}><span class="id">{link}</span><div>{head}{said}{remark}{fold}</div></li>'


def _more(row: Row) -> str:
    parts = [f"<p><strong>Attack.</strong> {escape(row['attack'])}</p>"] if row["attack"] else []
    parts.append(f"<p><strong>Expected.</strong> {escape(words.expectation(row))}</p>")
    parts.append(f"<p><strong>{words.STANCES[row['stance']]}.</strong></p>{sources(row)}")
    if row["outcomes"]:
        parts.append(_attempts(row))
        parts.append(f"<p><strong>Measured.</strong> {escape(words.where(row))}</p>")
    if not row["not_here"]:
        parts.append(command(f"labs promises {row['id']}"))
    return "".join(parts)


def sources(row: Row) -> str:
    """Each document as a link that opens at the words that decide, and these."""
    links = ((f'<a href="{escape(one["url"])}">{escape(one["title"])}</a>', one) for one in row["sources"])
    items = (f"<li>{link}: “{escape(one['says'])}” (read {one['read']})</li>" for link, one in links)
    return f'<ul class="promise-sources">{"".join(items)}</ul>'


def _attempts(row: Row) -> str:
    """A line an attempt: what was counted with the fault, and in its control."""
    named = [name for name in (*row["promise"], *row["ranges"]) if name not in SHOWN]
    names = [*SHOWN, *dict.fromkeys(named)]
    heads = [capital(name.replace("_", " ")) for name in names]
    lines = [
        [f"{number}: {one['verdict']}", *(_pair(one, name) for name in names), words.evidence(one)]
        for number, one in enumerate(row["outcomes"], 1)
    ]
    caption = f"The attempts on {row['id']}: counts with the fault, in brackets those of the control"
    return table(("Attempt", *heads, "Evidence"), lines, caption)


def _pair(one: Mapping[str, Any], name: str) -> str:
    shown = [NONE if found.get(name) is None else f"{found[name]:,}" for found in (one["counts"], one["control"])]
    return f"{shown[0]} ({shown[1]})"


def summary(content: Mapping[str, Any]) -> str:
    """One line: how many promises there are, were attacked, and came out how."""
    rows = content["rows"]
    ran = [row for row in rows if row["outcomes"]]
    tries = sum(len(row["outcomes"]) for row in ran)
    by = {word: sum(row["word"] == word for row in ran) for word in ("kept", "broken", "unknown")}
    told = ", ".join(f"{number} {word}" for word, number in by.items() if number)
    done = f"of which {len(ran)} were attacked in {counted(tries, 'attempt')}: {told}."
    late = sum(row["not_run"] == NOT_YET for row in rows)
    rest = len(rows) - len(ran) - late
    why = [f"{rest} for a reason that each gives"] if rest else []
    why += [f"{late} because the recording has not come to {'it' if late == 1 else 'them'}"] if late else []
    not_run = f" {rest + late} {'is' if rest + late == 1 else 'are'} not tested here: {', '.join(why)}." if why else ""
    return f"{counted(len(rows), 'promise')}, {done}{not_run}"


def older_than(content: Mapping[str, Any]) -> str:
    """That servers were recorded which are older than those that compose starts; empty if none was."""
    return older.line((row["broker"], row["version"]) for row in content["rows"] if row["outcomes"])
