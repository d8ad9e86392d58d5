"""Answers to the questions of the page Choose, drawn at random, and what both of its engines make of answers."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

from labs.model.paths import PROJECT
from labs.pages.choose import page

DENO = str(Path(sys.executable).with_name("deno"))
JS = PROJECT / "labs" / "pages" / "js"


def random_answers(seed: int) -> dict[str, Any]:
    """Answers of all sorts, always the same of a seed."""
    chance, found = random.Random(seed), {}
    for one in page.known()["questions"]:
        if chance.random() < 0.3:
            continue
        if one["form"] == "choice":
            found[one["id"]] = chance.choice(one["options"])[0]
        elif one["form"] == "several":
            found[one["id"]] = sorted(name for name, _ in one["several"] if chance.random() < 0.4)
        else:
            low, high = one["number"]["low"], one["number"]["high"]
            number = round(low * (high / low) ** chance.random(), 3)
            found[one["id"]] = int(number) if number.is_integer() else number
    return found


@cache
def made() -> dict[str, Any]:
    """The page's rules as they are sent to the browser."""
    return page.known()


def deno(tmp_path: Path, script: str, given: Any) -> Any:
    """What a JavaScript function of the page's own modules gives for `given`."""
    (tmp_path / "given.json").write_text(json.dumps(given))
    (tmp_path / "model.json").write_text(json.dumps(made()))
    imports = "".join(
        f'import * as {name} from "{(JS / f"choose-{name}.mjs").as_uri()}";\n'
        for name in ("engine", "bill", "words", "record", "compared")
    )
    read = (f'import {name} from "./{name}.json" with {{ type: "json" }};\n' for name in ("given", "model"))
    head = "".join(read)
    (tmp_path / "run.mjs").write_text(f"{imports}{head}console.log(JSON.stringify(({script})()));\n")
    done = subprocess.run([DENO, "run", "--quiet", "run.mjs"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def recorded_as(tmp_path: Path, answers: Any, weights: str = "{}") -> str:
    """The record of these answers."""
    where = '{ base: "https://book.example/book/choose.html#answers", date: "2026-11-30" }'
    return str(deno(tmp_path, f"() => record.record(model, given, {weights}, {where})", answers))
