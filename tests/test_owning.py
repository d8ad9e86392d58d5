"""Root and an ordinary user in one folder: neither locks the other out, and who cannot write hears it in time."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from labs.model.paths import check_ours, give_back, runs_of

ROOT = Path(__file__).resolve().parent.parent
NOBODY = 65534
IS_ROOT = os.geteuid() == 0
RUN = ("run", "latency-ladder", "--set", "broker=redis", "--set", "rate=100", "--set", "rung=0")
CAPABILITY = "+dac_read_search"
"""So that a user may read a Python that lies in root's folder; it lets nobody write."""


def as_user(*arguments: str, home: Path) -> subprocess.CompletedProcess[str]:
    """The command as a user who is not root: as nobody where we are root, else as ourselves."""
    caps = ["--inh-caps", CAPABILITY, "--ambient-caps", CAPABILITY, "--bounding-set", f"-all,{CAPABILITY}"]
    who = ["setpriv", "--reuid", str(NOBODY), "--regid", str(NOBODY), "--clear-groups", *caps] if IS_ROOT else []
    environment = os.environ | {"LABS_HOME": str(home), "LABS_BACKEND": "native", "HOME": "/nonexistent"}
    command = [*who, sys.executable, "-m", "labs", *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False)


@pytest.fixture
def home() -> Iterator[Path]:
    """A home of the user's, in a folder that he may enter, as pytest's own are not."""
    with tempfile.TemporaryDirectory(prefix="labs owning ") as above:
        Path(above).chmod(0o755)
        found = Path(above) / "a home"
        found.mkdir()
        if IS_ROOT:
            os.chown(found, NOBODY, NOBODY)
        yield found


def roots(home: Path) -> list[str]:
    return [str(path.relative_to(home)) for path in home.rglob("*") if path.lstat().st_uid == 0]


@pytest.mark.parametrize("closed", ["runs/latency-ladder", "."])
def test_who_cannot_keep_what_he_measures_hears_it_before_measuring_with_the_cure(home: Path, closed: str) -> None:
    folder = home / closed
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o555)
    if IS_ROOT:
        for one in (*folder.parents, folder):
            if one.is_relative_to(home):
                os.chown(one, NOBODY if one != folder else 0, NOBODY if one != folder else 0)
    began = time.monotonic()
    result = as_user(*RUN, home=home)
    assert time.monotonic() - began < 15
    assert result.returncode == 1
    assert len(result.stderr.strip().splitlines()) == 1, result.stderr
    assert "Nothing was measured" in result.stderr or closed == "."
    assert str(folder) in result.stderr
    assert ("sudo chown -R nobody" if IS_ROOT else "chmod -R u+rwX") in result.stderr
    folder.chmod(0o755)


@pytest.mark.broker
@pytest.mark.root
def test_a_run_as_root_in_a_users_folder_leaves_nothing_of_roots_and_the_users_next_run_works(home: Path) -> None:
    environment = os.environ | {"LABS_HOME": str(home), "LABS_BACKEND": "native"}
    command = [sys.executable, "-m", "labs"]
    for words in (RUN, ("up", "redis"), ("down",)):
        done = subprocess.run(
            [*command, *words], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
    assert list((home / "runs" / "latency-ladder").iterdir())
    assert roots(home) == []
    result = as_user(*RUN, home=home)
    assert result.returncode == 0, result.stderr


@pytest.mark.root
def test_what_root_gives_back_is_his_own_and_lies_in_the_folder(tmp_path: Path) -> None:
    home, outside = tmp_path / "home", tmp_path / "outside"
    (home / "deep" / "er").mkdir(parents=True)
    (home / "deep" / "file").write_text("x")
    (home / "another").write_text("x")
    outside.write_text("x")
    (home / "link").symlink_to(outside)
    os.link(outside, home / "second-name")
    os.chown(home, NOBODY, NOBODY)
    os.chown(home / "another", 12345, 12345)
    give_back(home)
    owners = {path.name: path.lstat().st_uid for path in home.rglob("*")}
    assert owners == {"deep": NOBODY, "er": NOBODY, "file": NOBODY, "another": 12345, "link": NOBODY, "second-name": 0}
    assert outside.stat().st_uid == 0
    shutil.rmtree(home)


def test_where_all_is_ours_nothing_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LABS_HOME", str(tmp_path))
    runs_of("latency-ladder").mkdir(parents=True)
    check_ours("latency-ladder")
