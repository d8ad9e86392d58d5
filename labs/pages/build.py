"""`make book`: build the site into _build/html from recorded runs only; every warning is an error."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import yaml

from labs.experiments import EXPERIMENTS
from labs.model import environ
from labs.model.paths import PROJECT, RECORDED, write_text
from labs.model.run import RunFileError
from labs.pages import bench_page, older, promise_findings, promise_page
from labs.pages.recordings import recorded
from labs.pages.site import address
from labs.pages.state import recorded_state

HTML = PROJECT / "_build" / "html"
TEACH = PROJECT / "_build" / "teach"
"""A build for teachers has a folder of its own, so that no answer is left in the one that is published."""
JUPYTER_BOOK = "import sys; from jupyter_book.cli.main import main; sys.argv[0] = 'jupyter-book'; main()"


def command(root: Path, out: Path, toc: Path) -> list[str]:
    """The builder, run by this very Python so that no script has to be on the PATH."""
    places = [str(root), "--path-output", str(out)]
    options = ["build", *places, "--toc", str(toc), "-n", "-W", "--keep-going", "--all", "-q"]
    return [sys.executable, "-c", JUPYTER_BOOK, *options]


def damaged(folder: Path) -> list[str]:
    """A line for each recorded file that no page could show: which, what is wrong with it, what to do."""
    found = []
    for name in sorted(path.stem for path in folder.glob("*.json")):
        try:
            if name == "bench":
                bench = bench_page.recorded_bench(folder)
                bench_page.bench_table(bench or {}), bench_page.article_picture(bench or {})
            elif name == "promises":
                promises = promise_page.recorded_promises(folder) or {}
                promise_page.listed(promises), promise_page.counts(promises), promise_findings.shown(promises)
            elif name in EXPERIMENTS:
                json.dumps(recorded_state(EXPERIMENTS[name], folder), allow_nan=False)
        except RunFileError as error:
            found.append(str(error))
        except Exception as error:  # what a page would stumble over, whatever it is, has its file's name here
            what = f"{type(error).__name__}: {error}"
            cure = "It was altered or damaged: record it again."
            found.append(f"{folder / name}.json lacks what its page shows ({what}). {cure}")
    return list(dict.fromkeys(found))  # the passport is part of every lab's page


def outdated(folder: Path) -> list[str]:
    """A line for each recorded file whose page says that it is older than what compose starts."""
    bench = bench_page.recorded_bench(folder)
    said = {"bench": older.of_rows(bench["rows"])} if bench else {}
    promises = promise_page.recorded_promises(folder)
    said |= {"promises": promise_page.older_than(promises)} if promises else {}
    files = ((name, recorded(name, folder)) for name in EXPERIMENTS)
    said |= {name: older.of_file(file) for name, file in files if file}
    return [f"{name}: {text}" for name, text in sorted(said.items()) if text]


def build(root: Path = PROJECT, runs: Path | None = None, out: Path = PROJECT, *, teach: bool = False) -> int:
    """Build into `out`/_build/html; 0 if it worked. `runs` replaces book/runs (for tests)."""
    folder = Path(runs or environ.read("LABS_RUNS") or RECORDED)
    if found := damaged(folder):
        print(*found, "`git checkout -- book/runs` brings back what came with the book.", sep="\n", file=sys.stderr)
        return 1
    print(*outdated(folder), sep="\n", flush=True)
    settings = {"LABS_MODE": "recorded", "PYDEVD_DISABLE_FILE_VALIDATION": "1", "LABS_TEACH": str(int(teach))}
    settings |= {"LABS_RUNS": str(runs)} if runs else {}
    toc = root / "book" / "_toc.yml"
    if teach:
        toc = _with_teaching(toc, out / "_toc.yml")
    return subprocess.run(command(root, out, toc), cwd=root, env={**environ.NOW, **settings}, check=False).returncode


def _with_teaching(toc: Path, to: Path) -> Path:
    """The table of contents with the instructors' pages at its end."""
    content = yaml.safe_load(toc.read_text("utf-8"))
    found = sorted(page.stem for page in toc.parent.glob("teach-*.md"))
    content["parts"].append({"caption": "Instructors", "chapters": [{"file": f"book/{stem}"} for stem in found]})
    write_text(to, yaml.safe_dump(content, sort_keys=False))
    return to


def _asked() -> bool:
    """TEACH of the make line; what is neither yes nor no is refused, so that a slip does not publish answers."""
    value = environ.read("LABS_TEACH").lower()
    if value not in ("", "0", "no", "false", "1", "yes", "true"):
        raise SystemExit(f"TEACH must be 1 or 0, got {value!r}. For example: make book TEACH=1")
    return value in ("1", "yes", "true")


def main() -> int:
    """Build and say where the site is, or what to look for."""
    teach = _asked()
    try:
        published, _known = address.site(), address.repository()
    except ValueError as error:
        raise SystemExit(str(error)) from None
    code = build(out=TEACH if teach else PROJECT, teach=teach)
    if code:
        print("The site was not built: mend what is said above (each warning is an error), then run `make book` again.")
    elif teach:
        where = (TEACH / "_build" / "html").relative_to(PROJECT)
        print(f"The site with answers and slides is in {where}; do not publish it.")
    else:
        print(f"The site is in {HTML.relative_to(PROJECT)}; `make serve` shows it on loopback.")
        print(f"Its address will be {published}." if published else address.WITHOUT)
    return code


if __name__ == "__main__":
    sys.exit(main())
