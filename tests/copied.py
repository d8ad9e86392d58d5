"""A copy of this project, as a fresh clone has it, for tests that change it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).parent.parent
LISTED = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]


def copy(to: Path) -> Path:
    """Every file that is tracked or would be."""
    listed = subprocess.run(LISTED, cwd=ROOT, capture_output=True, check=True).stdout
    for name in filter(None, listed.decode().split("\0")):
        if (ROOT / name).is_file():
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, to / name)
    return to
