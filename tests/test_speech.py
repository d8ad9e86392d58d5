"""Text in any alphabet: nothing that was measured is lost while it is printed, and brackets in names are letters."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import pty
import re
import shutil
import struct
import subprocess
import sys
import termios
from pathlib import Path

import pytest

from labs.cli.speech import fitting, plain
from tests.made import labs

ALL_TABLES = """
from labs.cli.speech import speak_plainly
from labs.experiments import EXPERIMENTS
from labs.pages.recordings import recorded
from labs.cli.speech import tell
from labs.cli.tables import table_of
speak_plainly()
for lab in EXPERIMENTS.values():
    digests = recorded(lab.name).digests
    table_of([one for one in digests if not one.settings.get("published")], lab.look)
    for verdict in lab.judged(digests):
        tell(verdict.text)
"""
ALPHABETS = (
    "ascii:strict",
    pytest.param("iso-8859-1", marks=pytest.mark.long),
    pytest.param("cp1252", marks=pytest.mark.long),
)


def printed(code: str, alphabet: str, *arguments: str, **more: str) -> str:
    env = os.environ | {"PYTHONIOENCODING": alphabet, "PYTHONUTF8": "0"} | more
    command = [sys.executable, "-c", code, *arguments]
    result = subprocess.run(command, env=env, capture_output=True, timeout=120, check=False)
    said = result.stderr.decode("ascii", "replace")
    assert result.returncode == 0, said
    assert "Traceback" not in said
    return result.stdout.decode(alphabet.partition(":")[0])


@pytest.mark.parametrize("alphabet", ALPHABETS)
def test_every_labs_table_and_verdict_can_be_printed_in_every_alphabet_with_plain_letters(alphabet: str) -> None:
    whole, found = (printed(ALL_TABLES, one) for one in ("utf-8", alphabet))
    assert len(found.splitlines()) == len(whole.splitlines())
    assert found.count("?") == whole.count("?")  # no letter that has no plain form
    assert re.findall(r"\d+", found) == re.findall(r"\d+", whole)


def test_a_letter_has_a_near_one_and_half_a_letter_is_shown() -> None:
    assert fitting("5\u00a0ms \u2192 \u201cÜ\u201d \u2265 3\u00d7", "ascii") == '5 ms -> "U" >= 3x'
    assert fitting("5\u00a0ms ü", "iso-8859-1") == "5\u00a0ms ü"
    assert plain("\udce9") == "\\udce9"
    assert plain("\u6f22") == "?"


@pytest.mark.parametrize("alphabet", ["ascii", pytest.param("iso-8859-1", marks=pytest.mark.long)])
def test_what_was_measured_is_printed_in_every_alphabet_and_json_loses_nothing(alphabet: str) -> None:
    env = {"PYTHONIOENCODING": alphabet, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    command = [sys.executable, "-m", "labs", "passport"]
    result = subprocess.run(command, env=os.environ | env, capture_output=True, timeout=120, check=False)
    assert result.returncode == 0, result.stderr
    assert b"Traceback" not in result.stderr
    assert re.search(rb"\d+(\.\d+)?(\xa0| )?(ms|million|%)", result.stdout), result.stdout
    answer = labs("list", "--json", PYTHONIOENCODING=alphabet)
    assert json.loads(answer.stdout) == json.loads(labs("list", "--json").stdout)


@pytest.mark.broker
@pytest.mark.skipif(not shutil.which("localedef"), reason="no localedef to make a locale with")
def test_in_the_locale_of_a_german_of_the_nineties_a_run_ends_with_0(tmp_path: Path) -> None:
    name = tmp_path / "de_DE.ISO-8859-1"
    made = subprocess.run(["localedef", "-i", "de_DE", "-f", "ISO-8859-1", str(name)], capture_output=True, check=False)
    assert name.is_dir(), made.stderr
    env = {"LC_ALL": "de_DE.ISO-8859-1", "LANG": "de_DE.ISO-8859-1", "LOCPATH": str(tmp_path)}
    command = [sys.executable, "-m", "labs", "run", "redis-million", "--set", "way=xadd-16", "--set", "backend=native"]
    for _ in range(4):
        result = subprocess.run(command, env=os.environ | env, capture_output=True, timeout=180, check=False)
        if b"stood still" not in result.stderr:  # a machine full of other work makes a round void, and says so
            break
    assert result.returncode == 0, result.stderr.decode("iso-8859-1")
    text = result.stdout.decode("iso-8859-1")
    assert "acknowledged" in text or "/s" in text
    assert "C53: " in text


MARKUP = """
import sys
from labs.cli.speech import speak_plainly
from labs.cli.progress import Bar
from labs.cli.tables import whole
from labs.cli.terminal import say, tell
from rich.table import Table
speak_plainly()
name = sys.argv[1]
tell(name); say(name)
table = Table(name); table.add_row(name); whole(table)
with Bar(name) as observer:
    observer.progress(0.5, name)
raise SystemExit(0)
"""


@pytest.mark.parametrize("name", ["Ordner [b] x[/y]", "[red]alarm[/red] :smile:"])
def test_brackets_in_a_name_are_letters_in_every_output(name: str) -> None:
    text = printed(MARKUP, "utf-8", name)
    assert text.count(name) == 3
    on_a_screen = screen([sys.executable, "-c", MARKUP, name])
    assert on_a_screen.count(name) >= 5  # the progress bar too, its title and its text


def screen(command: list[str], columns: int = 80) -> str:
    """What a command shows on a terminal of that width, without colours."""
    reader, writer = pty.openpty()
    fcntl.ioctl(writer, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    env = {name: word for name, word in os.environ.items() if name not in ("COLUMNS", "LINES", "NO_COLOR")}
    with subprocess.Popen(command, env=env | {"TERM": "xterm"}, stdin=writer, stdout=writer, stderr=writer) as process:
        os.close(writer)
        seen = b""
        with contextlib.suppress(OSError):  # how the end of a terminal is told
            while piece := os.read(reader, 65536):
                seen += piece
        process.wait(60)
    os.close(reader)
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", seen.decode("utf-8", "replace")).replace("\r", "")


@pytest.mark.parametrize(
    "command",
    [["status"], ["list"], ["bench", "--list"], ["promises", "--list"], ["run", "latency-ladder", "--dry-run"]],
)
def test_at_80_columns_no_line_is_broken_by_the_terminal(command: list[str]) -> None:
    text = screen([sys.executable, "-m", "labs", *command])
    long = [line for line in text.splitlines() if len(line) > 80 and not line.startswith("  ") and " " in line]
    assert long == []


def test_at_80_columns_a_wide_table_is_told_row_by_row() -> None:
    text = screen([sys.executable, "-c", ALL_TABLES])
    assert [line for line in text.splitlines() if len(line) > 80 and not line.startswith("  ") and " " in line] == []
    assert "None" not in text
