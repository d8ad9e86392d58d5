"""`make book`: build the site into _build/html from recorded runs only; every warning is an error."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from labs.places import PROJECT

HTML = PROJECT / "_build" / "html"
JUPYTER_BOOK = "import sys; from jupyter_book.cli.main import main; sys.argv[0] = 'jupyter-book'; main()"


def command(root: Path, out: Path) -> list[str]:
    """The builder, run by this very Python so that no script has to be on the PATH."""
    places = [str(root), "--path-output", str(out)]
    options = ["build", *places, "--toc", str(root / "book" / "_toc.yml"), "-n", "-W", "--keep-going", "--all", "-q"]
    return [sys.executable, "-c", JUPYTER_BOOK, *options]


def build(root: Path = PROJECT, runs: Path | None = None, out: Path = PROJECT) -> int:
    """Build into `out`/_build/html; 0 if it worked. `runs` replaces book/runs (for tests)."""
    settings = {"LABS_MODE": "recorded", "PYDEVD_DISABLE_FILE_VALIDATION": "1"}
    settings |= {"LABS_RUNS": str(runs)} if runs else {}
    return subprocess.run(command(root, out), cwd=root, env=os.environ | settings, check=False).returncode


def main() -> int:
    """Build and say where the site is, or what to look for."""
    code = build()
    if code:
        print("The site was not built: every warning above is an error. Mend it and run `make book` again.")
    else:
        print(f"The site is in {HTML.relative_to(PROJECT)}; `make serve` shows it on loopback.")
    return code


if __name__ == "__main__":
    sys.exit(main())
