"""Pictures of the four kinds that more than one lab draws: timeline, lanes, grid, messages; each says itself in words.

Typed data in, plain JSON out; the browser and a notebook draw the same JSON with the same module (labs/pages/pictures).
"""

from __future__ import annotations

from labs.model.digest import Table
from labs.show.pictures.base import FORMAT, About, Mark, PictureError, Span
from labs.show.pictures.grid import Grid
from labs.show.pictures.lanes import Lanes
from labs.show.pictures.messages import Messages
from labs.show.pictures.timeline import Timeline

Picture = Timeline | Lanes | Grid | Messages
KINDS: dict[str, type[Timeline] | type[Lanes] | type[Grid] | type[Messages]] = {
    "timeline": Timeline, "lanes": Lanes, "grid": Grid, "messages": Messages,
}  # fmt: skip

__all__ = [
    "KINDS", "About", "Grid", "Lanes", "Mark", "Messages", "Picture", "PictureError", "Span", "Timeline", "picture",
]  # fmt: skip


def picture(data: Table, name: str = "picture") -> Picture:
    """JSON -> the picture. PictureError says in one line what is wrong with it."""
    if data.get("format") != FORMAT:
        raise PictureError(
            f"{name}: its format is {data.get('format')!r} and this program reads {FORMAT}; make it anew"
        )
    if data.get("kind") not in KINDS:
        raise PictureError(f"{name}: there is no kind {data.get('kind')!r}; take one of {', '.join(KINDS)}")
    try:
        return KINDS[data["kind"]].from_json(data)
    except PictureError as error:
        raise PictureError(f"{name}: {error}") from error
    except KeyError as error:
        raise PictureError(f"{name}: {error.args[0]!r} is missing; see labs/show/pictures/{data['kind']}.py") from error
    except (TypeError, ValueError, AttributeError) as error:
        raise PictureError(f"{name}: it is malformed ({error}); see labs/show/pictures/{data['kind']}.py") from error
