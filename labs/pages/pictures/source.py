"""The pictures' JavaScript: modules that a page imports as they are; anywidget takes one, so for it they are joined."""

from __future__ import annotations

import re
from importlib.resources import files

MODULES = ("dom.mjs", "timeline.mjs", "lanes.mjs", "grid.mjs", "index.mjs")
"""In the order in which one uses another; a name at the top of a module is used in no other one."""
IMPORT = re.compile(r'^import .* from "\./[a-z]+\.mjs";\n', re.MULTILINE)


def source() -> str:
    """All modules as one, without the imports between them."""
    return "\n".join(IMPORT.sub("", files("labs.pages.pictures").joinpath(name).read_text("utf-8")) for name in MODULES)
