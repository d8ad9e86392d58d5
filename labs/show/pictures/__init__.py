"""Pictures of the three kinds that more than one lab draws: timeline, lanes, grid. A picture says itself in words too.

Typed data in, plain JSON out; the browser and a notebook draw the same JSON with the same module (labs/pages/pictures).
"""

from __future__ import annotations

from labs.model.digest import Table
from labs.show.pictures.base import FORMAT, About, Mark, PictureError, Span
from labs.show.pictures.grid import Grid
from labs.show.pictures.lanes import Lanes
from labs.show.pictures.timeline import Timeline

Picture = Timeline | Lanes | Grid
KINDS: dict[str, type[Timeline] | type[Lanes] | type[Grid]] = {"timeline": Timeline, "lanes": Lanes, "grid": Grid}

__all__ = ["KINDS", "About", "Grid", "Lanes", "Mark", "Picture", "PictureError", "Span", "Timeline", "picture"]


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
