"""`make readme`: what README.md shows of the recordings, a picture and the findings, written where they stand in it."""

from __future__ import annotations

import re
import sys
from html import escape
from pathlib import Path

from labs.model.faults import ENDING
from labs.model.paths import PROJECT, write_text
from labs.model.text import BROKER_NAMES, NBSP
from labs.pages.findings import findings
from labs.pages.loss_hero import HEADS, LAB, Row, rows
from labs.pages.recordings import recorded
from labs.show.colours import palette

README, PICTURE = PROJECT / "README.md", PROJECT / "book" / "_static" / "loss-matrix.svg"
BEGIN, END = "<!-- findings: written by `make readme` -->", "<!-- end of findings -->"
LEFT, CELL, ROW, TOP = 360, 104, 24, 34
WIDTH = LEFT + CELL * len(ENDING) + 8
SIGNS = {
    "none lost": ("holds", "●"), "some lost": ("conditions", "◐"), "all lost": ("never", "✕"),
    "mixed": ("undecided", "≈"),
}  # fmt: skip
UNCLEAR = ("undecided", "○")
USED = ("ink", "ink-soft", "paper", "line", "holds", "conditions", "never", "undecided", *BROKER_NAMES)
"""The names of look.css that the picture needs; it carries them itself, since it stands alone."""


def picture(found: list[Row]) -> str:
    """The loss matrix as one SVG, in the colours of the theme that its reader has."""
    parts, y, broker = [_heads()], TOP, ""
    for row in found:
        if row.broker != broker:
            broker, y = row.broker, y + 8
            parts.append(f'<rect x="8" y="{y + 6}" width="10" height="10" rx="2" class="{broker}"/>')
            parts.append(f'<text x="24" y="{y + 16}" class="head">{BROKER_NAMES[broker]}</text>')
        parts.append(f'<text x="104" y="{y + 16}">{escape(row.label)}</text>')
        parts += [_cell(row, fault, LEFT + CELL * at, y) for at, fault in enumerate(ENDING)]
        y += ROW
    words = f"<title>What was lost</title><desc>{escape(_told(found))}</desc>"
    box = f'viewBox="0 0 {WIDTH} {y + 8}" width="{WIDTH}" height="{y + 8}" role="img"'
    inside = f'{words}<style>{_style()}</style><rect width="100%" height="100%" class="paper"/>{"".join(parts)}'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {box}>{inside}</svg>\n'


def _heads() -> str:
    at = (LEFT + CELL * (number + 0.5) for number in range(len(ENDING)))
    return "".join(
        f'<text x="{x:g}" y="22" class="soft" text-anchor="middle">{HEADS[fault]}</text>'
        for x, fault in zip(at, ENDING, strict=True)
    )


def _cell(row: Row, fault: str, x: float, y: float) -> str:
    word = row.squares[fault].word if fault in row.squares else ""
    name, sign = SIGNS.get(word, UNCLEAR)
    box = f'<rect x="{x + 2}" y="{y + 1}" width="{CELL - 4}" height="{ROW - 3}" rx="4" class="{name} cell"/>'
    text = f"{sign} {word or 'not recorded'}"
    return f'{box}<text x="{x + CELL / 2:g}" y="{y + 16}" class="{name}" text-anchor="middle">{escape(text)}</text>'


def _told(found: list[Row]) -> str:
    """The picture in words."""
    return " ".join(f"{one.told}." for row in found for one in row.squares.values())


def _style() -> str:
    light, dark = (
        "".join(f"--{name}:{palette(theme)[name]};" for name in USED if name in palette(theme))
        for theme in ("light", "dark")
    )
    named = "".join(f".{name}{{fill:var(--{name})}}" for name in USED if name in palette())
    return (
        f":root{{{light}}}@media (prefers-color-scheme:dark){{:root{{{dark}}}}}"
        f"text{{font:14px system-ui,sans-serif;fill:var(--ink)}}.soft{{fill:var(--ink-soft)}}{named}"
        ".head{font-weight:650}.cell{fill-opacity:.16;stroke:currentColor;stroke-opacity:.25}"
    )


def listed(folder: Path | None = None) -> str:
    """The findings as a list in Markdown, between the marks."""
    found = [f"- **{one.number}.** {one.sentence} {one.condition}" for one in findings(folder)]
    lines = [line.replace(NBSP, " ") for line in found] or ["Nothing is recorded yet."]
    return "\n".join([BEGIN, *lines, END])


def written(text: str, folder: Path | None = None) -> str:
    """README.md with today's findings. ValueError where the marks are gone."""
    if text.count(BEGIN) != 1 or text.count(END) != 1:
        raise ValueError(f"README.md has to have the lines {BEGIN!r} and {END!r} once each: put them back")
    return re.sub(f"{re.escape(BEGIN)}.*?{re.escape(END)}", lambda _: listed(folder), text, flags=re.DOTALL)


def drawn(folder: Path | None = None) -> str:
    """The picture of the recorded matrix. ValueError if there is none."""
    file = recorded(LAB, folder)
    if file is None:
        raise ValueError(f"{LAB} is not recorded yet: labs record {LAB}")
    return picture(rows(file.digests))


def main() -> int:
    """Write both, and say so."""
    write_text(PICTURE, drawn())
    write_text(README, written(README.read_text("utf-8")))
    print(f"{PICTURE.relative_to(PROJECT)} and the findings in README.md are those of book/runs.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
