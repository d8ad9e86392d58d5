"""The variables that are read, in one table, and the one place that touches the environment."""

import ast
import os
import re
from pathlib import Path

import pytest

from labs.model import environ
from labs.model.paths import PROJECT, replacing

TOUCHING = {"labs/model/environ.py", "labs/cli/environment.py"}
"""The second one runs before there are packages, with a Python that may be too old for them."""
TOUCHING |= {f"labs/scenarios/upgrade/{name}.py" for name in ("worker", "asker")}
"""They run in a package set, where there is no module of ours, and are told a login: a command line others can read."""


def touches(text: str) -> bool:
    """Whether a module looks at the environment by itself, however it is written."""
    ways, tree = {"environ", "environb", "getenv", "putenv", "unsetenv"}, list(ast.walk(ast.parse(text)))
    imported = [one for node in tree if isinstance(node, ast.Import) for one in node.names if one.name == "os"]
    taken = [
        one.name for node in tree if isinstance(node, ast.ImportFrom) and node.module == "os" for one in node.names
    ]
    os_by = {one.asname or one.name for one in imported}
    used = [node.attr for node in tree if isinstance(node, ast.Attribute) and ast.unparse(node.value) in os_by]
    return bool({*taken, *used} & ways)


def test_one_module_touches_the_environment() -> None:
    found = {
        str(path.relative_to(PROJECT)) for path in PROJECT.glob("labs/**/*.py") if touches(path.read_text("utf-8"))
    }
    assert found == TOUCHING


@pytest.mark.parametrize(
    "text", ["import os\nos.environ['A']", "from os import environ", "import os as o\no.getenv('A')"]
)
def test_a_module_that_touches_it_is_seen(text: str) -> None:
    assert touches(text)
    assert not touches("from labs.model import environ\nenviron.read('LABS_MODE')")


def test_each_variable_in_the_table_is_read_and_no_other_can_be(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = "".join(path.read_text("utf-8") for path in PROJECT.glob("labs/**/*.py") if path.name != "environ.py")
    urls = {name for name in environ.READ if name.endswith("_URL")}
    assert [name for name in environ.READ if name not in urls and f'"{name}"' not in texts] == []
    with pytest.raises(KeyError, match="LABS_HOEM is not among"):
        environ.read("LABS_HOEM")
    monkeypatch.setenv("LABS_MODE", "recorded")
    assert environ.read("LABS_MODE") == "recorded"
    monkeypatch.delenv("LABS_MODE")
    assert environ.read("LABS_MODE") == ""


def test_readme_and_appendix_speak_of_no_variable_that_is_not_read() -> None:
    said = [PROJECT / "README.md", *sorted((PROJECT / "book").glob("app-*.md"))]
    spoken = {name for page in said for name in re.findall(r"LABS_[A-Z_]*[A-Z]", page.read_text("utf-8"))}
    together = {name for name in spoken if re.search(r"_(USER|PASSWORD|SASL|CA|CERT|KEY)$", name)}
    assert spoken - together <= set(environ.READ)
    assert len(spoken) > 8


def test_what_is_put_for_a_while_is_as_before_afterwards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LABS_MODE", "live")
    monkeypatch.delenv("LABS_RUNS", raising=False)
    as_before = environ.put({"LABS_MODE": "recorded", "LABS_RUNS": "here"})
    assert (os.environ["LABS_MODE"], os.environ["LABS_RUNS"]) == ("recorded", "here")
    as_before()
    assert (os.environ["LABS_MODE"], "LABS_RUNS" in os.environ) == ("live", False)


def test_a_tool_of_another_maker_hears_nothing_of_the_readers_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"JAVA_TOOL_OPTIONS": "-Xint", "LANG": "tr_TR.UTF-8", "https_proxy": "http://p:1"}.items():
        monkeypatch.setenv(name, value)
    found = environ.for_tools()
    assert ("JAVA_TOOL_OPTIONS" in found, found["LANG"], found["https_proxy"]) == (False, "C.UTF-8", "http://p:1")


def test_a_file_is_replaced_as_a_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "one.json"
    path.write_text("old")

    def fail() -> None:
        with replacing(path) as file:
            file.write(b"half of the n")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert (path.read_text(), list(tmp_path.iterdir())) == ("old", [path])
    with replacing(path, 0o640, flush=True) as file:
        file.write(b"new")
        file.flush()
        assert path.read_text() == "old"
    assert (path.read_text(), path.stat().st_mode & 0o777, list(tmp_path.iterdir())) == ("new", 0o640, [path])
