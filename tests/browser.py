"""A real Chromium for the tests of the built pages and of JupyterLab."""

from __future__ import annotations

import http.server
import shlex
import shutil
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")
QUIET = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync")  # fmt: skip
NETLINK = Path(__file__).with_name("netlink.py")
AXE = Path(__file__).parent / "vendor" / "axe.min.js"
LOOKS = [
    ("light", 1280),
    ("dark", 390),
    pytest.param("light", 390, marks=pytest.mark.long),
    pytest.param("dark", 1280, marks=pytest.mark.long),
]
"""Themes and widths: the first two have each of both."""
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@contextmanager
def chromium(*, hears_of_interfaces: bool = False) -> Iterator[Browser]:
    """A headless browser that ends with the test; other tests' containers do not disturb what it loads."""
    path = next(filter(None, map(shutil.which, NAMES)))
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        if not hears_of_interfaces:
            command = shlex.join([sys.executable, str(NETLINK), path])
            path = str(Path(folder) / "chromium")
            Path(path).write_text(f'#!/bin/sh\nexec {command} "$@"\n')
            Path(path).chmod(0o700)
        browser = playwright.chromium.launch(executable_path=path, args=list(QUIET))
        try:
            yield browser
        finally:
            browser.close()


class Patient(http.server.ThreadingHTTPServer):
    """A browser opens more connections at once than the five that the standard server lets wait."""

    request_queue_size = 128


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The folder on a free port of 127.0.0.1; gives the address with a slash at its end."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *arguments: Any, **named: Any) -> None:
            super().__init__(*arguments, directory=str(folder), **named)

        def log_message(self, *_words: object) -> None:
            """Requests are the tests' own."""

    server = Patient(("127.0.0.1", 0), Quiet)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()


def settled(page: Page) -> None:
    """Wait until every panel of the page is drawn; a panel that could not be shown fails with its own words."""
    page.wait_for_function(
        "[...document.querySelectorAll('.lab-panel')].every(host => host.dataset.ready || host.dataset.failed)",
        timeout=120_000,  # a few seconds; other tests run beside this one and take both cores
    )
    for host in page.locator(".lab-panel[data-failed]").all():
        raise AssertionError(host.inner_text()[:300])


class Watched:
    """What a page asked for from elsewhere, and what it complained about."""

    def __init__(self, page: Page, *hosts: str) -> None:
        self.elsewhere: list[str] = []
        self.complaints: list[str] = []
        here = (*hosts, "data:", "blob:")
        page.on("request", lambda r: None if r.url.startswith(here) else self.elsewhere.append(r.url))
        page.on("console", lambda m: self.complaints.append(m.text) if m.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))


def violations(page: Page) -> list[str]:
    """axe-core's findings, one line each."""
    page.add_script_tag(path=str(AXE))
    script = """async rules => (await axe.run(document, {runOnly: rules})).violations.flatMap(
        v => v.nodes.map(n => `${v.id}: ${n.target.join(' ')}: ${n.html.slice(0, 120)}`))"""
    found: list[str] = page.evaluate(script, RULES)
    return found


TOUCHING = """gap => {
    const shown = (names) => [...names].filter(one => one.textContent.trim() && one.getBoundingClientRect().width);
    const pairs = (names) => shown(names).flatMap((one, at, all) => all.slice(at + 1).map(other => [one, other]));
    const touch = ([one, other]) => {
        const [a, b] = [one.getBoundingClientRect(), other.getBoundingClientRect()];
        return Math.min(a.right, b.right) - Math.max(a.left, b.left) > -gap
            && Math.min(a.bottom, b.bottom) > Math.max(a.top, b.top);
    };
    const plots = [...document.querySelectorAll('.js-plotly-plot')];
    const axes = [...document.querySelectorAll('.lp-scale')].map(scale => scale.children)
        .concat(plots.flatMap(plot => ['.xtick text', '.ytick text'].map(ticks => plot.querySelectorAll(ticks))));
    return axes.flatMap(pairs).filter(touch).map(pair => pair.map(one => one.textContent).join(' | '));
}"""


def touching(page: Page) -> list[str]:
    """Names of ticks on one axis with less than three pixels between them."""
    found: list[str] = page.evaluate(TOUCHING, 3)
    return found
