"""The client code on the pages and in the notebooks: cut out of files that a lab runs, as they stand there."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from labs.experiments import EXPERIMENTS, experiment
from labs.model.paths import PROJECT
from labs.pages import client_code, course
from labs.pages.client_code import CodeError, Tab

STEMS = {stem: lab for lab, stem in reversed(course.panels().items())}
"""Page -> its first lab."""
TABS = [pytest.param(tab, id=f"{lab}-{tab.label}") for lab in STEMS.values() for tab in client_code.tabs(lab)]
HOSTS = {
    "redis.io", "www.rabbitmq.com", "kafka.apache.org", "kafka-python.readthedocs.io", "pika.readthedocs.io",
    "www.python-httpx.org", "grpc.io", "docs.python.org", "docs.haproxy.org",
    "docs.celeryq.dev",
}  # fmt: skip
GOOD = {
    "broker": "redis", "client": "redis-py", "says": "a", "reference": "https://redis.io/", "named": "b",
    "change": "c", "file": "labs/brokers/redis/stream.py", "cut": [{"of": "Publisher._commands"}],
}  # fmt: skip


def cut(**how: str) -> dict[str, object]:
    return {"tab": [GOOD | {"cut": [how]}]}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({}, "x.toml has no [[tab]]"),
        ({"tab": [GOOD | {"says": ""}]}, "x.toml, tab 1: says is missing or empty"),
        ({"tab": [GOOD | {"colour": "red"}]}, "x.toml, tab 1: 'colour' is unknown"),
        ({"tab": [GOOD | {"reference": "http://redis.io/"}]}, "must be an address with https"),
        ({"tab": [GOOD, GOOD]}, "two tabs named 'Redis'"),
        ({"tab": [GOOD | {"file": "labs/gone.py"}]}, "there is no file 'labs/gone.py'"),
        ({"tab": [GOOD | {"cut": ["redis-xad"]}]}, "_cuts.toml has no piece 'redis-xad'. There are: redis-xadd"),
        (cut(of="Publisher.gone"), "labs/brokers/redis/stream.py has no Publisher.gone. There are: Publisher"),
        (cut(of="Consumer._read", **{"from": "gone ="}), "Consumer._read, has no line with 'gone =' there"),
        (cut(of="Consumer._read", **{"from": "answer =", "to": "wait ="}), "has no line with 'wait =' there"),
        (cut(of="Consumer"), "lines: 15 can be read at one look"),
    ],
)
def test_code_that_cannot_be_shown_is_refused_with_its_file_and_tab(content: dict[str, object], said: str) -> None:
    with pytest.raises(CodeError, match=re.escape(said)):
        client_code.check(content, "x.toml")


def test_a_lab_without_code_is_refused_with_the_names_that_have_some(tmp_path: Path) -> None:
    (tmp_path / "there.toml").write_text("[[tab]\n")
    with pytest.raises(CodeError, match=r"gone.toml is missing in book/code. There are: there"):
        client_code.tabs("gone", tmp_path)
    with pytest.raises(CodeError, match=r"there.toml is no TOML \(.*line 1"):
        client_code.tabs("there", tmp_path)


def test_a_cut_is_made_of_whole_statements() -> None:
    [tab] = client_code.check(
        {
            "tab": [
                GOOD
                | {"file": "labs/brokers/rabbitmq/admin.py"}
                | {"cut": [{"of": "Broker._declare", "from": "done:"}]}
            ]
        },
        "x",
    )
    assert ast.parse(tab.text).body[0].end_lineno == len(tab.text.splitlines()) == 5


@pytest.mark.parametrize("lab", sorted(path.stem for path in client_code.FOLDER.glob("[!_]*.toml")))
def test_no_piece_ends_with_the_head_of_a_block(lab: str) -> None:
    pieces = [piece for tab in client_code.tabs(lab) for piece in tab.pieces]
    assert pieces
    assert [piece.text for piece in pieces if piece.text.rstrip().endswith(":")] == []


@pytest.mark.parametrize("stem", STEMS)
def test_every_page_of_a_lab_shows_its_code_after_where_it_stops_being_true(stem: str) -> None:
    page = (PROJECT / "book" / f"{stem}.md").read_text("utf-8")
    place = page.index("## Where this stops being true")
    assert page.index(f"```{{client-code}} {STEMS[stem]}\n") > place


@pytest.mark.parametrize("tab", TABS)
def test_what_a_tab_shows_stands_in_a_file_of_this_repository_line_by_line(tab: Tab) -> None:
    shown = [line for line in tab.text.splitlines() if line and line not in {f"# {one.does}" for one in tab.pieces}]
    there = {line.strip() for file in tab.files for line in (PROJECT / file).read_text("utf-8").splitlines()}
    assert {line.strip() for line in shown} <= there
    assert 3 <= len(shown) <= client_code.MOST
    assert max(map(len, shown)) <= 120
    for piece in tab.pieces:
        assert ast.parse(f"async def around():\n{re.sub('(?m)^', '    ', piece.text)}"), "no whole statement"


@pytest.mark.parametrize("tab", TABS)
def test_every_tab_leads_to_its_vendor_and_says_what_to_change(tab: Tab) -> None:
    assert urlsplit(tab.reference).hostname in HOSTS
    assert tab.says.endswith(".")
    assert tab.change.endswith((".", "?", ")"))
    assert len(tab.change) < 260


def test_every_piece_that_labs_share_is_shown_by_one() -> None:
    shared = re.findall(r"(?m)^\[([a-z-]+)\]", (client_code.FOLDER / client_code.SHARED).read_text("utf-8"))
    asked = "".join(path.read_text("utf-8") for path in client_code.FOLDER.glob("[!_]*.toml"))
    assert [name for name in shared if f'"{name}"' not in asked] == []
    assert {path.stem for path in client_code.FOLDER.glob("[!_]*.toml")} == set(STEMS.values())


@pytest.mark.parametrize("lab", STEMS.values())
def test_what_a_tab_is_run_by_is_a_setting_of_the_lab_that_is_recorded(lab: str) -> None:
    one = experiment(lab)
    keys = one.grid_keys()
    for tab in client_code.tabs(lab):
        points = one.points_of(one.settings(tab.settings))
        assert {one.look.key(point) for point in points} & set(keys), f"{tab.label}: {tab.run}"


@pytest.mark.parametrize("stem", STEMS)
def test_every_notebook_has_one_cell_of_a_clients_own_code(stem: str) -> None:
    said, code = client_code.by_hand(stem)
    cells = json.loads((PROJECT / "notebooks" / f"{stem}.ipynb").read_text("utf-8"))["cells"]
    assert sum(one["id"] == client_code.CELL for one in cells) == 1
    assert len(code.splitlines()) <= client_code.MOST
    assert said.endswith(".")
    imported = {name.name for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Import) for name in node.names}
    imported |= {str(node.module) for node in ast.walk(ast.parse(code)) if isinstance(node, ast.ImportFrom)}
    assert imported & {"redis", "pika", "kafka", "os"}, "the client's own, not ours"
    assert {name for name in imported if name.startswith("labs")} <= {
        "labs.stack.by_hand",
        "labs.model.paths",
        "labs.scenarios.stack_tasks.by_hand",  # runs the cell's own lines of Celery where Celery is
    }


def test_there_is_a_cell_for_each_broker() -> None:
    asked = {name for stem in STEMS for name in re.findall(r'running\("(\w+)"\)', client_code.by_hand(stem)[1])}
    assert asked == {"redis", "rabbitmq", "kafka"}


@pytest.mark.parametrize("stem", STEMS)
def test_in_recorded_mode_a_cell_says_what_it_needs_and_runs_nothing(
    stem: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LABS_MODE", "recorded")
    code = client_code.by_hand(stem)[1]
    exec(compile(code, stem, "exec"), {})
    said = capsys.readouterr().out
    assert said.strip()
    assert ("needs a running" in said) == ("running(" in code)
    assert "running(" not in code or said.count("\n") == 1


def test_every_lab_is_on_a_page_with_code() -> None:
    assert {course.panels()[lab] for lab in EXPERIMENTS} == set(STEMS)
