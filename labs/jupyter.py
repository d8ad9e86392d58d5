"""JupyterLab on loopback with the brokers beside it; both end together."""

from __future__ import annotations

import ctypes
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from labs import stack
from labs.places import PROJECT, home

FIRST = "notebooks/00-your-machine.ipynb"
STOP_WITHIN_S = 15
PR_SET_PDEATHSIG = 1


def serve(backend: str, *, browser: bool, report: Callable[[str], None]) -> None:
    """Run JupyterLab until it ends or Ctrl-C; raise StackError if no broker can be had and say so."""
    with stack.session(backend=backend, report=report):
        report("The brokers answer. Starting JupyterLab; Ctrl-C here stops everything.")
        server = subprocess.Popen(
            _command(browser), cwd=PROJECT, env=_environment(), start_new_session=True, preexec_fn=_die_with_parent
        )
        try:
            server.wait()
        finally:
            _stop(server)


def _environment() -> dict[str, str]:
    """What Jupyter and IPython keep between runs goes into our folder, and nothing into the user's home."""
    ours = {"JUPYTER_RUNTIME_DIR": "runtime", "JUPYTER_CONFIG_DIR": "config", "JUPYTER_DATA_DIR": "data"}
    ours |= {"IPYTHONDIR": "ipython", "npm_config_cache": "npm"}  # JupyterLab asks Node, where there is one
    return os.environ | {name: str(home() / "jupyter" / folder) for name, folder in ours.items()}


def _quiet_settings() -> Path:
    """A settings folder in which JupyterLab asks nobody for news or updates."""
    folder = home() / "jupyter"
    folder.mkdir(parents=True, exist_ok=True)
    asks = {"fetchNews": "false", "checkForUpdates": False}
    (folder / "overrides.json").write_text(json.dumps({"@jupyterlab/apputils-extension:notification": asks}))
    return folder


def _command(browser: bool) -> list[str]:
    command = [sys.executable, "-m", "jupyterlab", "--ip=127.0.0.1", f"--LabApp.default_url=/lab/tree/{FIRST}"]
    command += ["--ServerApp.port_retries=50", "--ServerApp.terminals_enabled=False"]
    command += [f"--LabApp.app_settings_dir={_quiet_settings()}"]
    command += [] if browser else ["--no-browser"]
    return command + (["--allow-root"] if hasattr(os, "geteuid") and os.geteuid() == 0 else [])


def _die_with_parent() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def _stop(server: subprocess.Popen[bytes]) -> None:
    if server.poll() is not None:
        return
    server.terminate()
    try:
        server.wait(STOP_WITHIN_S)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()
