"""The house rules that a reader of the code relies on."""

import ast
import json
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FLOORS = (
    "environment",
    "prose",
    "messages",
    "profile",
    "published",
    "workload",
    "places",
    "owning",
    "processors",
    "brokers",
    "stack",
    "spawning",
    "native",
    "runs",
    "clocks",
    "rows",
    "spool",
    "unfinished",
    "cpu",
    "written",
    "pauses",
    "outbox",
    "workers",
    "crew",
    "hired",
    "far",
    "far_crew",
    "hiring",
    "watching",
    "recorder",
    "latency",
    "rate",
    "loss",
    "saturation",
    "bound",
    "soundness",
    "together",
    "ledger_rules",
    "consistency",
    "digest",
    "proxy",
    "faults",
    "faulted",
    "bill",
    "jobs",
    "pairs",
    "calls",
    "words",
    "tricks",
    "bench",
    "traces",
    "passport_traces",
    "looks",
    "inks",
    "still_axes",
    "still_marks",
    "still_key",
    "still",
    "charts",
    "experiments",
    "promises",
    "elsewhere",
    "recording",
    "recorded",
    "documents",
    "claims",
    "widgets",
    "exercises",
    "jupyter",
    "speech",
    "terminal",
    "status_table",
    "listing",
    "measuring",
    "attack",
    "benching",
    "verifying",
    "__main__",
)
"""From the ground up: a module imports only from lower floors and from its own."""


def modules() -> list[Path]:
    return sorted((ROOT / "labs").rglob("*.py"))


def floor(path: Path) -> str:
    return path.relative_to(ROOT / "labs").parts[0].removesuffix(".py")


def imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "labs":
            parts = node.module.split(".")
            found |= {parts[1]} if len(parts) > 1 else {alias.name for alias in node.names}
    return found - {"__version__"}


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_imports_only_from_the_floors_below_it(path: Path) -> None:
    own = floor(path)
    if own == "__init__":
        return
    assert own in FLOORS, f"{own} has no floor: add it to FLOORS"
    upstairs = {name for name in imports(path) if FLOORS.index(name) > FLOORS.index(own)}
    assert not upstairs, f"{path.name} on floor {own} reaches up to {upstairs}"


def test_only_charts_uses_plotly_and_only_the_stack_starts_brokers() -> None:
    users = {floor(path) for path in modules() if "import plotly" in path.read_text("utf-8")}
    assert users == {"charts"}


def test_only_one_module_starts_workers_of_pythons_own() -> None:
    own = {path.name for path in modules() if re.search(r"get_context|SpawnContext\(|Pool\(", path.read_text("utf-8"))}
    assert own <= {"spawning.py"}, "a worker of theirs would run the reader's script a second time"


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
    for path in (ROOT / "notebooks").glob("*.ipynb"):
        for cell in json.loads(path.read_text("utf-8"))["cells"]:
            assert cell["cell_type"] != "code" or len("".join(cell["source"]).splitlines()) <= 15


def test_every_requirement_is_pinned_with_a_hash_and_names_no_index() -> None:
    for name in ("requirements.txt", "requirements-dev.txt"):
        text = (ROOT / name).read_text("utf-8")
        pins = text.count("==")
        assert pins > 50
        assert "--index-url" not in text
        assert "--find-links" not in text
        assert all("--hash=sha256:" in block for block in text.split("\n\n")[-1:])


def test_no_tracked_file_names_a_path_of_this_machine() -> None:
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout.split(b"\0")
    needles = [b"/" + word for word in (b"work/main", b"work/shared", b"root/.pyenv")]
    for name in filter(None, tracked):
        path = ROOT / name.decode()
        if path.is_file():
            body = path.read_bytes()
            assert not any(needle in body for needle in needles), name


MAKES = re.compile(
    r"config_set\(|SETUSER|acl_setuser|queue_declare\([^)]*(durable|exclusive)|exchange_declare|create_topics|wires\.CREATE"
)
NOTED = {"redis_settings.py", "redis_benchmark.py", "rabbitmq_broker.py", "rabbitmq_stream.py", "kafka_broker.py"}
"""They write down what they make or set before they do, so that the next command can undo it."""
ALONE = {"faults.py", "redis_site.py", "rabbitmq_site.py", "kafka_site.py", "rabbitmq_best.py", "rabbitmq_survives.py"}
ALONE |= {"kafka_best.py", "kafka_survives.py", "redis_sender.py"}
"""They work on a broker that nobody else uses, which ends with whoever uses it."""
PROBES = {"probe.py"}
"""An exclusive queue goes with its connection; the topic of the probe is meant to stay."""


def test_whatever_makes_or_sets_something_on_a_broker_is_known_to_undo_it() -> None:
    makers = {path.name for path in modules() if MAKES.search(path.read_text("utf-8").replace("\n", " "))}
    assert makers == NOTED | ALONE | PROBES
    for path in modules():
        if path.name in NOTED - {"redis_settings.py"}:
            assert "made.note(" in path.read_text("utf-8"), path.name
