"""Real brokers for every test that asks for them: started once, gone with the test process."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from labs.model.endpoint import Endpoint
from tests import engine
from tests.browser import chromium, served

SITE_URL, REPOSITORY_URL = "https://example.org/brokers/", "https://github.com/somebody/brokers"
ONE_QUESTION = "test_thousands_of_messages_arrive_complete_and_in_order"


@pytest.hookimpl(tryfirst=True)  # before -m is asked
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The fast lane is asked everything natively; in containers one question shows that the wire is the same. What a
    broker in a container answers to the rest is asked where there is time: it is the same broker."""
    items[:] = [item for item in items if ONE_QUESTION in item.nodeid or not _fast_in_containers(item)]
    for item in items:
        asked = "endpoints" in getattr(item, "fixturenames", ()) and "[compose" in item.nodeid
        if asked and ONE_QUESTION not in item.nodeid:
            item.add_marker("long")


def _fast_in_containers(item: pytest.Item) -> bool:
    return "[compose-" in item.nodeid and "fast:" in item.nodeid


def free_port() -> int:
    """A port of 127.0.0.1 where nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session", params=["native", pytest.param("compose", marks=pytest.mark.compose)])
def endpoints(request: pytest.FixtureRequest) -> Iterator[dict[str, Endpoint]]:
    """Where the brokers are, by name: once as processes of this machine, once in containers."""
    from labs import stack

    with (
        stack.session(("redis", "rabbitmq", "kafka"), request.param) as found,
        stack.session(("memory",), "native") as memory,
    ):
        yield {**found, **memory}


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built site, once for all tests that look at it; it is told where it will be published."""
    from labs.model import environ
    from labs.pages.build import build

    out = tmp_path_factory.mktemp("site")
    as_before = environ.put({"LABS_SITE_URL": SITE_URL, "LABS_REPOSITORY_URL": REPOSITORY_URL})
    try:
        assert build(out=out) == 0, "the build warned: see above"
    finally:
        as_before()
    return out / "_build" / "html"


@pytest.fixture(scope="session")
def teachers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The build with answers and slides, once for all tests that look at it."""
    from labs.pages.build import build

    out = tmp_path_factory.mktemp("teachers") / "_build" / "teach"  # a page tells by its address whose build it is
    assert build(out=out, teach=True) == 0, "the build warned: see above"
    return out / "_build" / "html"


@pytest.fixture(scope="session")
def host(site: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Its address, under a sub-path with a space in it."""
    above = tmp_path_factory.mktemp("host")
    (above / "some project").symlink_to(site)
    with served(above) as address:
        yield address + "some%20project/"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium, for the tests of one file: what Playwright runs in this thread is in the way of a notebook's kernel."""
    with chromium() as found:
        yield found


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """An empty page of a wide window, which may copy and look at what was copied."""
    allowed = ["clipboard-read", "clipboard-write"]
    context = browser.new_context(viewport={"width": 1280, "height": 900}, permissions=allowed)
    yield context.new_page()
    context.close()


@pytest.fixture(scope="session")
def container_engine() -> Iterator[None]:
    """An engine that answers, with images in it; brings none up, because tests do not change the system."""
    if not engine.answers() and not engine.answers(engine.environment()):
        pytest.fail('no container engine answers. To have one of our own: eval "$(python -m tests.engine up)"')
    before = dict(os.environ)
    os.environ.update(engine.up())
    yield
    os.environ.clear()
    os.environ.update(before)
