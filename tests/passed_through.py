"""Which modules of labs/ one has to open to follow a command: those whose functions it calls, in every process of it.

    python -m tests.passed_through run latency-ladder --set rate=100 --set brokers=redis

What only an import calls does not count. The command is slower than it is by itself: its figures mean nothing.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOOK = """
import os, sys, threading
if os.environ.get("PASSED_THROUGH"):
    known, home = set(), os.environ["PASSED_THROUGH_ROOT"]
    def importing(frame):
        while frame and not (frame.f_code.co_name == "<module>" and frame.f_code.co_filename.startswith(home)):
            frame = frame.f_back
        return frame is not None and not frame.f_code.co_filename.endswith("__main__.py")
    def look(frame, event, _):
        code = frame.f_code
        if event == "call" and code not in known and code.co_filename.startswith(home) and code.co_name != "<module>":
            if not importing(frame):
                known.add(code)
                with open(os.environ["PASSED_THROUGH"], "a") as out:
                    out.write(code.co_filename + "\\n")
    sys.setprofile(look)
    threading.setprofile(look)
"""


def passed(*words: str) -> list[str]:
    """The modules, as paths inside labs/."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "sitecustomize.py").write_text(LOOK)
        seen = Path(folder) / "seen"
        seen.touch()
        more = {"PYTHONPATH": f"{folder}{os.pathsep}{ROOT}", "PASSED_THROUGH": str(seen)}
        more["PASSED_THROUGH_ROOT"] = f"{ROOT / 'labs'}{os.sep}"
        subprocess.run([sys.executable, "-m", "labs", *words], env=os.environ | more, stdout=sys.stderr, check=True)
        return sorted({str(Path(line).relative_to(ROOT / "labs")) for line in seen.read_text().splitlines()})


if __name__ == "__main__":
    found = passed(*sys.argv[1:])
    print(*found, sep="\n")
    rooms = Counter(path.partition("/")[0] for path in found)
    print(f"{len(found)} modules, {len(found) - rooms['stack']} without the stack's")
