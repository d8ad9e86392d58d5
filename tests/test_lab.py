"""`make lab`: brokers and JupyterLab on loopback, and nothing left of them afterwards, however it ends."""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import psutil
import pytest

from labs.cli import lab as jupyter

pytestmark = pytest.mark.broker
PATIENCE_S = 120


def cache() -> str:
    """The downloads that all tests share."""
    return os.environ.get("LABS_CACHE") or str(Path(os.environ.get("LABS_HOME") or ".labs").absolute() / "cache")


def start(home: Path, **more: str) -> tuple[subprocess.Popen[bytes], str]:
    """`labs lab` in a process group of its own and the address that it printed."""
    log = home / "lab.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "labs", "lab", "--no-browser", "--backend", "native"],
            stdout=out,
            stderr=out,
            start_new_session=True,
            env=os.environ | {"LABS_HOME": str(home), "LABS_CACHE": cache(), "HOME": str(users_home(home))} | more,
        )
    give_up = time.monotonic() + PATIENCE_S
    while time.monotonic() < give_up and process.poll() is None:
        if found := re.search(rb"http://127\.0\.0\.1:\d+/lab\S*token=\w+", log.read_bytes()):
            return process, found[0].decode()
        time.sleep(0.2)
    process.kill()
    raise AssertionError(f"JupyterLab did not start:\n{log.read_text()[-3000:]}")


def users_home(home: Path) -> Path:
    """A home folder that must stay empty."""
    folder = home / "user"
    folder.mkdir(exist_ok=True)
    return folder


def ours(home: Path) -> list[psutil.Process]:
    """Every process that carries this test's folder in its environment, the test itself aside."""
    found = []
    for process in psutil.process_iter():
        try:
            folders = {process.environ().get(name) for name in ("LABS_HOME", "LABS_STACK_HOME")}
            if process.pid != os.getpid() and str(home) in folders:
                found.append(process)
        except psutil.Error:
            continue
    return found


LONG = [pytest.param(number, marks=pytest.mark.long) for number in (signal.SIGTERM, signal.SIGKILL)]


@pytest.mark.parametrize("number", [signal.SIGINT, *LONG])
def test_jupyterlab_and_brokers_are_on_loopback_and_end_with_the_command(number: int, tmp_path: Path) -> None:
    process, address = start(tmp_path)
    try:
        look(address, tmp_path)
        assert_status_knows(process.pid, tmp_path)
    finally:
        process.send_signal(number)
        process.wait(60)
    give_up = time.monotonic() + 30
    while time.monotonic() < give_up and ours(tmp_path):
        time.sleep(0.2)
    assert [(one.pid, one.cmdline()[:4]) for one in ours(tmp_path)] == []
    assert list(users_home(tmp_path).rglob("*")) == []


def assert_status_knows(pid: int, home: Path) -> None:
    """Another terminal sees its brokers, that `make lab` started them, and where they are."""
    command = [sys.executable, "-m", "labs", "status"]
    env = os.environ | {"LABS_HOME": str(home)}
    text = subprocess.run(command, env=env, capture_output=True, text=True, check=True).stdout
    for broker in ("redis", "rabbitmq", "kafka"):
        assert re.search(rf"^{broker} +running +127\.0\.0\.1 +\d+ .* make lab, pid {pid}$", text, re.MULTILINE), text


def test_the_kernel_is_the_projects_own_whatever_else_the_reader_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kernel = tmp_path / "kernels" / "python3"
    kernel.mkdir(parents=True)
    (kernel / "kernel.json").write_text('{"argv": ["/nowhere/python"], "display_name": "x", "language": "python"}')
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    monkeypatch.setenv("LABS_HOME", str(tmp_path / "home"))
    asked = [sys.executable, "-m", "jupyter", "kernelspec", "list", "--json"]
    found = json.loads(subprocess.run(asked, env=jupyter._environment(), capture_output=True, check=True).stdout)
    assert Path(found["kernelspecs"]["python3"]["resource_dir"]).is_relative_to(sys.prefix)


def look(address: str, home: Path) -> None:
    """The page answers with its token and not without; nothing listens beyond loopback."""
    listening = set()
    for one in ours(home):
        with contextlib.suppress(psutil.NoSuchProcess):
            listening |= {c.laddr.ip for c in one.net_connections("tcp") if c.status == psutil.CONN_LISTEN}
    assert "127.0.0.1" in listening
    assert listening <= {"127.0.0.1", "::1"}  # epmd takes both loopback addresses
    with urllib.request.urlopen(address, timeout=10) as answer:
        assert answer.status == 200
    bare = address.split("/lab")[0] + "/api/contents"
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(bare, timeout=10)


@pytest.fixture
def path_without_redis(tmp_path: Path) -> str:
    """A PATH on which redis-server is one that cannot run and says why."""
    server = tmp_path / "bin" / "redis-server"
    server.parent.mkdir()
    server.write_text("#!/bin/sh\necho 'cannot run here today' >&2\nexit 3\n")
    server.chmod(0o755)
    return f"{server.parent}:{os.environ['PATH']}"


@pytest.mark.long
def test_without_one_broker_jupyterlab_starts_and_says_what_that_means(tmp_path: Path, path_without_redis: str) -> None:
    process, _address = start(tmp_path, PATH=path_without_redis, LABS_MODE="auto")
    try:
        said = (tmp_path / "lab.log").read_text()
        assert re.search(r"redis is missing: .*cannot run here today.* Labs that need it show recorded runs\.", said)
        assert "rabbitmq and kafka answer. Starting JupyterLab" in said
        code = "from labs import stack\nwith stack.session(['redis'], report=lambda line: None): pass"
        (jupyter,) = [one for one in ours(tmp_path) if "jupyterlab" in one.cmdline()]
        asked = [sys.executable, "-c", code]
        began_s = time.monotonic()
        done = subprocess.run(asked, env=jupyter.environ(), capture_output=True, text=True, timeout=60)
        assert re.search(
            r"StackError: using redis: `labs lab` could not start it \(.*today.*labs up redis", done.stderr
        )
        assert time.monotonic() - began_s < 15
    finally:
        process.terminate()
        process.wait(60)


def test_without_one_broker_live_mode_fails_and_leaves_nothing(tmp_path: Path, path_without_redis: str) -> None:
    more = {"LABS_HOME": str(tmp_path / "home"), "LABS_MODE": "live", "PATH": path_without_redis}
    more["LABS_CACHE"] = cache()
    command = [sys.executable, "-m", "labs", "lab", "--no-browser", "--backend", "native"]
    done = subprocess.run(command, env=os.environ | more, capture_output=True, text=True, timeout=PATIENCE_S)
    assert done.returncode == 1
    assert re.search(r"starting redis: it ended with exit code 3.*cannot run here today", done.stderr)
    assert ours(tmp_path / "home") == []


def test_jupyterlab_is_as_dark_as_the_system_and_asks_nobody_for_news(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LABS_HOME", str(tmp_path))
    command = jupyter._command(browser=False)
    [folder] = [Path(one.split("=", 1)[1]) for one in command if one.startswith("--LabApp.app_settings_dir=")]
    said = json.loads((folder / "overrides.json").read_text())
    assert said["@jupyterlab/apputils-extension:themes"] == {"adaptive-theme": True}
    assert said["@jupyterlab/apputils-extension:notification"] == {"fetchNews": "false", "checkForUpdates": False}
