"""The panel in a live JupyterLab, in a real browser, on real brokers."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
from playwright.sync_api import Page
from playwright.sync_api import TimeoutError as PlaywrightTimeoutError

from labs.model.paths import PROJECT
from tests.browser import Watched, chromium
from tests.conftest import free_port

pytestmark = [pytest.mark.browser, pytest.mark.broker, pytest.mark.timeout(540)]
IDLE = "document.querySelector('.labs-panel progress').hidden"
SHOWN_IDLE = ".jp-Notebook-ExecutionIndicator[data-status=idle]"
SHOWS = "[...document.querySelectorAll('.jp-Dialog, .jp-NotebookPanel-toolbar')].map(one => one.innerText)"
NOTEBOOK, MATRIX = "05-4-latency-ladder.ipynb", "03-2-loss-matrix.ipynb"


@dataclass(frozen=True)
class Lab:
    """A JupyterLab of ours: its address, its process, and the runtime folder its brokers live in."""

    address: str
    token: str
    server: subprocess.Popen[bytes]
    home: Path

    def kernels(self) -> list[psutil.Process]:
        children = psutil.Process(self.server.pid).children(recursive=True)
        return [child for child in children if "ipykernel_launcher" in child.cmdline()]

    def started(self) -> list[psutil.Process]:
        """Every process that carries our runtime folder, the server aside."""
        return [one for one in psutil.process_iter() if one.pid != self.server.pid and self._ours(one)]

    def _ours(self, process: psutil.Process) -> bool:
        with contextlib.suppress(psutil.Error):
            zombie = process.status() == psutil.STATUS_ZOMBIE
            return not zombie and process.environ().get("LABS_HOME") == str(self.home)
        return False


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    """JupyterLab on a copy of the notebooks, so that nothing is saved into the repository."""
    shutil.copytree(PROJECT / "notebooks", tmp_path / "notebooks")
    home, port, token = tmp_path / "labs home", free_port(), secrets.token_hex(16)
    cache = os.environ.get("LABS_CACHE") or str(PROJECT / ".labs" / "cache")
    places = {"LABS_HOME": str(home), "LABS_CACHE": cache, "LABS_PORT_BASE": "28300", "LABS_MODE": "auto"}
    places |= {"JUPYTER_CONFIG_DIR": str(tmp_path / "config"), "JUPYTER_DATA_DIR": str(tmp_path / "data")}
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ip=127.0.0.1", f"--port={port}"]
    command += [f"--IdentityProvider.token={token}", f"--ServerApp.root_dir={tmp_path}", "--LabApp.news_url=None"]
    with (tmp_path / "jupyter.txt").open("wb") as words:
        server = subprocess.Popen(command, cwd=tmp_path, env=os.environ | places, stdout=words, stderr=words)
        found = Lab(f"http://127.0.0.1:{port}/", token, server, home)
        try:
            answer(found, tmp_path / "jupyter.txt")
            yield found
        finally:
            stop(found)


def answer(lab: Lab, words: Path) -> None:
    for _ in range(120):
        with contextlib.suppress(OSError), urllib.request.urlopen(f"{lab.address}api?token={lab.token}", timeout=2):
            return
        assert lab.server.poll() is None, words.read_text()
        time.sleep(0.5)
    raise AssertionError(f"JupyterLab did not answer: {words.read_text()}")


def stop(lab: Lab) -> None:
    lab.server.terminate()
    try:
        lab.server.wait(20)
    except subprocess.TimeoutExpired:
        lab.server.kill()
        lab.server.wait()


@pytest.fixture
def page(lab: Lab) -> Iterator[Page]:
    """The latency ladder's notebook, its first cell run, the panel drawn."""
    with opened(lab, NOTEBOOK) as page:
        yield page


@contextlib.contextmanager
def opened(lab: Lab, notebook: str) -> Iterator[Page]:
    """A notebook with its first cell run and the panel drawn; nothing came from elsewhere."""
    with chromium() as browser:
        page = browser.new_page(viewport={"width": 1280, "height": 1000})
        watched = Watched(page, lab.address, lab.address.replace("http", "ws", 1))
        await_notebook(lab, page, f"{lab.address}lab/tree/notebooks/{notebook}?token={lab.token}")
        execute_first_cell(page)
        page.locator(".labs-panel[data-drawn]").wait_for(timeout=150_000)
        page.locator(".labs-still").wait_for(state="hidden")  # in the output, and not beside the panel that is drawn
        yield page
        assert watched.elsewhere == []


def await_notebook(lab: Lab, page: Page, address: str) -> None:
    """Open a notebook and wait until page and server agree that its kernel is idle.

    Seen once, in a whole CI run, when the browser still gave up loads for other tests' containers (test_browser):
    the page never heard that its kernel was ready. A reader then loads the page again, and so does this.
    """
    saw = []
    for _ in range(3):
        page.goto(address)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            if page.locator(SHOWN_IDLE).count() and kernel_is_idle(lab):
                return
            page.wait_for_timeout(500)
        saw.append((page.evaluate(SHOWS), kernels(lab)))
    raise AssertionError(f"no idle kernel after three loads of 60 s; the page's text and the server's kernels: {saw}")


def kernels(lab: Lab) -> list[dict[str, object]]:
    with urllib.request.urlopen(f"{lab.address}api/kernels?token={lab.token}", timeout=20) as found:
        listed: list[dict[str, object]] = json.load(found)
    return listed


def kernel_is_idle(lab: Lab) -> bool:
    """With the page connected: a cell executed before asks for a kernel instead."""
    return any(one["execution_state"] == "idle" and one["connections"] for one in kernels(lab))


def execute_first_cell(page: Page) -> None:
    """Shift+Enter, again if JupyterLab was still too busy with itself to hear it; and the cell after parameters."""
    prompt = "document.querySelector('.jp-CodeCell .jp-InputPrompt').innerText"
    for _ in range(6):
        if page.locator(".jp-Dialog").count():  # asks for a kernel, with the right one chosen
            page.locator(".jp-Dialog button.jp-mod-accept").click()
        page.locator(".jp-CodeCell").first.click()
        page.keyboard.press("Shift+Enter")
        with contextlib.suppress(PlaywrightTimeoutError):
            page.wait_for_function(f"/\\[[*0-9]/.test({prompt})", timeout=10_000)
            if "papermill" in page.locator(".jp-CodeCell").first.inner_text():
                page.keyboard.press("Shift+Enter")
            return
    raise AssertionError("JupyterLab did not execute the first cell")


PICTURES = """from labs.pages.pictures.shown import shown
from labs.pages.pictures.widget import Drawn
from IPython.display import display
for kind in ("timeline", "lanes", "grid"):
    display(Drawn(shown(f"kill-the-worker-{kind}")))"""


@pytest.mark.long
def test_a_picture_is_drawn_in_a_notebook(lab: Lab, tmp_path: Path) -> None:
    notebook = json.loads((PROJECT / "notebooks" / NOTEBOOK).read_text("utf-8"))
    cell = {
        "cell_type": "code",
        "execution_count": None,
        "id": "one",
        "metadata": {},
        "outputs": [],
        "source": PICTURES,
    }
    (tmp_path / "notebooks" / "pictures.ipynb").write_text(json.dumps(notebook | {"cells": [cell]}))
    with chromium() as browser:
        page = browser.new_page(viewport={"width": 1280, "height": 1000})
        watched = Watched(page, lab.address, lab.address.replace("http", "ws", 1))
        await_notebook(lab, page, f"{lab.address}lab/tree/notebooks/pictures.ipynb?token={lab.token}")
        execute_first_cell(page)
        page.locator(".pic-plot svg.main-svg").nth(3).wait_for(state="attached", timeout=60_000)
        page.locator(".pic-cell").first.wait_for(timeout=60_000)
        assert page.locator(".pic-cell").count() == 44
        page.locator(".pic-zoom").first.get_by_role("button", name="Closer").focus()
        page.keyboard.press("Enter")
        page.wait_for_function(
            "document.querySelector('.pic-range').textContent.endsWith('s') && "
            "document.querySelector('.pic-plot').layout.xaxis.range[0] > 0"
        )
        assert watched.elsewhere == []


def run(page: Page) -> None:
    page.get_by_role("button", name="Run", exact=True).click()
    page.wait_for_function(f"!{IDLE}", timeout=20_000)


def said(page: Page) -> str:
    return page.locator(".lp-job").inner_text()


@pytest.mark.long
def test_run_changes_the_chart_and_cancel_stops_a_run(page: Page) -> None:
    before = page.locator(".lp-subtitle").inner_text()
    run(page)
    page.wait_for_function(IDLE, timeout=240_000)
    assert "Measured at" in said(page), said(page)
    after = page.locator(".lp-subtitle").inner_text()
    assert "measured here" in after
    assert after != before
    lines = "document.querySelector('[data-chart=ladder]').data.filter(t => t.meta.role === 'median').length"
    assert page.evaluate(lines) == 3
    page.locator(".labs-panel input[type=range]").focus()
    page.keyboard.press("ArrowRight")
    assert int(page.locator(".labs-panel input[type=number]").input_value()) > 1000
    run(page)
    page.wait_for_function("document.querySelector('.labs-panel progress').value > 0", timeout=120_000)
    page.get_by_role("button", name="Cancel").click()
    page.wait_for_function(IDLE, timeout=20_000)
    assert "Cancelled" in said(page)


@pytest.mark.long
def test_a_panel_that_cannot_be_drawn_gives_back_the_plain_output_under_it(page: Page) -> None:
    page.evaluate("void (window.kept = Plotly.react, Plotly.react = () => { throw new Error('no <b>room</b>'); })")
    slider = page.locator(".labs-panel input[type=range]")
    slider.focus()
    page.keyboard.press("ArrowRight")
    page.get_by_text("The picture could not be drawn (no <b>room</b>).").wait_for()
    assert page.locator(".labs-still table").is_visible()
    assert page.locator(".labs-still img").evaluate("image => image.naturalWidth") > 0
    page.evaluate("void (Plotly.react = window.kept)")
    page.keyboard.press("ArrowLeft")
    page.locator(".labs-still").wait_for(state="hidden")


def test_a_live_outcome_is_shown_only_after_the_guess(lab: Lab) -> None:
    with opened(lab, MATRIX) as page:
        run(page)
        page.wait_for_function(IDLE, timeout=120_000)
        assert "Measured at" in said(page), said(page)
        cell = page.locator("[data-key='redis-list-rdb|kill']")
        assert "your guess first" in cell.inner_text()
        page.wait_for_function("document.querySelector('.lp-said').innerText === ''")
        page.locator(".lp-guess").get_by_role("button", name="none lost", exact=True).click()
        page.wait_for_function("document.querySelector('.lp-said').innerText.includes('SIGKILL lost')")
        assert "Not so: all lost." in page.locator(".lp-here").inner_text()
        assert "measured here" in page.locator(".lp-subtitle").inner_text()
        page.locator(".lp-cell[tabindex='0']").focus()
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.dataset.key") == "redis-list-rdb|kill"


@pytest.mark.long
def test_a_killed_kernel_leaves_nothing(lab: Lab, page: Page) -> None:
    run(page)
    page.wait_for_function("document.querySelector('.labs-panel progress').value > 0", timeout=120_000)
    [kernel] = lab.kernels()
    before = {process.pid for process in lab.started()}
    assert len(before) > 3, "the run started no brokers"
    # JupyterLab starts a new kernel for a killed one: what counts are the processes that were there before.
    kernel.kill()
    deadline = time.monotonic() + 60
    while (left := [p for p in lab.started() if p.pid in before]) and time.monotonic() < deadline:
        time.sleep(0.5)
    assert not left, [(p.pid, p.cmdline()) for p in left]


def test_a_panel_in_a_narrow_output_keeps_a_width_that_can_be_read() -> None:
    """JupyterLab's folders leave a notebook 22 pixels of a window of 390: the output scrolls instead."""
    style = (PROJECT / "labs/pages/panel.css").read_text("utf-8")
    with chromium() as browser:
        page = browser.new_page(viewport={"width": 390, "height": 844})
        for around, least in (("jp-OutputArea-output", 256), ("page", 22)):
            page.set_content(f"<style>{style}</style><div class={around} style=width:22px><div class=labs-panel>")
            assert page.locator(".labs-panel").evaluate("one => one.offsetWidth") == least
