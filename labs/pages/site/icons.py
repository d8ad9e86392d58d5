"""The theme's icons as drawings in the page: it names them by classes of an icon font, which weighed 840 kB a page."""

from __future__ import annotations

import re

DRAWN = {
    "angle-left": '<path d="M15 5l-7 7 7 7"/>',
    "angle-right": '<path d="M9 5l7 7-7 7"/>',
    "arrow-up": '<path d="M12 20V5M5 12l7-7 7 7"/>',
    "bars": '<path d="M4 6h16M4 12h16M4 18h16"/>',
    "circle-half-stroke": '<circle cx="12" cy="12" r="9"/><path d="M12 3a9 9 0 0 0 0 18z" fill="currentColor"/>',
    "magnifying-glass": '<circle cx="10.5" cy="10.5" r="6.5"/><path d="M15.5 15.5L21 21"/>',
    "moon": '<path d="M20 14.5A8.5 8.5 0 0 1 9.5 4 8.5 8.5 0 1 0 20 14.5z"/>',
    "sun": '<circle cx="12" cy="12" r="4"/>'
    '<path d="M12 2v3M12 19v3M2 12h3M19 12h3M5 5l2 2M17 17l2 2M5 19l2-2M17 7l2-2"/>',
}
"""Name -> what stands inside a drawing of 24 by 24, in strokes of the text's colour."""
WRITTEN = re.compile(r'<(i|span) class="([^"]*\bfa-solid [^"]*)"([^>]*)></\1>')


def drawn(html: str) -> str:
    """The page with each icon drawn. ValueError names one that nobody has drawn, so that none is missing unseen."""
    return WRITTEN.sub(lambda found: _svg(found[2].split(), found[3]), html)


def _svg(classes: list[str], attributes: str) -> str:
    names = [one.removeprefix("fa-") for one in classes if one.removeprefix("fa-") in DRAWN]
    if len(names) != 1:
        raise ValueError(f"the theme shows an icon {' '.join(classes)!r}: draw it in labs/pages/site/icons.py")
    kept = " ".join(["icon", *(one for one in classes if not one.startswith("fa-") or one == "fa-lg")])
    return f'<svg class="{kept}" aria-hidden="true" viewBox="0 0 24 24"{attributes}>{DRAWN[names[0]]}</svg>'
