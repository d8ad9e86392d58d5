"""`make env`: the environment is what this folder needs now, whatever was renamed, copied, deleted or set elsewhere.

The project is copied with the few pinned packages that its own installation takes, so that each test takes seconds.
"""

from __future__ import annotations

import ensurepip
import http.server
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import namespace

ROOT = Path(__file__).resolve().parent.parent
KEPT = {"editables", "hatchling", "packaging", "pathspec", "pluggy", "tomlkit", "trove-classifiers"}
LONG = 'a folder\'s "name" $of [200] \\ *\ni-ə€ {x} %s;& ' + "long " * 35
OUT = {"capture_output": True, "text": True}
OFFLINE = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": "/nowhere"}


def project(folder: Path) -> Path:
    """A copy of what `make env` reads."""
    folder.mkdir(parents=True)
    for name in ("Makefile", "pyproject.toml", "README.md"):
        shutil.copy(ROOT / name, folder / name)
    shutil.copytree(ROOT / "labs", folder / "labs", ignore=shutil.ignore_patterns("__pycache__"))
    blocks = re.split(r"\n(?=\S)", (ROOT / "requirements.txt").read_text("utf-8"))
    small = [block for block in blocks if block.partition("=")[0].strip() in KEPT]
    assert len(small) == len(KEPT)
    (folder / "requirements.txt").write_text("\n".join(small) + "\n", "utf-8")
    return folder


def make(folder: Path, target: str = "env", **environ: str | Path) -> subprocess.CompletedProcess[str]:
    """`make` there, as a reader runs it."""
    known = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "VIRTUAL_ENV"))}
    known |= {"PYTHON": sys._base_executable} | {name: str(value) for name, value in environ.items()}
    return subprocess.run(["make", target], cwd=folder, env=known, capture_output=True, text=True, timeout=200)


def done(folder: Path, **environ: str | Path) -> str:
    """What `make env` said; the environment then finds the `labs` of this folder, and its scripts run."""
    made = make(folder, **environ)
    assert made.returncode == 0, made.stderr
    asked = [folder / ".venv/bin/python", "-c", "import labs; print(labs.__file__)"]
    found = subprocess.run(asked, cwd="/", capture_output=True, text=True, check=True).stdout
    assert Path(found.removesuffix("\n")) == folder / "labs/__init__.py"
    for script in ("hatchling", "pip"):
        subprocess.run([folder / ".venv/bin" / script, "--help"], cwd="/", capture_output=True, check=True)
    return made.stdout


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project whose environment was made, to be copied and moved."""
    folder = project(tmp_path_factory.mktemp("made") / "first")
    assert "Installing" in done(folder)
    assert done(folder, **OFFLINE) == ""
    return folder


def test_a_renamed_folder_is_noticed_and_put_right_without_the_network(made: Path, tmp_path: Path) -> None:
    shutil.copytree(made, tmp_path / "first", symlinks=True)
    moved = (tmp_path / "first").rename(tmp_path / "another name")
    assert f"This folder was {made}" in done(moved, **OFFLINE)
    assert str(moved) in (moved / ".venv/bin/activate").read_text()
    assert done(moved, **OFFLINE) == ""


def test_a_copied_folder_runs_its_own_code_and_leaves_the_first_one_alone(made: Path, tmp_path: Path) -> None:
    before = (made / ".venv/.made").read_bytes()
    copy = Path(shutil.copytree(made, tmp_path / "copy", symlinks=True))
    (copy / "labs/__init__.py").write_text('__version__ = "of the copy"\n')
    found = subprocess.run([copy / ".venv/bin/python", "-c", "import labs; print(labs.__version__)"], cwd="/", **OUT)
    assert found.stdout == "of the copy\n"
    done(copy, **OFFLINE)
    assert (made / ".venv/.made").read_bytes() == before
    assert done(made, **OFFLINE) == ""


def test_an_environment_as_it_was_made_before_is_put_right_as_well(made: Path, tmp_path: Path) -> None:
    old = Path(shutil.copytree(made, tmp_path / "old", symlinks=True))
    (old / ".venv/.made").unlink()
    (old / ".venv/.installed").touch()
    (path,) = (old / ".venv").rglob("*broker_labs.pth")
    path.write_text(str(made))
    head = f"#!{made}/.venv/bin/python\n"
    script = old / ".venv/bin/hatchling"
    script.write_text(head + script.read_text().partition("' '''\n")[2])
    assert f"This folder was {made}" in done(old)


def test_a_python_that_is_gone_is_replaced(made: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(made, tmp_path / "folder", symlinks=True))
    for name in ("python", "python3", f"python3.{sys.version_info.minor}"):
        (folder / ".venv/bin" / name).unlink(missing_ok=True)
    (folder / ".venv/bin/python").symlink_to(tmp_path / "deleted")
    assert "made anew" in done(folder)


def test_a_name_that_python_refuses_is_named_and_not_the_package_venv(tmp_path: Path) -> None:
    refused = make(project(tmp_path / "a:b"))
    assert refused.returncode
    assert re.search(r"make env: Python makes no environment in a folder with a `:` .*a:b.*Rename it", refused.stderr)
    assert "python3-venv" not in refused.stderr


def test_no_name_of_the_folder_and_no_setting_for_other_uses_of_pip_and_python_is_in_the_way(tmp_path: Path) -> None:
    settings = tmp_path / "pip.conf"
    settings.write_text(
        "[global]\nuser = true\nno-binary = :all:\nquiet = 3\n[install]\ntarget = /nowhere\nprefix = /nowhere\n"
        f"constraint = {tmp_path}/none\n"
    )
    more = {"PIP_CONFIG_FILE": settings, "PIP_USER": "1", "PIP_TARGET": "/nowhere", "PIP_ROOT": "/nowhere"}
    more |= {"PIP_DRY_RUN": "1", "PIP_PYTHON": "/nowhere", "PIP_REQUIRE_VIRTUALENV": "1", "PIP_QUIET": "3"}
    more |= {"PYTHONHOME": "/nowhere", "PYTHONPATH": "/nowhere", "PYTHONOPTIMIZE": "2", "PYTHONWARNINGS": "error"}
    folder = project(tmp_path / LONG / "project")
    assert "Installing" in done(folder, **more)
    assert done(folder, **more) == ""


@pytest.fixture
def index() -> Iterator[tuple[str, list[str]]]:
    """The address of an index that has nothing, and what it was asked for."""
    asked: list[str] = []

    class Empty(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Empty) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/simple", asked
        server.shutdown()


@pytest.mark.parametrize("form", ["variable", "global", "install"])
def test_the_readers_way_to_the_packages_is_taken_over(
    form: str, index: tuple[str, list[str]], made: Path, tmp_path: Path
) -> None:
    folder, settings = Path(shutil.copytree(made, tmp_path / "folder", symlinks=True)), tmp_path / "pip.conf"
    with (folder / "requirements.txt").open("a") as file:
        file.write(f"click==8.0 --hash=sha256:{'0' * 64}\n")
    settings.write_text("" if form == "variable" else f"[{form}]\nindex-url = {index[0]}\n")
    more = {"PIP_INDEX_URL": index[0]} if form == "variable" else {}
    tried = make(folder, PIP_CONFIG_FILE=settings, PIP_FIND_LINKS="", **more)
    assert tried.returncode
    assert "make env: pip could not install requirements.txt; what it said stands above" in tried.stderr
    assert index[1] == ["/simple/click/"]


@pytest.mark.namespace
def test_an_environment_that_cannot_be_made_says_why(tmp_path: Path) -> None:
    folder = project(tmp_path / "project")
    disk = f"mkdir '{folder}/.venv'; mount -t tmpfs -o size=1m tmpfs '{folder}/.venv'; cd '{folder}'"
    tried = namespace.run(["make", "env", f"PYTHON={sys._base_executable}"], disk)
    assert tried.returncode
    assert "No space left on device" in tried.stderr
    assert "python3-venv" not in tried.stderr
    assert "Traceback" not in tried.stderr


@pytest.mark.namespace
def test_a_python_without_venv_is_named_with_the_package_that_has_it(tmp_path: Path) -> None:
    folder = project(tmp_path / "project")
    hide = f"mount -t tmpfs tmpfs '{Path(ensurepip.__file__).parent}'; cd '{folder}'"  # as Debian's Python comes
    tried = namespace.run(["make", "env", f"PYTHON={sys._base_executable}"], hide)
    assert re.search(r"make env: .*sudo apt install python3\.\d+-venv", tried.stderr)
    assert not (folder / ".venv").exists()


def test_every_target_that_is_declared_is_one() -> None:
    text = (ROOT / "Makefile").read_text("utf-8")
    declared = {name for line in re.findall(r"^\.PHONY: (.+)$", text, re.M) for name in line.split()}
    rules = set(re.findall(r"^([a-z-]+):", text, re.M))
    assert declared == rules
