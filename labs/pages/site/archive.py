"""The built site as one file to take along: `make zip`."""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path

from labs.model.paths import PROJECT, replacing
from labs.pages.site.address import ARCHIVE, PAPER

HTML = PROJECT / "_build" / "html"
DAY = (2020, 1, 1, 0, 0, 0)
"""Every file has this date, so that the same pages make the same archive."""
READ_ME = """Redis, Kafka or RabbitMQ? The site, to be read without a network.

Open book/index.html: every text, table and recorded figure is there. A browser runs the controls only of pages that
a server has sent. In this folder, with Python 3:

    python3 -m http.server --bind 127.0.0.1 8000

and then open http://127.0.0.1:8000/ in the browser. Nothing is loaded from any other host.
"""


def archive(site: Path, to: Path) -> Path:
    """Write the archive of that site: one folder with a note on how to read it."""
    files = (path for path in sorted(site.rglob("*")) if path.is_file() and path.name not in (ARCHIVE, PAPER))
    top = Path(ARCHIVE).stem
    with replacing(to) as out, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr(_entry(f"{top}/READ-ME.txt"), READ_ME)
        for path in files:
            packed.writestr(_entry(f"{top}/{path.relative_to(site).as_posix()}"), path.read_bytes())
    return to


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, DAY)
    entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
    return entry


def main() -> int:
    """Pack what `make book` has built, and say where it is."""
    if not (HTML / "book" / "index.html").is_file():
        print("There is no site to pack in _build/html: run `make book` first.", file=sys.stderr)
        return 1
    made = archive(HTML, HTML / ARCHIVE if "--inside" in sys.argv else HTML.parent / ARCHIVE)
    print(f"The site is packed in {made.relative_to(PROJECT)}, {made.stat().st_size / 1e6:.1f} MB.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
