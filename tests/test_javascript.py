"""The JavaScript: what `make check` looks at, and the one module that anywidget gets."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from labs.experiments import EXPERIMENTS, experiment
from labs.experiments.latency_ladder import chosen_profiles
from labs.model.paths import PROJECT
from labs.pages.bundle import JS, BundleError, bundle
from labs.pages.state import recorded_state

DENO = str(Path(sys.executable).with_name("deno"))
VENDORED = ("vendor/",)


def tracked(*endings: str) -> set[str]:
    """The files of ours with these endings."""
    listed = subprocess.run(["git", "ls-files", *(f"*{one}" for one in endings)], cwd=PROJECT, capture_output=True)
    return {name for name in listed.stdout.decode().split() if not any(part in name for part in VENDORED)}


def deno(folder: Path, *arguments: str) -> str:
    """What deno finds wrong in a folder; empty if it finds nothing."""
    env = {"DENO_DIR": str(folder / ".deno"), "NO_COLOR": "1", "DENO_NO_UPDATE_CHECK": "1"}
    done = subprocess.run([DENO, *arguments], cwd=folder, capture_output=True, text=True, env=env)
    return done.stdout + done.stderr if done.returncode else ""


def check_lines() -> list[list[str]]:
    """What `make check` asks of deno."""
    made = subprocess.run(["make", "-n", "check"], cwd=PROJECT, capture_output=True, text=True).stdout
    return [line.split(".venv/bin/deno ")[1].split() for line in made.splitlines() if ".venv/bin/deno " in line]


@pytest.mark.parametrize(
    ("number", "text", "endings"),
    [
        pytest.param(0, "\n\n  const    a = 1\n", (".mjs", ".js"), id="format of scripts"),
        pytest.param(0, "a{color:red}", (".css",), id="format of styles"),
        pytest.param(1, "const a = 1;\n", (".mjs", ".js"), id="lint"),
        pytest.param(2, "export const b = a;\n", (".mjs", ".js"), id="types"),
    ],
)
def test_make_check_sees_a_mistake_in_every_file_of_ours(
    tmp_path: Path, number: int, text: str, endings: tuple[str, ...]
) -> None:
    files = tracked(*endings)
    assert len(files) > 4
    shutil.copy(PROJECT / "deno.json", tmp_path)
    for name in files:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    asked = [one for word in check_lines()[number] for one in (sorted(files) if "*" in word else [word])]
    found = deno(tmp_path, *asked)
    assert [name for name in sorted(files) if name not in found.replace("\\", "/")] == []


def test_no_line_is_longer_than_120_columns_comments_too() -> None:
    lines = [
        (name, line) for name in tracked(".mjs", ".js") for line in (PROJECT / name).read_text("utf-8").split("\n")
    ]
    assert len(lines) > 2000
    assert [one for one in lines if len(one[1]) > 120] == []


@pytest.mark.parametrize(
    "file",
    [
        *(one for one in JS.glob("*.mjs") if not one.name.startswith("choose")),  # of no lab, nor is the next
        *(one for one in (PROJECT / "book" / "_static").glob("*.mjs") if one.name != "code-tabs.mjs"),
    ],
    ids=lambda file: file.name,
)
def test_no_control_of_a_lab_and_no_setting_of_a_point_is_known_to_the_panel_by_name(file: Path) -> None:
    labs = list(EXPERIMENTS.values())
    names = {name for lab in labs for one in lab.controls for name in (one.name, one.sets)}
    names |= {name for lab in labs for name in lab.look.point}
    assert {"rung", "rate_per_s", "brokers", "broker", "body_bytes", "profile", "fault"} <= names
    text = re.sub(r"^\s*(//|\*|/\*).*", "", file.read_text("utf-8"), flags=re.MULTILINE)
    text = re.sub(
        r"meta\.broker|\.client-code|\.size\b|\.\.\.|\b(?:add|remove)EventListener\(\"\w+\"|\b(?:part|axis|row)\.share\b",
        "",
        text,
    )  # a spread, an event, how many a set has and the share of a part, of an axis or of a row are no names
    known = {name for name in names if re.search(rf"\.{name}\b|[\"'`]{name}[\"'`]", text)}
    assert known == set()


def sent(folder: Path, lab: str, script: str) -> Any:
    """What a panel of the lab sends with Run, after `script` has chosen with `choice`."""
    (folder / "state.json").write_text(json.dumps(recorded_state(experiment(lab))))
    (folder / "run.mjs").write_text(
        f'import {{ Choice }} from "{JS.as_uri()}/choice.mjs";\n'
        'import state from "./state.json" with { type: "json" };\n'
        f"const choice = new Choice(state, () => ({{}}));\n{script}\nconsole.log(JSON.stringify(choice.settings()));\n"
    )
    done = subprocess.run([DENO, "run", "--quiet", "run.mjs"], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_what_a_panel_sends_of_mixed_promises_is_what_the_run_takes(tmp_path: Path) -> None:
    script = 'choice.values.brokers = ["redis", "kafka"];\nchoice.startMixing({ kafka: 3 });'
    settings = experiment("latency-ladder").settings(sent(tmp_path, "latency-ladder", script))
    chosen = {broker: one.name for broker, one in chosen_profiles(settings).items()}
    assert chosen == {"redis": "redis-stream-everysec", "kafka": "kafka-flush"}


def test_a_panel_sends_no_broker_that_has_no_such_promise_and_nothing_if_none_is_left(tmp_path: Path) -> None:
    assert sent(tmp_path, "latency-ladder", "choice.values.rung = 1;")["brokers"] == ["redis", "rabbitmq"]
    assert (
        sent(tmp_path, "latency-ladder", 'choice.values = { ...choice.values, rung: 1, brokers: ["kafka"] };') is None
    )


def test_mixing_begins_with_the_nearest_stronger_promise_where_a_broker_lacks_the_chosen_one(tmp_path: Path) -> None:
    found = sent(tmp_path, "latency-ladder", "choice.values.rung = 1;\nchoice.startMixing();")
    assert found["rungs"] == {"redis": 1, "rabbitmq": 1, "kafka": 2}


def test_a_bundle_is_one_module_in_which_no_name_of_a_module_is_seen_by_another(tmp_path: Path) -> None:
    (tmp_path / "a.mjs").write_text('import { b as mine, c } from "./b.mjs";\nexport default mine + c;\n')
    (tmp_path / "b.mjs").write_text(
        'import { own as d } from "./c.mjs";\nconst own = 1;\nexport const b = own;\nexport const c = d;\n'
    )
    (tmp_path / "c.mjs").write_text("export const own = 41;\n")
    (tmp_path / "run.mjs").write_text(
        f"{bundle(tmp_path / 'a.mjs').replace('export default', 'console.log(')});\n".replace(";\n);", ");")
    )
    done = subprocess.run([DENO, "run", "--quiet", "run.mjs"], cwd=tmp_path, capture_output=True, text=True)
    assert done.stdout.strip() == "42", done.stderr


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('import * as b from "./b.mjs";\n', "import \\* as b"),
        ('import b from "./b.mjs";\n', "import b from"),
        ("const a = 1;\nexport { a };\n", "export { a }"),
        ('import { a } from "./a.mjs";\n', "a.mjs imports a.mjs"),
    ],
)
def test_what_a_bundle_cannot_have_is_named(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "a.mjs").write_text(text)
    with pytest.raises(BundleError, match=said):
        bundle(tmp_path / "a.mjs")


@pytest.mark.parametrize("entry", ["panel.mjs", "pictures/widget.mjs"])
def test_what_anywidget_gets_is_read_as_one_module_by_itself(tmp_path: Path, entry: str) -> None:
    (tmp_path / "one.mjs").write_text(bundle(JS / entry))
    (tmp_path / "run.mjs").write_text('import one from "./one.mjs";\nconsole.log(typeof one.render);\n')
    done = subprocess.run(
        [DENO, "run", "--quiet", "--allow-read", "run.mjs"], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.stdout.strip() == "function", done.stderr
