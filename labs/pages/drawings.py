"""Drawings by hand: one SVG a file in book/drawings, put into the page so that it follows the theme."""

from __future__ import annotations

import re
from html import escape
from pathlib import Path
from xml.etree import ElementTree

from labs.model.paths import PROJECT

FOLDER = PROJECT / "book" / "drawings"
SVG = "{http://www.w3.org/2000/svg}"
PAINT = ("fill", "stroke")
ALLOWED = re.compile(r"none|var\(--[a-z-]+\)")
TAGS = frozenset(("svg", "title", "desc", "g", "path", "rect", "circle", "ellipse", "line", "text", "tspan"))
PLACES = ("viewBox", "d", "x", "y", "width", "height", "cx", "cy", "r", "rx", "ry", "x1", "y1", "x2", "y2", "dx", "dy")
LINES = ("fill", "stroke", "stroke-width", "stroke-dasharray", "stroke-linecap", "stroke-linejoin")
NAMES = frozenset((*PLACES, *LINES, "transform", "class", "style", "text-anchor", "font-weight"))
MOVES = re.compile(r"offset-path: ?path\('[MLHVCQSTAZmlhvcqstaz0-9 ,.-]+'\)(; ?--(wait|still): ?[\d.]+(s|%))*;?")


class DrawingError(ValueError):
    """A drawing that a page cannot take; the message names the file and what to change."""


def drawing(name: str, folder: Path = FOLDER) -> str:
    """The drawing as HTML, named and described for a screen reader. DrawingError says what is wrong with it."""
    path = folder / f"{name}.svg"
    if not path.exists():
        raise DrawingError(f"there is no drawing {path.name} in book/drawings")
    try:
        root = ElementTree.fromstring(path.read_text("utf-8"))  # noqa: S314 - our own file, and no entity survives the check
    except ElementTree.ParseError as error:
        raise DrawingError(f"{path.name} is no XML: {error}") from error
    _check(root, path.name)
    words = [root.findtext(f"{SVG}{part}", "").strip() for part in ("title", "desc")]
    ids = [f"drawing-{name}-{part}" for part in ("name", "more")]
    body = "".join(_inside(child) for child in root if child.tag not in (f"{SVG}title", f"{SVG}desc"))
    head = f'<title id="{ids[0]}">{escape(words[0])}</title><desc id="{ids[1]}">{escape(words[1])}</desc>'
    box = escape(root.get("viewBox", ""))
    return f'<svg viewBox="{box}" role="img" aria-labelledby="{" ".join(ids)}">{head}{body}</svg>'


def _inside(element: ElementTree.Element) -> str:
    text = ElementTree.tostring(element, encoding="unicode")
    return re.sub(r"</?ns0:", lambda m: m[0].replace("ns0:", ""), text).replace(
        ' xmlns:ns0="http://www.w3.org/2000/svg"', ""
    )


def _check(root: ElementTree.Element, file: str) -> None:
    if root.tag != f"{SVG}svg" or not root.get("viewBox"):
        raise DrawingError(f"{file} must be an svg with a viewBox")
    for part in ("title", "desc"):
        if not root.findtext(f"{SVG}{part}", "").strip():
            raise DrawingError(f"{file} has no <{part}>: say what a reader sees who does not see it")
    for element in root.iter():
        tag = element.tag.removeprefix(SVG)
        if tag not in TAGS:
            raise DrawingError(f"{file} has a <{tag}>: a drawing is made of {', '.join(sorted(TAGS))}")
        for name, value in element.attrib.items():
            _attribute(name, value, f"{file}, <{tag}>")


def _attribute(name: str, value: str, where: str) -> None:
    if name not in NAMES:
        raise DrawingError(f"{where} has {name}=: a drawing needs none")
    if name in PAINT and not ALLOWED.fullmatch(value):
        raise DrawingError(f"{where}: {name} is {value!r}; take a colour of look.css, such as var(--ink), or none")
    if name == "style" and not MOVES.fullmatch(value):
        raise DrawingError(
            f"{where}: style may hold only a way, \"offset-path: path('M0 0H9'); --wait: 1s; --still: 50%\""
        )
