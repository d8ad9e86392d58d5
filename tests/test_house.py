"""The house rules that a reader of the code relies on."""

import ast
import importlib.util
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ROOMS = {
    "model": (),
    "brokers": ("model",),
    "judge": ("model",),
    "stack": ("model", "brokers"),
    "record": ("model", "brokers"),
    "scenarios": ("model", "brokers", "stack", "record", "judge"),
    "show": ("model", "judge"),
    "experiments": ("model", "brokers", "stack", "record", "judge", "scenarios", "show"),
    "pages": ("model", "judge", "show", "experiments"),
    "cli": ("model", "brokers", "stack", "record", "judge", "scenarios", "show", "experiments", "pages"),
}
"""Room -> the rooms it may use besides itself."""
CLIENTS = ("redis", "hiredis", "pika", "kafka", "grpc", "distributed")
"""What a static page must be built without."""


MOST_LOADED = 107
"""Modules of ours that building the pages may need: who changes a page has to know of no more."""
SERVERS = ("kafka.Kafka", "redis-server", "rabbitmq-server", "docker-compose.yml")
"""What the commands that start servers end with."""


def modules() -> list[Path]:
    return sorted((ROOT / "labs").rglob("*.py"))


def room(path: Path) -> str:
    return path.relative_to(ROOT / "labs").parts[0]


def imports(text: str) -> set[str]:
    """The rooms that a module's text imports from, wherever the import stands."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "labs":
            parts = node.module.split(".")
            found |= {parts[1]} if len(parts) > 1 else {alias.name for alias in node.names}
        elif isinstance(node, ast.Import):
            found |= {alias.name.split(".")[1] for alias in node.names if alias.name.startswith("labs.")}
    return found - {"__version__"}


def out_of_bounds(where: str, text: str) -> set[str]:
    """The rooms that a module in the room `where` imports from and may not."""
    return imports(text) - {where, *ROOMS[where]}


def test_labs_holds_ten_rooms_and_nothing_loose() -> None:
    there = {path.name for path in (ROOT / "labs").iterdir() if path.name != "__pycache__"}
    assert there == {*ROOMS, "__init__.py", "__main__.py"}


@pytest.mark.parametrize(
    "path", [path for path in modules() if path.parent.name != "labs"], ids=lambda path: str(path.relative_to(ROOT))
)
def test_a_module_uses_only_the_rooms_that_its_own_may(path: Path) -> None:
    assert not out_of_bounds(room(path), path.read_text("utf-8")), f"{room(path)} may use {ROOMS[room(path)]}"


@pytest.mark.parametrize(
    "text",
    [
        "from labs.stack import up",
        "from labs import record",
        "import labs.cli.run",
        "def f():\n    from labs import pages",
    ],
)
def test_a_forbidden_import_is_seen_however_it_is_written(text: str) -> None:
    assert out_of_bounds("show", text)


@pytest.mark.parametrize("name", sorted(ROOMS))
def test_a_room_says_what_lives_there_and_what_it_may_use(name: str) -> None:
    said = ast.get_docstring(ast.parse((ROOT / "labs" / name / "__init__.py").read_text("utf-8"))) or ""
    closing = said.partition("Uses ")[2] or said.partition("May use ")[2]
    named = set(re.findall(r"[a-z]+", closing.partition(".")[0]))
    assert named & set(ROOMS) == (set() if name == "cli" else set(ROOMS[name])), said


def test_pages_and_pictures_are_made_without_a_broker_in_the_room() -> None:
    code = "import sys, labs.show.looks, labs.pages.build, labs.pages.pages\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = {name.split(".")[0] if not name.startswith("labs.") else name for name in done.stdout.split()}
    assert "labs.pages.build" in loaded
    assert not loaded & {*CLIENTS, "labs.stack", "labs.record", "labs.brokers"}
    assert len([name for name in loaded if name.startswith("labs")]) <= MOST_LOADED


def draws(text: str) -> bool:
    """Whether a module's text imports plotly, however it is written."""
    names: list[str] = []
    for node in ast.walk(ast.parse(text)):
        names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
    return any(name.split(".")[0] == "plotly" for name in names)


def starts(text: str) -> bool:
    """Whether it names the program of a server as a word of a command or at the end of a path; prose does not count."""
    values = (node.value for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Constant))
    return any(isinstance(one, str) and one.rpartition("/")[2] in SERVERS for one in values)


def test_only_the_charts_use_plotly_and_only_the_stack_starts_servers() -> None:
    texts = [(room(path), path.read_text("utf-8")) for path in modules()]
    assert {where for where, text in texts if draws(text)} == {"show"}
    assert {where for where, text in texts if starts(text)} == {"stack"}


@pytest.mark.parametrize("text", ["import plotly", "from plotly.graph_objects import Bar", "import plotly.io as io"])
def test_plotly_is_seen_however_it_is_imported(text: str) -> None:
    assert draws(text)
    assert not draws("import plotting\nfrom labs.show import plotly_free")


@pytest.mark.parametrize(
    "text",
    ["run(['redis-server', '-'])", "run(root / 'bin/redis-server')", "def f():\n    run(f'{base}/rabbitmq-server')"],
)
def test_a_server_that_is_started_is_seen_and_one_that_is_spoken_of_is_not(text: str) -> None:
    assert starts(text)
    assert not starts('"""Arguments of redis-server: as it begins."""')


def test_no_test_file_takes_from_another() -> None:
    """What several of them need is in a module of its own: made.py, talking.py and the like."""
    taken = re.compile(r"(?m)^\s*(from tests\.test_|from tests import .*\btest_|import tests\.test_)")
    files = sorted((ROOT / "tests").glob("*.py"))
    assert len(files) > 50
    assert [path.name for path in files if taken.search(path.read_text("utf-8"))] == []


def test_a_module_stays_near_two_hundred_lines() -> None:
    long = {path.name: n for path in modules() if (n := len(path.read_text("utf-8").splitlines())) > 260}
    assert not long


def test_notebooks_carry_no_outputs() -> None:
    found = list((ROOT / "notebooks").glob("*.ipynb"))
    assert len(found) >= 2
    for path in found:
        for cell in json.loads(path.read_text("utf-8"))["cells"]:
            assert not cell.get("outputs"), path.name
            assert cell.get("execution_count") is None, path.name


def test_code_cells_have_at_most_fifteen_lines() -> None:
    found = list((ROOT / "notebooks").glob("*.ipynb"))
    assert len(found) >= 2
    for path in found:
        for cell in json.loads(path.read_text("utf-8"))["cells"]:
            assert cell["cell_type"] != "code" or len("".join(cell["source"]).splitlines()) <= 15


SETS = sorted(str(path.relative_to(ROOT)) for path in (ROOT / "labs/stack/packages").glob("*.txt"))
REQUIREMENTS = ("requirements.txt", "requirements-dev.txt", *SETS)
HASH = f"--hash=sha256:{'0' * 64}"
PINNED = re.compile(r"[A-Za-z0-9._-]+(\[[a-z,]+\])?==[\w.+!-]+( ; [^-]+)?( --hash=sha256:[0-9a-f]{64})+")


def blocks(text: str) -> list[str]:
    """The requirements of a file, a line each: what begins at the margin, with its continued lines."""
    joined = re.sub(r"\s*\\\n\s*", " ", re.sub(r"(?m)^\s*#.*\n?", "", text))
    return [line.strip() for line in joined.splitlines() if line.strip()]


def loose(text: str) -> list[str]:
    """Those that are not one exact version with a hash."""
    return [block for block in blocks(text) if not PINNED.fullmatch(block)]


def test_every_requirement_is_pinned_with_a_hash_and_names_no_index() -> None:
    for name in REQUIREMENTS:
        text = (ROOT / name).read_text("utf-8")
        assert len(blocks(text)) >= (1 if name in SETS else 50)
        assert loose(text) == [], name


@pytest.mark.parametrize(
    "line",
    [
        f"click {HASH}",  # no pin
        f"click>=8 {HASH}",
        f"click==8.* {HASH}",
        "click==8.1.8",  # no hash
        "click==8.1.8 --hash=sha256:",
        "click==8.1.8 --hash=md5:9a0364b9e99bb480dd25e1f0284c8555",
        f"click @ https://files.example/click.whl {HASH}",
        "-i packages",  # another index
        "--find-links wheels",
        "-r more.txt",
    ],
)
@pytest.mark.parametrize("name", REQUIREMENTS)
def test_a_requirement_that_is_not_pinned_or_has_no_hash_is_found_wherever_it_stands(name: str, line: str) -> None:
    lines = (ROOT / name).read_text("utf-8").splitlines()
    second = next((at for at, one in enumerate(lines) if at and not one.startswith((" ", "#"))), len(lines))
    for at in (0, second, len(lines)):
        assert loose("\n".join([*lines[:at], line, *lines[at:]])) == [line]


def test_no_tracked_file_names_a_path_of_this_machine() -> None:
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout.split(b"\0")
    needles = [b"/" + word for word in (b"work/main", b"work/shared", b"root/.pyenv")]
    for name in filter(None, tracked):
        path = ROOT / name.decode()
        if path.is_file():
            body = path.read_bytes()
            assert not any(needle in body for needle in needles), name


def test_every_module_that_is_named_by_a_string_is_there() -> None:
    """No linter and no type checker sees these."""
    from labs import brokers
    from labs.model.carriers import CARRIERS
    from labs.scenarios.jobs import MODES
    from labs.scenarios.pairs import PAIRS
    from labs.stack import mending

    named = [*mending._ADAPTERS.values(), *(f"labs.scenarios.jobs.{mode.module}" for mode in MODES.values())]
    named += [f"labs.scenarios.calls.{carrier.module}" for carrier in CARRIERS.values()]
    named += [pair.code.__name__ for pair in PAIRS.values()]
    for adapter, place in brokers.ADAPTERS.items():
        broker, _, way = place.partition(".")
        lanes = ("",) if broker == "memory" else (".fast",) if adapter in brokers.FAST_ONLY else ("", ".fast")
        named += [f"labs.brokers.{broker}{lane}.{way}" for lane in lanes]
    assert len(named) > 30
    assert not [name for name in named if importlib.util.find_spec(name) is None]
    assert all(hasattr(importlib.import_module(name), "undo") for name in mending._ADAPTERS.values())
