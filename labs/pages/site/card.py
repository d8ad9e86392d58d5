"""The picture that a chat shows beside a link: a square for each claim, coloured and signed by its verdict, as PNG.

No library draws it: a PNG is a header, lines of bytes and a checksum, and the site needs nothing more for it.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Sequence
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

SIZE = 1200, 630
"""What the large cards of chats and networks take without cutting."""
TILE, GAP, COLUMNS, FINER = 72, 14, 13, 4
FAINT = 0.16
"""How much of its colour is left of a claim that the page is not about."""
INKS = {
    "holds": "holds", "holds with conditions": "conditions", "no longer holds": "no-longer", "never held": "never",
}  # fmt: skip
"""Verdict -> the name of its colour in look.css; every other word has that of `undecided`."""
Pixels = NDArray[np.float64]


def card(claims: Sequence[tuple[str, bool]]) -> bytes:
    """The PNG of these (word, whether the page is about it), in their order."""
    width, height = SIZE
    picture = np.full((height, width, 3), _colour("paper"))
    rows = -(-len(claims) // COLUMNS)
    left = (width - COLUMNS * (TILE + GAP) + GAP) // 2
    top = (height - rows * (TILE + GAP) + GAP) // 2
    for at, (word, told) in enumerate(claims):
        x, y = left + at % COLUMNS * (TILE + GAP), top + at // COLUMNS * (TILE + GAP)
        picture[y : y + TILE, x : x + TILE] = tile(word, told)
    return _png(picture.round().astype(np.uint8))


@cache
def tile(word: str, told: bool) -> Pixels:
    """One square: the verdict's colour, and its sign in the colour of the paper."""
    paper, colour = _colour("paper"), _colour(INKS.get(word, "undecided"))
    ink = colour if told else FAINT * colour + (1 - FAINT) * paper
    size = TILE * FINER
    y, x = (np.mgrid[:size, :size] + 0.5) / size * 2 - 1
    share = _sign(word, x, y).reshape(TILE, FINER, TILE, FINER).mean(axis=(1, 3))[..., None]
    blended: Pixels = share * paper + (1 - share) * ink
    return blended


def _sign(word: str, x: Pixels, y: Pixels) -> Pixels:
    """Where the sign of a verdict is, of a square from -1 to 1: it says without colour what the colour says."""
    far = np.hypot(x, y)
    ring = (far < 0.5) & (far > 0.36)
    hands = ((np.abs(x) < 0.07) & (y < 0.07) & (far < 0.5)) | ((np.abs(y) < 0.07) & (x > 0) & (x < 0.3))
    shapes = {
        "holds": far < 0.5,
        "holds with conditions": ring | ((far < 0.5) & (x < 0)),
        "no longer holds": ring | hands,
        "never held": (np.abs(np.abs(x) - np.abs(y)) < 0.13) & (np.maximum(np.abs(x), np.abs(y)) < 0.45),
        "cannot be checked": ring | ((np.abs(y) < 0.07) & (far < 0.5)),
    }  # fmt: skip
    share: Pixels = shapes.get(word, ring).astype(np.float64)
    return share


@cache
def _colour(name: str) -> Pixels:
    """A colour of the light theme, from the one stylesheet that has them."""
    look = files("labs.show").joinpath("look.css").read_text("utf-8")
    found = re.search(rf"--{name}: #([0-9a-f]{{6}});", look)
    if found is None:
        raise ValueError(f"look.css has no colour --{name}")
    return np.array([int(found[1][at : at + 2], 16) for at in (0, 2, 4)], dtype=np.float64)


def _png(pixels: NDArray[np.uint8]) -> bytes:
    height, width, _ = pixels.shape
    lines = b"".join(b"\0" + line.tobytes() for line in pixels)
    parts = {
        b"IHDR": struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0),
        b"IDAT": zlib.compress(lines),
        b"IEND": b"",
    }
    chunks = (
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in parts.items()
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)
