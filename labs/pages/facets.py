"""What a reader may filter a long list by: chips and a search box, as HTML.

filter.mjs makes them work; without it they do not show, and the list is complete.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape


@dataclass(frozen=True)
class Facet:
    """One thing to filter by: `texts` says each value in words, `counts` how many items have it."""

    name: str
    label: str
    texts: Mapping[str, str]
    counts: Mapping[str, int]


def slug(text: str) -> str:
    """A value as it stands in an address: `never held` -> `never-held`."""
    return text.replace(" ", "-")


def facets(what: str, by: Sequence[Facet]) -> str:
    """The controls over a list of `what` (claims), whose items say in data-NAME what they are."""
    groups = "".join(map(_group, by))
    search = '<label for="filter-search">Find</label><input type="search" id="filter-search" autocomplete="off">'
    said = '<p class="filter-said"><span role="status"></span> <button type="button" hidden>Show all</button></p>'
    inside = f'{groups}<div class="filter-group">{search}</div>{said}'
    return f'<div class="filters" data-facets="{escape(what)}">{inside}</div>'


def _group(facet: Facet) -> str:
    name = escape(facet.name)
    chips = _chip(name, "", "all", sum(facet.counts.values()))
    chips += "".join(_chip(name, value, text, facet.counts.get(value, 0)) for value, text in facet.texts.items())
    legend = f"<legend>{escape(facet.label)}</legend>"
    return f'<fieldset class="filter-group" data-facet="{name}">{legend}{chips}</fieldset>'


def _chip(name: str, value: str, text: str, count: int) -> str:
    checked = "" if value else " checked"
    button = f'<input type="radio" name="filter-{name}" value="{escape(value)}"{checked}>'
    return f'<label class="filter-chip">{button}<span>{escape(text)} <b>{count}</b></span></label>'
