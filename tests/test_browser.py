"""The tests' own browser: what other tests do to the machine's network does not end what it loads."""

from __future__ import annotations

import http.server
import os
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator

import pytest

from tests.browser import chromium

pytestmark = pytest.mark.browser
LINK, PEER = "labs-test0", "labs-test1"
PARTS = 12
"""More than the six connections that a browser opens to one host: those in the queue are what it gives up."""


class Slow(http.server.BaseHTTPRequestHandler):
    """A page of many parts, which are answered when it is told to."""

    asked, answers = threading.Event(), threading.Event()

    def do_GET(self) -> None:
        whole = self.path == "/"
        if not whole:
            self.asked.set()
            self.answers.wait(20)
        self.send_response(200)
        self.send_header("Content-Type", "text/html" if whole else "text/javascript")
        self.end_headers()
        self.wfile.write("".join(f"<script src={part}></script>" for part in range(PARTS) if whole).encode())

    def log_message(self, *_words: object) -> None:
        """Requests are the tests' own."""


@pytest.fixture
def address() -> Iterator[str]:
    Slow.asked.clear()
    Slow.answers.clear()
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Slow) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def bring_an_interface_for_a_second() -> None:
    """As a container's start does; a browser that hears of it gives up at once."""
    Slow.asked.wait(20)
    try:
        for words in (f"link add {LINK} type veth peer {PEER}", f"address add 172.29.77.1/24 dev {LINK}"):
            subprocess.run(["ip", *words.split()], check=True)
        for name in (LINK, PEER):
            subprocess.run(["ip", "link", "set", name, "up"], check=True)
        time.sleep(1)
    finally:
        subprocess.run(["ip", "link", "delete", LINK], check=False)
        Slow.answers.set()


@pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("ip"), reason="needs root and ip, to make an interface")
@pytest.mark.parametrize("hears", [False, True])
def test_only_a_browser_that_hears_of_interfaces_ends_its_loads_for_one(address: str, hears: bool) -> None:
    with chromium(hears_of_interfaces=hears) as browser:
        page, failures = browser.new_page(), set[str | None]()
        page.on("requestfailed", lambda request: failures.add(request.failure))
        change = threading.Thread(target=bring_an_interface_for_a_second)
        change.start()
        page.goto(address)
        change.join()
    assert failures == ({"net::ERR_NETWORK_CHANGED"} if hears else set())
