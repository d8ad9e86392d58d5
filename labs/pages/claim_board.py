"""The claim board as HTML: the strip of squares, the list with what each claim folds away, and what to filter by."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from labs.experiments import experiment
from labs.pages.article import article
from labs.pages.claims import DECIDED, WORDS, WRITTEN, split
from labs.pages.course import chapters
from labs.pages.facets import Facet, facets, slug
from labs.pages.links import view_of_claim
from labs.pages.pages import badge, items, so_far

Entry = Mapping[str, Any]
BOARD = "claims.html"
SUMMED = {
    "measured": "measured", "documents": "checked in documents", "uncheckable": "that cannot be checked",
    "open": "still open",
}  # fmt: skip
INTRODUCTION = "0"
"""The chapter of a claim that belongs to none."""


def chapter_of() -> dict[str, str]:
    """Claim -> the number of its chapter, as it stands in an address."""
    return {claim: str(one.number) for one in chapters() for claim in one.claims}


def strip(entries: Sequence[Entry], *, linked: bool, of: str = "All claims") -> str:
    """A square a claim, in the article's order, and under it how many have which word. `linked`, each leads to its
    claim on the same page; else the whole is one picture that leads to the board. `of` names the claims."""
    counts = Counter(entry["word"] for entry in entries)
    legend = "".join(_count(word, counts[word]) for word in WORDS if counts[word])
    squares = "".join(_square(entry, linked=linked) for entry in entries)
    if linked:
        row = f'<nav class="strip" aria-label="{escape(of)}">{squares}</nav>'
    else:
        told = ", ".join(f"{counts[word]} {word}" for word in WORDS if counts[word])
        named = f"{len(entries)} claims: {told}. Open the claim board"
        row = f'<a class="strip" href="{BOARD}" aria-label="{escape(named)}">{squares}</a>'
    return f'{row}<ul class="strip-legend">{legend}</ul>'


def summed(entries: Sequence[Entry]) -> str:
    """How many claims there are and how each was decided: 73 claims; 8 measured, 16 checked in documents, ..."""
    counts = Counter(entry["decided"] for entry in entries)
    told = [f"{counts[name]} {said}" for name, said in SUMMED.items() if counts[name]]
    return f"{len(entries)} claims; {', '.join(told)}"


def _square(entry: Entry, *, linked: bool) -> str:
    told = f"{entry['id']} {entry['word']}: {entry['claim']}"
    about = f'class="verdict square" data-word="{escape(entry["word"])}" title="{escape(told)}"'
    if not linked:
        return f"<span {about}></span>"
    return f'<a {about} href="#{entry["id"].lower()}"><span class="parts-hear">{escape(told)}</span></a>'


def _count(word: str, count: int) -> str:
    return f'<li><a href="{BOARD}?word={slug(word)}">{badge(word)} <strong>{count}</strong></a></li>'


def filters(entries: Sequence[Entry]) -> str:
    """Chips by word, by how it was decided and by chapter, and a search box."""
    of = chapter_of()
    parts = {INTRODUCTION: "Introduction"} | {str(one.number): f"{one.number} {one.title}" for one in chapters()}
    words = Counter(slug(entry["word"]) for entry in entries)
    by = [Facet("word", "Verdict", {slug(word): word for word in WORDS if words[slug(word)]}, words)]
    by.append(Facet("decided", "Decided", DECIDED, Counter(entry["decided"] for entry in entries)))
    by.append(Facet("chapter", "Chapter", parts, Counter(of.get(entry["id"], INTRODUCTION) for entry in entries)))
    return facets("claims", by)


def listed(entries: Sequence[Entry]) -> dict[str, str]:
    """Section -> the list of its claims."""
    sections: dict[str, list[str]] = {}
    of = chapter_of()
    for entry in entries:
        item = _item(entry, of.get(entry["id"], INTRODUCTION))
        sections.setdefault(entry["section"], []).append(item)
    return {name: f'<ul class="claims board">{"".join(items)}</ul>' for name, items in sections.items()}


def _item(entry: Entry, chapter: str) -> str:
    name, claim = entry["id"], escape(entry["claim"])
    link = f'<a class="claim-link" href="#{name.lower()}" aria-label="Link to claim {name}">{name}</a>'
    data = f'data-item data-word="{slug(entry["word"])}" data-decided="{entry["decided"]}" data-chapter="{chapter}"'
    quoted = f'<q cite="{escape(article().url)}">{escape(entry["words"])}</q>'
    view = view_of_claim(name) if entry["page"] else ""
    see = f' <a href="{escape(view)}">See it: {escape(experiment(entry["page"]).title)}</a>' if view else ""
    head = f'<p class="board-claim">{claim} <span class="board-words">{quoted}</span></p>'
    said = f'<p class="board-said">{badge(entry["word"])}{so_far(entry)} {escape(_said(entry))}{see}</p>'
    fold = f"<details><summary>Rule, evidence and sources of {name}</summary>{_more(entry)}</details>"
    return f'<li id="{name.lower()}" {data}><span class="id">{link}</span><div>{head}{said}{fold}</div></li>'


def _said(entry: Entry) -> str:
    """The one sentence of its verdict, or what an untested claim waits for."""
    if entry["evidence"]:
        return split(entry["evidence"])[0]
    if entry["policy"] == "by documents":
        return "It waits for two documents that decide it."
    return "No lab is planned." if entry["lab"] == "none" else "Its lab is planned and not written yet."


def _more(entry: Entry) -> str:
    parts = [rule(entry)]
    rest = " ".join(filter(None, (split(entry["evidence"])[1], entry["when"])))
    if rest:
        parts.append(f"<p><strong>Evidence.</strong> {escape(rest)}</p>")
    parts.append(items(entry))
    if entry["read"]:
        read = (
            f'<li><a href="{escape(one["url"])}">{escape(one["title"])}</a>: “{escape(one["says"])}”</li>'
            for one in entry["read"]
        )
        parts.append(f'<p><strong>What decided.</strong></p><ul class="sources">{"".join(read)}</ul>')
    parts.append(f"<p><strong>What documents let us expect.</strong> {escape(entry['expected'])}</p>")
    cited = "".join(f"<li>{_link(one.title, one.url)}</li>" for one in entry["cited"])
    parts.append(f'<p><strong>Sources.</strong></p><ul class="sources">{cited}</ul>')
    return "".join(parts)


def rule(entry: Entry) -> str:
    """By which policy and rule a claim is judged, when the rule was written, and when and why it was changed."""
    by = "" if entry["policy"] == entry["word"] else f", {escape(entry['policy'])}"
    day, _, why = entry["rule_changed"].partition(": ")
    when = f"Written {WRITTEN}; changed {escape(day)}: {escape(why)}" if day else f"Written {WRITTEN}."
    later = f" {escape(entry['later'])}" if entry["later"] else ""
    return f"<p><strong>Rule{by}.</strong> {escape(entry['rule'])} <em>{when}{later}</em></p>"


def _link(title: str, url: str) -> str:
    return f'<a href="{escape(url)}">{escape(title)}</a>' if url else f"{escape(title)} (no public address)"
