"""The panel's JavaScript: written in parts, given out as one ES module, which is all that anywidget takes."""

from __future__ import annotations

from importlib.resources import files

from labs.pages.pictures.source import renderers

PARTS = ("panel.mjs", "tables.mjs", "guess.mjs", "pictures.mjs")


def source() -> str:
    """The whole module; its parts share one scope."""
    parts = [files("labs.pages").joinpath(part).read_text("utf-8") for part in PARTS]
    return "\n".join([renderers(), *parts])
