"""The pictures of a page and of a notebook: the frame around one, its JavaScript, and those that the book shows."""

from labs.pages.pictures.frame import frame
from labs.pages.pictures.shown import UnknownPictureError, shown
from labs.pages.pictures.source import source

__all__ = ["UnknownPictureError", "frame", "shown", "source"]
