"""The lists of the landing page: what was found, and what is wrong in the article."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from labs.experiments import experiment
from labs.pages.claims import split
from labs.pages.findings import Finding
from labs.pages.links import view_of
from labs.pages.pages import NOT_RECORDED, badge

WRONG = ("never held", "no longer holds")
Entry = Mapping[str, Any]


def errors(entries: Sequence[Entry]) -> str:
    """What was found wrong in the article: every claim that never held or no longer holds, with the sentence why."""
    wrong = [entry for word in WRONG for entry in entries if entry["word"] == word]
    if not wrong:
        return '<p class="lab-note">Nothing has been found wrong yet: no recorded run and no document says so.</p>'
    return f'<ul class="findings">{"".join(map(_error, wrong))}</ul>'


def _error(entry: Entry) -> str:
    link = f'<a href="claims.html#{entry["id"].lower()}">{entry["id"]}</a>'
    return (
        f'<li><p>{badge(entry["word"])} <span class="id">{link}</span> {escape(entry["claim"])}</p>'
        f'<p class="why">{escape(split(entry["evidence"])[0])}</p></li>'
    )


def news(found: Sequence[Finding]) -> str:
    """What no one else has shown, each with its number, its condition and a link to the view that shows it."""
    if not found:
        return f'<p class="lab-note">{NOT_RECORDED}</p>'
    return f'<ol class="news">{"".join(map(_news, found))}</ol>'


def _news(one: Finding) -> str:
    address, lab = view_of(one.lab, one.settings), experiment(one.lab)
    more = f'{escape(one.condition)} <a href="{escape(address)}">See it: {escape(lab.title)}</a>'
    said = f'<p>{escape(one.sentence)}</p><p class="news-more">{more}</p>'
    return f'<li><p class="news-number">{escape(one.number)}</p><div>{said}</div></li>'
