"""The pictures' JavaScript: modules that a page imports as they are; anywidget takes one, so for it they are joined."""

from __future__ import annotations

import re
from importlib.resources import files

MODULES = ("dom.mjs", "timeline.mjs", "lanes.mjs", "grid.mjs", "index.mjs")
"""In the order in which one uses another; a name at the top of a module is used in no other one."""
HOME = "widget.mjs"
IMPORT = re.compile(r'^import .* from "\./[a-z]+\.mjs";\n', re.MULTILINE)


def renderers() -> str:
    """The three kinds without a home, for the panel, which is one."""
    return "\n".join(_alone(name) for name in MODULES)


def source() -> str:
    """All that anywidget needs for a picture in a notebook."""
    return f"{renderers()}\n{_alone(HOME)}"


def _alone(name: str) -> str:
    return IMPORT.sub("", files("labs.pages.pictures").joinpath(name).read_text("utf-8"))
