"""Registries that are slow, break off, send something else or no longer have it: what is said, and that nothing stays.

Debian's archive is the real one, behind a server of ours that spoils what the test names.
"""

from __future__ import annotations

import contextlib
import http.server
import shutil
import threading
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import jgo.maven
import pytest

from labs.model import paths
from labs.model.errors import StackError
from labs.stack import native
from labs.stack.native import apt, debian, jars, suites

Way = Callable[[str], str]


def silent(_text: str) -> None:
    """No report."""


class Archive(http.server.ThreadingHTTPServer):
    """What `fetch` gives for a path, spoiled in the way that `way` names for it."""

    daemon_threads = True

    def __init__(self, fetch: Callable[[str], bytes], way: Way) -> None:
        super().__init__(("127.0.0.1", 0), Spoiled)
        self.fetch, self.way, self.asked, self.over = fetch, way, list[str](), threading.Event()


class Spoiled(http.server.BaseHTTPRequestHandler):
    """One answer."""

    server: Archive

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        way = self.server.way(self.path)
        if way == "gone":
            self.send_error(404)
            return
        if way == "silent":
            self.server.over.wait(60)
            return
        body = self.server.fetch(self.path)
        if way == "wrong":
            body = body[:-9] + bytes(byte ^ 1 for byte in body[-9:])
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        with contextlib.suppress(OSError):  # the other side need not wait for the end
            self.wfile.write(body[: len(body) // 2] if way == "breaks off" else body)

    def log_message(self, *_: object) -> None:
        """Not to the test's output."""


@contextlib.contextmanager
def serving(fetch: Callable[[str], bytes], way: Way) -> Iterator[tuple[Archive, str]]:
    """That server and its address, while inside."""
    with Archive(fetch, way) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield server, f"http://127.0.0.1:{server.server_port}"
        finally:
            server.over.set()
            server.shutdown()


@pytest.fixture
def passing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., contextlib.AbstractContextManager[Archive]]:
    """Debian's archive, spoiled, as the mirror of an empty cache, or of one with the lists that are here."""
    monkeypatch.setenv("LABS_CACHE", str(paths.cache()))
    monkeypatch.setenv(suites.VARIABLE, suites.NEWEST)
    native.fetch(("redis",), silent)
    lists = debian.folder("redis").parent / "lists"
    # Two packages stand for those of a broker: the lists are whole, and what is done with packages is the same.
    small = ("libc6", "liblzf1")
    monkeypatch.setattr(debian, "_WANTED", small)
    monkeypatch.setattr(debian, "ROOTS", {"redis": small, "rabbitmq": small})
    monkeypatch.setitem(suites.SUITES, suites.NEWEST, suites.Suite(suites.NEWEST, 14, ()))
    upstream = apt.mirror(tmp_path).rstrip("/")
    monkeypatch.setenv("LABS_CACHE", str(tmp_path / "cache"))

    def fetch(path: str) -> bytes:
        with urllib.request.urlopen(upstream + path.removeprefix("/debian")) as answer:
            return bytes(answer.read())

    @contextlib.contextmanager
    def inside(way: Way, *, with_lists: bool) -> Iterator[Archive]:
        with serving(fetch, way) as (server, address):
            monkeypatch.setenv(suites.MIRROR, f"{address}/debian")
            if with_lists:
                kept = debian.folder("redis").parent / "lists"
                shutil.copytree(lists, kept)
                for file in kept.glob("*_dists_*"):  # apt names them by the address
                    file.rename(
                        kept / f"127.0.0.1:{server.server_port}_debian_dists_{file.name.partition('_dists_')[2]}"
                    )
            yield server

    return inside


def what_is_in(folder: Path) -> list[str]:
    """All that lies in a cache, but for empty folders."""
    return [str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir()]


def package(way: str) -> Way:
    """One package is spoiled in that way, and nothing else."""
    return lambda path: way if "/liblzf1_" in path else ""


@pytest.mark.parametrize(
    ("way", "happened", "to_do"),
    [
        ("wrong", "liblzf1.* Hash Sum mismatch", "not what Debian signed, and was not used"),
        pytest.param("silent", "Failed to fetch .*liblzf1", "Is there a network", marks=pytest.mark.long),
    ],
)
def test_a_package_that_does_not_come_whole_is_named_and_nothing_stays(
    way: str, happened: str, to_do: str, passing: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apt, "IDLE_S", 1)
    with (
        passing(package(way), with_lists=False),
        pytest.raises(StackError, match=rf"running apt-get.*{happened}.*{to_do}"),
    ):
        debian.get("redis", silent)
    assert what_is_in(tmp_path / "cache") == []


@pytest.mark.parametrize(
    ("way", "says"),
    [
        ("wrong", r"is not signed.*not what Debian signed, and was not used"),
        ("breaks off", "running apt-get update"),
        (
            "gone",
            r"does not have a Release file.*another suite in LABS_DEBIAN_SUITE \(bookworm, trixie, forky, host\)",
        ),
    ],
)
def test_a_list_that_is_not_debians_is_refused_and_nothing_stays(
    way: str, says: str, passing: Callable, tmp_path: Path
) -> None:
    with passing(lambda _path: way, with_lists=False), pytest.raises(StackError, match=says):
        debian.get("redis", silent)
    assert what_is_in(tmp_path / "cache") == []


def test_lists_that_name_what_is_gone_are_replaced_for_both_brokers(passing: Callable, tmp_path: Path) -> None:
    renewed = threading.Event()

    def way(path: str) -> str:
        if path.endswith("/InRelease"):
            renewed.set()
        return "" if renewed.is_set() else "gone"

    said: list[str] = []
    with passing(way, with_lists=True) as archive:
        kept = debian.folder("redis").parent / "lists"
        (kept / "old").touch()
        debian.get("redis", said.append)
        assert any("404" in line and line.endswith("fetching new ones") for line in said)
        assert not (kept / "old").exists()
        archive.asked.clear()
        debian.get("rabbitmq", said.append)
        assert {path.rpartition(".")[2] for path in archive.asked} == {"deb"}


def test_lists_that_do_not_do_are_not_tried_again_where_no_new_ones_can_be_had(
    passing: Callable, tmp_path: Path
) -> None:
    with passing(lambda _path: "gone", with_lists=True) as archive:
        for broker, first in (("redis", ".deb"), ("rabbitmq", "/InRelease")):
            archive.asked.clear()
            with pytest.raises(StackError, match="does not have a Release file"):
                debian.get(broker, silent)
            assert archive.asked[0].endswith(first)
    assert what_is_in(tmp_path / "cache") == []


@pytest.mark.parametrize("ours", [True, False])
def test_the_keys_that_come_along_and_no_others_prove_that_a_list_is_debians(
    ours: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apt, "MACHINES_KEYS", tmp_path / "none")
    if not ours:
        monkeypatch.setattr(apt, "KEYS", tmp_path / "none")
    (tmp_path / "lists" / "partial").mkdir(parents=True)
    options = apt.of_suite(suites.SUITES[suites.NEWEST], tmp_path, tmp_path / "lists")
    with contextlib.nullcontext() if ours else pytest.raises(StackError, match="not what Debian signed"):
        apt.get("update", options=options, folder=tmp_path)
    assert bool(list((tmp_path / "lists").glob("*_Packages*"))) == ours


@pytest.mark.parametrize(
    ("way", "says"),
    [
        ("wrong", "SHA-256 is .* It was not used"),
        ("breaks off", "fetching .*osgi.*Check the network and run the same command again"),
        ("silent", "fetching .*osgi.*Check the network and run the same command again"),
        ("gone", "fetching .*osgi.*Check the network and run the same command again"),
    ],
)
def test_a_jar_that_does_not_come_whole_is_named_and_nothing_stays(
    way: str, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LABS_CACHE", str(paths.cache()))
    coordinate, checksum = next(
        (name, known) for name, known in jars.read_list(jars.KAFKA.list).items() if ":osgi-resource-locator:" in name
    )
    _, artifact, version = coordinate.split(":")
    jar = (jars.KAFKA.get(silent) / f"{artifact}-{version}.jar").read_bytes()
    (tmp_path / "list").write_text(f"{checksum}  {coordinate}\n")
    monkeypatch.setenv("LABS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(jars, "IDLE_S", 1)
    real = jgo.maven.MavenContext
    with serving(lambda _path: jar, lambda path: way if path.endswith(".jar") else "gone") as (_, address):
        monkeypatch.setattr(jgo.maven, "MavenContext", lambda **how: real(**how, remote_repos={"central": address}))
        with pytest.raises(StackError, match=says):
            jars.Jars("kafka", "1", tmp_path / "list").get(silent)
    assert what_is_in(tmp_path / "cache") == []
