"""Package sets: complete or absent, the very files of the list or none, and no process of theirs outlives us."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from labs.model.errors import StackError
from labs.model.profile import UnknownNameError
from labs.stack import packages
from labs.stack.processes import awaited

ROOT = Path(__file__).parent.parent
QUIET = lambda _text: None  # noqa: E731
FORKS = """
import os, sys, time
child = os.fork()
if not child:
    time.sleep(60)
print(os.getpid(), child, sys.argv[1], os.environ["WORD"], flush=True)
for line in sys.stdin:
    print("heard", line.strip(), flush=True)
time.sleep(60)
"""


def wheel(folder: Path, version: str = "1.0") -> str:
    """A package `tiny` of one module, and its SHA-256."""
    path, about = folder / f"tiny-{version}-py3-none-any.whl", f"tiny-{version}.dist-info"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("tiny.py", f"VERSION = {version!r}\n")
        file.writestr(f"{about}/METADATA", f"Metadata-Version: 2.1\nName: tiny\nVersion: {version}\n")
        file.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        file.writestr(f"{about}/RECORD", f"tiny.py,,\n{about}/METADATA,,\n{about}/WHEEL,,\n{about}/RECORD,,\n")
    return hashlib.sha256(path.read_bytes()).hexdigest()


def only_small(place: Path, patch: pytest.MonkeyPatch) -> Path:
    """A set `small` with one package, to be had from a folder; the folder of downloads is empty."""
    lists, wheels = place / "lists", place / "wheels"
    lists.mkdir()
    wheels.mkdir()
    (lists / "small.txt").write_text(f"tiny==1.0 \\\n    --hash=sha256:{wheel(wheels)}\n")
    patch.setattr(packages, "LISTS", lists)
    patch.setenv("LABS_CACHE", str(place / "cache"))
    patch.setenv("LABS_HOME", str(place / "home"))
    patch.setenv("PIP_FIND_LINKS", str(wheels))
    patch.setenv("PIP_NO_INDEX", "1")
    return lists / "small.txt"


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The list of that set, which no test has fetched yet."""
    return only_small(tmp_path, monkeypatch)


@pytest.fixture(scope="module")
def fetched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The list of that set, which is fetched."""
    with pytest.MonkeyPatch.context() as patch:
        found = only_small(tmp_path_factory.mktemp("packages"), patch)
        packages.python("small", QUIET)
        yield found


def left(cache: Path) -> list[str]:
    """What lies in the folder of downloads, but for the lock."""
    return sorted(path.name for path in [*cache.iterdir(), *(cache / "packages").iterdir()] if "lock" not in path.name)


def test_there_are_four_sets_and_a_name_that_is_none_is_answered_with_the_nearest() -> None:
    assert packages.names() == ["celery-5.6", "celery-5.7", "confluent-kafka", "multi-broker"]
    assert packages.versions("celery-5.6")["celery"] == "5.6.3"
    assert packages.versions("celery-5.7").items() >= {"celery": "5.7.0", "kombu": "5.7.0"}.items()
    assert all(packages.versions(name) for name in packages.names())
    with pytest.raises(UnknownNameError, match=r"celery-5\.7"):
        packages.python("celery-5", QUIET)


def test_a_set_is_fetched_once_and_has_its_packages_and_not_ours(small: Path) -> None:
    said: list[str] = []
    python = packages.python("small", said.append)
    assert packages.python("small", said.append) == python
    assert [line for line in said if "fetching 1 Python packages" in line] == said[:1] == said
    code = "import tiny, importlib.util as u; print(tiny.VERSION, u.find_spec('pika'), u.find_spec('labs'))"
    done = subprocess.run([python, "-P", "-c", code], cwd="/", capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["1.0", "None", "None"]


def test_a_file_that_is_not_the_listed_one_is_refused_and_nothing_is_kept(small: Path, tmp_path: Path) -> None:
    small.write_text(f"tiny==1.0 --hash=sha256:{'0' * 64}\n")
    with pytest.raises(StackError, match=r"tiny.* is not the file whose SHA-256 is listed") as told:
        packages.python("small", QUIET)
    assert "\n" not in str(told.value)
    assert left(tmp_path / "cache") == ["packages"]


def test_a_list_without_a_hash_is_refused(small: Path, tmp_path: Path) -> None:
    small.write_text("tiny==1.0\n")
    with pytest.raises(StackError, match="small"):
        packages.python("small", QUIET)
    assert left(tmp_path / "cache") == ["packages"]


def test_without_a_network_one_line_says_what_to_do(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("PIP_NO_INDEX", "PIP_FIND_LINKS"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")  # where nobody listens
    monkeypatch.setenv("PIP_RETRIES", "0")
    with pytest.raises(StackError, match="Check the network and run the same command again: labs fetch small") as told:
        packages.python("small", QUIET)
    assert "\n" not in str(told.value)
    assert left(tmp_path / "cache") == ["packages"]


def test_a_folder_whose_python_is_gone_is_made_anew(small: Path) -> None:
    python = packages.python("small", QUIET)
    python.unlink()
    assert not packages.is_here("small")
    assert packages.python("small", QUIET) == python
    assert packages.is_here("small")


def test_another_list_is_another_folder(small: Path, tmp_path: Path) -> None:
    first = packages.python("small", QUIET)
    small.write_text(f"tiny==2.0 --hash=sha256:{wheel(tmp_path / 'wheels', '2.0')}\n")
    assert packages.python("small", QUIET) != first


def test_of_two_who_ask_at_once_one_fetches_and_the_other_waits(small: Path, tmp_path: Path) -> None:
    code = f"""
from pathlib import Path
from labs.stack import packages
packages.LISTS = Path({str(small.parent)!r})
packages.python("small", print)
"""
    asked = [subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in "ab"]
    said = [one.communicate()[0] for one in asked]
    assert [one.returncode for one in asked] == [0, 0]
    assert "".join(said).count("fetching") == 1 + "".join(said).count("waiting")
    assert len(left(tmp_path / "cache")) == 2


@pytest.mark.parametrize("end", ["killed", "left"])
def test_a_script_and_what_it_forked_are_gone_when_it_is_killed_or_the_block_is_left(
    fetched: Path, tmp_path: Path, end: str
) -> None:
    (tmp_path / "forks.py").write_text(FORKS)
    with packages.program(
        "small", tmp_path / "forks.py", "first", environment={"WORD": "second"}, report=QUIET
    ) as program:
        pid, child, *words = (program.line(20) or "").split()
        assert (int(pid), words) == (program.pid, ["first", "second"])
        program.tell("a line")
        assert program.line(5) == "heard a line"
        assert set(program.pids()) == {int(pid), int(child)}
        if end == "killed":
            program.kill()
            assert program.code == -9
            assert awaited(lambda: not program.pids(), 5)
            assert program.line(1) is None
    assert program.pids() == []


def test_a_script_that_fails_is_told_by_its_code_and_its_last_words(fetched: Path, tmp_path: Path) -> None:
    (tmp_path / "fails.py").write_text("import tiny\nraise ValueError(tiny.VERSION)\n")
    with packages.program("small", tmp_path / "fails.py", report=QUIET) as program:
        assert program.wait(20)
        assert (program.code, program.line(1)) == (1, None)
        assert "ValueError: 1.0" in program.errors()


def test_when_we_are_killed_a_script_and_what_it_forked_die_with_us(fetched: Path, tmp_path: Path) -> None:
    (tmp_path / "forks.py").write_text(FORKS)
    code = f"""
from pathlib import Path
from labs.stack import packages
packages.LISTS = Path({str(fetched.parent)!r})
with packages.program("small", Path({str(tmp_path / "forks.py")!r}), "x", environment={{"WORD": "y"}}) as program:
    print(program.line(20), flush=True)
    program.line(60)
"""
    with subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True) as us:
        assert us.stdout
        said = next(line for line in us.stdout if line[0].isdigit())
        us.kill()
    pids = [int(word) for word in said.split()[:2]]
    assert awaited(lambda: not [pid for pid in pids if _runs(pid)], 5)


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_a_signal_goes_to_no_process_that_is_not_the_programs_own(fetched: Path, tmp_path: Path) -> None:
    (tmp_path / "forks.py").write_text(FORKS)
    with packages.program("small", tmp_path / "forks.py", "a", environment={"WORD": "b"}, report=QUIET) as program:
        assert program.line(20)
        program._stack = "set-another"
        with pytest.raises(StackError, match=r"is not it\. Nothing was sent"):
            program.signal(9)
        assert program.code is None
        program._stack = next(
            word.partition("=")[2]
            for word in Path(f"/proc/{program.pid}/environ").read_text().split("\0")
            if word.startswith("LABS_STACK=")
        )
    assert not os.path.exists(f"/proc/{program.pid}")  # noqa: PTH110
