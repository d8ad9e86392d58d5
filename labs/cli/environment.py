"""`make env`: `.venv` as this folder needs it now, made, filled or put right; nothing is done where nothing changed.

    python3 -I labs/cli/environment.py [--dev]

It runs in the project's folder with any Python, also one that is too old, and before there are packages: it imports
nothing of ours. What pip is asked is decided here; of the reader's own settings for pip only those are taken over that
say how packages are reached.
"""

import ast
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from typing import Dict, List, NoReturn, Tuple

VENV, STAMP = ".venv", os.path.join(".venv", ".made")
PYTHON = os.path.join(VENV, "bin", "python")
NEEDS = (3, 11)
REACH = re.compile(
    "(extra-)?index-url|no-index|find-links|proxy|(client-)?cert|trusted-host|(default-)?timeout|retries|(no-)?cache-dir"
    "|keyring-provider|use-feature"
)
# How packages are reached: the reader's business. Where they go and which ones they are is ours.
OTHERS = re.compile(r"PYTHON(HOME|PATH|STARTUP|OPTIMIZE|SAFEPATH|WARNINGS|INSPECT|EXECUTABLE|PLATLIBDIR)$|PIP_")
WHO = (
    "import importlib.util as u, os, sys; s = u.find_spec('labs'); "
    "print('%d.%d' % sys.version_info[:2], os.path.dirname(os.path.dirname(s.origin)) if s else '', sep='\\n', end='')"
)
MOVABLE = """#!/bin/sh
'''exec' "$(dirname -- "$(realpath -- "$0")")/python" "$0" "$@"
' '''
"""
"""The first lines of a script that runs with the Python beside it, whatever the folder is called."""


def main(dev: bool) -> None:
    """Make it so. Ends with one line and exit code 1 where that is not possible."""
    folder = os.path.realpath(os.getcwd())
    if os.pathsep in folder:
        fail(f"Python makes no environment in a folder with a `{os.pathsep}` in its name ({folder}). Rename it.")
    lists = ["requirements.txt", "requirements-dev.txt"] if dev else ["requirements.txt"]
    wanted = {"folder": folder, "pyproject.toml": digest("pyproject.toml"), **{name: digest(name) for name in lists}}
    known, (version, found) = read_stamp(), who()
    before = known.get("folder") or found or folder
    if known.get("version") == version and found == folder and wanted.items() <= known.items():
        return
    if os.path.isdir(VENV) and not os.access(VENV, os.W_OK):
        fail(f"{VENV} must change and belongs to another user. Run: sudo chown -R $(id -u) {VENV}")
    if not version or known.get("version", version) != version or not has_pip():
        known = {}
        make(folder)
    elif before != folder or (found and found != folder):
        print(f"This folder was {before}: {VENV} is put right ...", flush=True)
        refresh(folder)
        known["folder"] = folder
    if not wanted.items() <= known.items():
        known = {}
        install(lists[-1], dev)
    make_movable(folder, before)
    version, found = who()
    if found != folder:
        fail(f"{VENV} was made, and its Python does not find this folder's `labs`. Delete {VENV} and run make env.")
    with open(STAMP, "w") as file:
        json.dump({**known, **wanted, "version": version}, file)


def fail(line: str) -> NoReturn:
    """One line, and the exit code that make takes for an error."""
    sys.exit(f"make env: {line}")


def digest(name: str) -> str:
    """The checksum of a file."""
    with open(name, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def read_stamp() -> Dict[str, str]:
    """What was true when the environment was made; nothing if there is none."""
    try:
        with open(STAMP) as file:
            found = json.load(file)
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def who() -> Tuple[str, str]:
    """The version of the environment's Python and the folder from which it takes `labs`, as they are at this moment."""
    try:
        done = subprocess.run([PYTHON, "-I", "-c", WHO], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=".")
    except OSError:
        return "", ""
    version, _, found = os.fsdecode(done.stdout).partition("\n")
    return (version, os.path.realpath(found) if found else "") if done.returncode == 0 else ("", "")


def has_pip() -> bool:
    """An environment whose making was interrupted has none."""
    return subprocess.run([PYTHON, "-I", "-c", "import pip"], stderr=subprocess.DEVNULL).returncode == 0


def plain() -> Dict[str, str]:
    """The environment without what the reader has set for Python and pip in general."""
    return {name: value for name, value in os.environ.items() if not OTHERS.match(name)}


def make(folder: str) -> None:
    """A new environment, with a Python that is new enough; the old one goes."""
    if sys.version_info < NEEDS:
        have = ".".join(map(str, sys.version_info[:2]))
        fail(f"Python {NEEDS[0]}.{NEEDS[1]} or newer is needed, this is {have}. Run: make env PYTHON=python3.11")
    if os.path.lexists(VENV):
        print(f"The Python of {VENV} is gone or another one: it is made anew ...", flush=True)
    try:
        command([sys.executable, "-I", "-m", "venv", "--clear", "--without-pip", VENV], folder)
        command([PYTHON, "-I", "-m", "ensurepip", "--upgrade", "--default-pip"], folder)
    except SystemExit:
        shutil.rmtree(VENV, ignore_errors=True)  # half an environment would be taken for one
        raise


def refresh(folder: str) -> None:
    """The same environment where it is now: its own scripts name the folder."""
    command([PYTHON, "-I", "-m", "venv", "--without-pip", VENV], folder)


def command(asked: List[str], folder: str) -> None:
    """Run a part of Python's own; what stands in the way is told in one line."""
    done = subprocess.run(asked, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=plain(), errors="replace")
    if done.returncode == 0:
        return
    if re.search("No module named '?(venv|ensurepip)", done.stdout):
        have = ".".join(map(str, sys.version_info[:2]))
        fail(f"this Python comes without venv or ensurepip. On Debian or Ubuntu: sudo apt install python{have}-venv")
    said = [line.strip() for line in done.stdout.splitlines() if line.strip()] or ["no word"]
    why = [line for line in said if re.match(r"(ERROR|\w*Error): ", line) and "CalledProcess" not in line] or said
    fail(f"no virtual environment can be made in {folder}: {why[-1]}")


def reach() -> Dict[str, str]:
    """The reader's own settings for pip that say how packages are reached, as variables of the environment."""
    asked = plain()
    for name, value in os.environ.items():
        if name == "PIP_CONFIG_FILE" or REACH.fullmatch(name[4:].lower().replace("_", "-")):
            asked[name] = value
    pip = [PYTHON, "-I", "-m", "pip", "--disable-pip-version-check", "-vvvv", "config", "list"]
    done = subprocess.run(pip, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=asked, errors="replace")
    if done.returncode:
        fail(f"pip cannot read its own settings: {(done.stderr.strip().splitlines() or ['no message'])[-1]}")
    found = {}
    for section in ("global", "install", ":env:"):  # the later one wins, as it does for pip
        for name, value in re.findall(rf"^{section}\.([\w-]+)=(.+)$", done.stdout, re.M):
            if REACH.fullmatch(name):
                found[f"PIP_{name.upper().replace('-', '_')}"] = " ".join(str(ast.literal_eval(value)).split())
    return found


def install(requirements: str, dev: bool) -> None:
    """The pinned packages, and this folder itself."""
    tools = " and the test tools" if dev else ""
    patience = "the first time a minute or more, and pip is silent until it is done"
    print(f"Installing the pinned packages{tools} into {VENV} ({patience}) ...", flush=True)
    pip = [PYTHON, "-I", "-m", "pip", "--disable-pip-version-check", "-q", "install"]
    env = {**plain(), **reach(), "PIP_CONFIG_FILE": os.devnull}
    for what in (["--require-hashes", "-r", requirements], ["--no-deps", "--no-build-isolation", "-e", "."]):
        if subprocess.run([*pip, *what], env=env, stdin=subprocess.DEVNULL).returncode:
            fail(f"pip could not install {requirements if '-r' in what else 'this folder'}; what it said stands above.")


def make_movable(*folders: str) -> None:
    """Nothing that is installed names the folder any more: scripts find their Python beside them, and Python finds
    `labs` two steps above."""
    for entry in os.scandir(os.path.join(VENV, "bin")):
        if entry.is_file(follow_symlinks=False):
            make_script_movable(entry.path, folders)
    if os.path.islink(VENV):  # then no path leads from there to here
        return
    above = os.path.join("..", "..", "..", "..")
    for site in (os.path.join(VENV, "lib", name, "site-packages") for name in os.listdir(os.path.join(VENV, "lib"))):
        for name in os.listdir(site) if os.path.isdir(site) else ():
            if re.fullmatch(r"_(editable_impl_)?broker_labs\.pth", name):
                with open(os.path.join(site, name), "w") as file:
                    file.write(above + "\n")


def make_script_movable(path: str, folders: Tuple[str, ...]) -> None:
    """A script of Python's whose first line names an interpreter here, or did."""
    with open(path, "rb") as file:
        text = file.read()
    named = b"|".join(re.escape(os.fsencode(folder)) for folder in folders)
    here = rb"(?:%s|[^\n]*)/\.venv/bin/python[\d.]*" % named
    head = re.match(rb"#!(?:/bin/sh\n'''exec' .*?\n' '''|%s)\n" % here, text, re.S)
    if head:
        with open(path, "wb") as file:
            file.write(MOVABLE.encode() + text[head.end() :])


if __name__ == "__main__":
    try:
        main("--dev" in sys.argv[1:])
    except OSError as error:
        fail(str(error))
    except KeyboardInterrupt:
        fail("interrupted. The next one goes on where this one stopped.")
