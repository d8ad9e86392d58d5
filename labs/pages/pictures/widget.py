"""A picture in a notebook: `Drawn(timeline)`. The same module draws it as on a page."""

from __future__ import annotations

from importlib.resources import files

import anywidget
import traitlets

from labs.pages.bundle import JS, bundle
from labs.pages.panel import PLOTLY
from labs.pages.pictures.frame import frame
from labs.show.pictures import Picture


class Drawn(anywidget.AnyWidget):
    """Shows a picture; `repr` is its sentence, which is what a notebook without widgets prints."""

    _esm = bundle(JS / "pictures" / "widget.mjs")
    _css = "".join(
        files(room).joinpath(name).read_text("utf-8")
        for room, name in (("labs.show", "look.css"), ("labs.pages.pictures", "pictures.css"))
    )
    frame = traitlets.Unicode(read_only=True).tag(sync=True)
    data = traitlets.Dict(read_only=True).tag(sync=True)
    plotly = traitlets.Bytes(read_only=True).tag(sync=True)

    @traitlets.default("plotly")
    def _bundle(self) -> bytes:
        return PLOTLY.read_bytes()

    def __init__(self, picture: Picture) -> None:
        self.picture = picture
        super().__init__()
        self.set_trait("frame", frame(picture))
        self.set_trait("data", picture.to_json())

    def __repr__(self) -> str:
        return f"Drawn({self.picture.kind}: {self.picture.sentence})"
