"""`labs lab`: JupyterLab on loopback with the brokers beside it; both end together."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import click

from labs.cli.terminal import backend_option, plain, say
from labs.model import environ
from labs.model.kernel import die_with_parent
from labs.model.paths import PROJECT, home

FIRST = "notebooks/00-your-machine.ipynb"
STOP_WITHIN_S = 15


@click.command("lab")
@backend_option
@click.option("--no-browser", is_flag=True, help="Print the address only.")
@plain
def command(backend: str, no_browser: bool) -> None:
    """Start the brokers and JupyterLab on loopback; Ctrl-C stops everything that this started."""
    serve(backend, browser=not no_browser, report=say)


def serve(backend: str, *, browser: bool, report: Callable[[str], None]) -> None:
    """Run JupyterLab until it ends or Ctrl-C, with those brokers that can be had; which cannot, and why, is said.

    With LABS_MODE=live a broker that cannot be had is a StackError.
    """
    from labs import stack

    lacking: dict[str, str] | None = None if environ.read("LABS_MODE") == "live" else {}
    with stack.session(backend=backend, report=report, lacking=lacking) as found:
        for broker, why in (lacking or {}).items():
            report(f"{broker} is missing: {why} Labs that need it show recorded runs.")
        answer = f"{' and '.join(found)} answer{'' if len(found) > 1 else 's'}" if lacking else "The brokers answer"
        report(f"{answer if found else 'No broker runs'}. Starting JupyterLab; Ctrl-C here stops everything.")
        environment = _environment() | stack.known_lacking(lacking or {})
        server = subprocess.Popen(
            _command(browser),
            cwd=PROJECT,
            env=environment,
            start_new_session=True,
            preexec_fn=partial(die_with_parent, signal.SIGTERM),
        )
        try:
            server.wait()
        finally:
            _stop(server)


def _environment() -> dict[str, str]:
    """What Jupyter and IPython keep between runs goes into our folder, and nothing into the user's home; kernels and
    settings of other environments, and what runs at the start of every Python, do not come in."""
    ours = {"JUPYTER_RUNTIME_DIR": "runtime", "JUPYTER_CONFIG_DIR": "config", "JUPYTER_DATA_DIR": "data"}
    ours |= {"IPYTHONDIR": "ipython", "npm_config_cache": "npm"}  # JupyterLab asks Node, where there is one
    known = environ.without("JUPYTER_PATH", "JUPYTER_CONFIG_PATH", "PYTHONSTARTUP")
    return known | {name: str(home() / "jupyter" / folder) for name, folder in ours.items()}


def _quiet_settings() -> Path:
    """A settings folder in which JupyterLab asks nobody for news or updates, and is as dark as the reader's system."""
    folder = home() / "jupyter"
    folder.mkdir(parents=True, exist_ok=True)
    asks = {"fetchNews": "false", "checkForUpdates": False}
    ours = {"notification": asks, "themes": {"adaptive-theme": True}}
    ours = {f"@jupyterlab/apputils-extension:{name}": settings for name, settings in ours.items()}
    (folder / "overrides.json").write_text(json.dumps(ours))
    return folder


def _command(browser: bool) -> list[str]:
    command = [sys.executable, "-m", "jupyterlab", "--ip=127.0.0.1", f"--LabApp.default_url=/lab/tree/{FIRST}"]
    command += ["--ServerApp.port_retries=50", "--ServerApp.terminals_enabled=False"]
    command += [f"--LabApp.app_settings_dir={_quiet_settings()}"]
    command += [] if browser else ["--no-browser"]
    return command + (["--allow-root"] if hasattr(os, "geteuid") and os.geteuid() == 0 else [])


def _stop(server: subprocess.Popen[bytes]) -> None:
    if server.poll() is not None:
        return
    server.terminate()
    try:
        server.wait(STOP_WITHIN_S)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()
