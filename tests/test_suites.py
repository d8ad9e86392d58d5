"""Brokers of another release of Debian, run here with their own C library: its archive and its brokers, for real."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from labs import stack
from labs.model import paths
from labs.model.errors import StackError
from labs.model.profile import UnknownNameError
from labs.stack import native, state
from labs.stack.native import apt, debian, installed, moved, suites
from tests import namespace

LABS = (sys.executable, "-m", "labs")


def silent(_text: str) -> None:
    """No report."""


@pytest.fixture(autouse=True)
def chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    """The newest suite, and what was fetched stays where the other tests find it."""
    monkeypatch.setenv("LABS_CACHE", str(paths.cache()))
    monkeypatch.setenv(suites.VARIABLE, suites.NEWEST)
    native.fetch(("redis", "rabbitmq"), silent)


def what_is_in(folder: Path) -> list[str]:
    """All that lies in a cache, but for empty folders."""
    return [str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir()]


def test_the_brokers_are_current_and_run_from_the_cache_with_their_own_c_library() -> None:
    with stack.session(("redis", "rabbitmq"), "native", own=True, report=silent) as found:
        assert int(found["redis"].version.partition(".")[0]) >= 8
        assert tuple(map(int, found["rabbitmq"].version.split(".")))[:2] >= (4, 3)
        for broker, endpoint in found.items():
            process = psutil.Process(endpoint.pids[0])
            ours = debian.folder(broker).resolve()
            assert Path(process.exe()).is_relative_to(ours)
            loaded = {entry.path for entry in process.memory_maps() if ".so" in entry.path and "/lib" in entry.path}
            assert any(path.endswith("/libc.so.6") for path in loaded)
            assert {path for path in loaded if not Path(path).is_relative_to(ours)} == set()
            assert "LD_LIBRARY_PATH" not in process.environ()


def test_what_was_fetched_once_starts_without_a_network(tmp_path: Path) -> None:
    environ = {"LABS_HOME": tmp_path, suites.MIRROR: "http://127.0.0.1:9/debian"}
    done = namespace.run([*LABS, "up", "--backend", "native", "redis"], **environ)
    try:
        assert done.returncode == 0, done.stderr
        assert "fetching" not in done.stderr
    finally:
        assert namespace.run([*LABS, "down"], **environ).returncode == 0


def test_a_cache_that_was_moved_is_made_to_run_from_its_new_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = debian.folder("redis")
    monkeypatch.setenv("LABS_CACHE", str(tmp_path / "b: c"))
    shutil.copytree(here, debian.folder("redis"), symlinks=True)
    assert not debian.is_here("redis")
    monkeypatch.setenv(suites.MIRROR, "http://127.0.0.1:9/debian")  # nothing is fetched
    found = debian.get("redis", silent)
    assert debian.is_here("redis")
    assert subprocess.run([found / "usr/bin/redis-server", "--version"], check=True, capture_output=True).stdout


def test_a_cache_that_was_left_half_done_is_done_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = debian.folder("redis")
    monkeypatch.setenv("LABS_CACHE", str(tmp_path))
    shutil.copytree(here, debian.folder("redis"), symlinks=True)
    (debian.folder("redis") / moved.NOTE).write_text("")
    debian.get("redis", silent)
    assert debian.is_here("redis")
    assert [path.name for path in debian.folder("redis").parent.iterdir()] == ["redis"]


def test_a_library_that_is_missing_is_named(tmp_path: Path) -> None:
    shutil.copytree(debian.folder("redis"), tmp_path / "root", symlinks=True)
    [library] = (tmp_path / "root").rglob("libjemalloc.so.2")
    library.unlink()
    with pytest.raises(StackError, match=r"making redis-\S+ run here.*libjemalloc\.so\.2"):
        moved.make_run_from(tmp_path / "target", tmp_path / "root")


@pytest.mark.long
def test_the_other_architectures_packages_are_had_and_its_programs_name_only_what_came_with_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Read, not run. By hand, under qemu, the loader found every library and Redis answered.
    name, machine, loader = {
        "x86_64": ("arm64", 183, "ld-linux-aarch64.so.1"),
        "aarch64": ("amd64", 62, "ld-linux-x86-64.so.2"),
    }[platform.machine()]
    (tmp_path / "apt.conf").write_text(f'APT::Architecture "{name}"; APT::Architectures {{"{name}";}};\n')
    monkeypatch.setenv("LABS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("APT_CONFIG", str(tmp_path / "apt.conf"))
    partial, root = tmp_path / "partial", tmp_path / "partial" / "root"
    for part in ("packages", "root", "lists/partial"):
        (partial / part).mkdir(parents=True)
    debian._download("redis", suites.chosen(), partial, silent)
    for package in (partial / "packages").iterdir():
        assert package.stem.rpartition("_")[2] in (name, "all")
        apt.run(["dpkg", "-x", str(package), str(root)], partial)
    programs = moved.patch(tmp_path / "target", root)
    assert {"redis-check-rdb", "redis-cli"} <= {program.name for program in programs}
    for program in programs:
        assert int.from_bytes(program.read_bytes()[18:20], "little") == machine  # e_machine of ELF's header

        def told(what: str, program: Path = program) -> list[str]:
            return apt.run([str(moved.PATCHELF), what, str(program)], tmp_path).splitlines()

        [interpreter] = told("--print-interpreter")
        assert Path(interpreter).is_relative_to(tmp_path / "target")
        assert interpreter.endswith(loader)
        assert (root / Path(interpreter).relative_to(tmp_path / "target")).exists()
        places = [program.parent / place.removeprefix("$ORIGIN/") for place in told("--print-rpath")[0].split(":")]
        missing = [needed for needed in told("--print-needed") if not any((at / needed).exists() for at in places)]
        assert missing == []


def test_a_suite_that_there_is_not_is_refused_with_those_that_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(suites.VARIABLE, "frky")
    with pytest.raises(UnknownNameError, match=r"no suite in LABS_DEBIAN_SUITE named 'frky'. Nearest: forky"):
        debian.folder("redis")
    done = namespace.run([*LABS, "up", "--backend", "native", "redis"])
    assert (done.returncode, "Traceback" in done.stderr) == (1, False), done.stderr


def test_each_suite_has_data_of_its_own_and_a_reset_deletes_all(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("LABS_HOME", str(tmp_path))
    folders = {}
    for name in (*suites.SUITES, suites.HOST):
        monkeypatch.setenv(suites.VARIABLE, name)
        folders[name] = state.make_folder(tmp_path / suites.data_folder())
    assert len(set(folders.values())) == len(suites.SUITES) + 1
    stack.down(reset=True, report=silent)
    assert not any(folder.exists() for folder in folders.values())


def test_without_a_mirror_the_error_names_the_two_ways_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "apt.conf").write_text('Dir::Etc::SourceList "/dev/null"; Dir::Etc::SourceParts "/dev/null";\n')
    monkeypatch.setenv("APT_CONFIG", str(tmp_path / "apt.conf"))
    monkeypatch.setattr(suites, "TEMPLATE", tmp_path / "none")
    with pytest.raises(StackError, match=r"Debian mirror.*knows none.*LABS_DEBIAN_MIRROR.*LABS_DEBIAN_SUITE=host"):
        apt.of_suite(suites.SUITES["forky"], tmp_path, tmp_path)


def test_a_disk_that_is_full_is_no_reason_for_older_brokers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LABS_CACHE", str(tmp_path))
    monkeypatch.delenv(suites.VARIABLE)
    there_is_none = StackError("unpacking", "no.", f"{apt.SPACE}.")
    monkeypatch.setattr(debian, "_get", lambda *_: (_ for _ in ()).throw(there_is_none))
    with pytest.raises(StackError, match="Free some space"):
        debian.get("redis", silent)
    assert suites.data_folder() == "data-forky"


def test_where_nobody_asked_for_a_suite_that_cannot_be_had_the_machines_own_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LABS_CACHE", str(tmp_path))
    monkeypatch.setenv(suites.MIRROR, "http://127.0.0.1:9/debian")
    monkeypatch.delenv(suites.VARIABLE)
    said: list[str] = []
    assert debian.get("redis", said.append) == tmp_path / "debian" / "redis"
    assert any(line.startswith("Debian 14 is not to be had, so this machine's own apt") for line in said)
    assert debian.is_here("redis")
    assert suites.data_folder() == "data"
    monkeypatch.setattr(suites, "DAY_S", 0)
    assert suites.data_folder() == "data-forky"


@pytest.mark.namespace
@pytest.mark.parametrize(
    ("options", "says"),
    [
        ("size=8m", "Free some space and try again"),
        ("size=300m,noexec", "No program can be started there"),
        ("size=300m,ro", "Nothing can be written there: remount it, or set LABS_CACHE"),
    ],
)
def test_a_cache_that_is_full_or_runs_nothing_or_takes_nothing_says_so_and_keeps_nothing(
    options: str, says: str, tmp_path: Path
) -> None:
    lists = debian.folder("redis").parent / "lists"
    cache, left = tmp_path / "cache", tmp_path / "left"
    cache.mkdir()
    into = f"mkdir -p '{cache}/debian/forky'; cp -r '{lists}' '{cache}/debian/forky/lists' || true"
    disk = f"mount -t tmpfs -o {options} tmpfs '{cache}'; {into if 'noexec' in options else ':'}"
    look = (
        f"'{sys.executable}' -m labs up --backend native redis; code=$?; find '{cache}' -type f > '{left}'; exit $code"
    )
    done = namespace.run(["sh", "-c", look], disk, LABS_CACHE=cache, LABS_HOME=tmp_path / "home")
    assert done.returncode == 1, done.stderr
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert [line for line in left.read_text().splitlines() if "/lists/" not in line] == []


def test_a_broker_on_the_path_that_is_too_old_is_passed_over_and_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(suites.VARIABLE, "bookworm")
    old = debian.get("redis", silent) / "usr" / "bin"
    monkeypatch.delenv(suites.VARIABLE)
    monkeypatch.setenv("PATH", f"{old}{os.pathsep}{os.environ['PATH']}")
    assert installed.system("redis") is None
    assert installed.too_old("redis").startswith("redis 7.0.15 (")
    said: list[str] = []
    native.fetch(("redis",), said.append)
    assert f"redis 7.0.15 ({old}/redis-server) is passed over: what is said here is of 7.2 and newer" in said
    monkeypatch.setenv(suites.VARIABLE, suites.HOST)  # nothing newer is asked for
    assert installed.system("redis") == old / "redis-server"


def test_a_broker_on_the_path_that_is_new_enough_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    new = debian.folder("redis") / "usr" / "bin"
    monkeypatch.delenv(suites.VARIABLE)
    monkeypatch.setenv("PATH", f"{new}{os.pathsep}{os.environ['PATH']}")
    assert installed.system("redis") == new / "redis-server"
    monkeypatch.setenv(suites.VARIABLE, suites.NEWEST)
    assert installed.system("redis") is None


def test_a_suite_is_the_default_where_something_says_from_where_to_take_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    template = tmp_path / "Debian.info"
    template.write_text("ChangelogURI: http://x/\n\nSuite: sid\nBaseURI: http://a.mirror/debian/\nMatchURI: y\n")
    monkeypatch.delenv(suites.VARIABLE)
    for system, mirror, named_by, name in (
        ("debian", "", tmp_path / "none", suites.NEWEST),
        ("ubuntu", "", tmp_path / "none", None),
        ("ubuntu", "http://x/", tmp_path / "none", suites.NEWEST),
        ("ubuntu", "", template, suites.NEWEST),
    ):
        monkeypatch.setattr(suites, "_os", lambda system=system: system)
        monkeypatch.setattr(suites, "TEMPLATE", named_by)
        monkeypatch.setenv(suites.MIRROR, mirror)
        found = suites.chosen()
        assert (found and found.name) == name
    assert suites.public_mirror() == "http://a.mirror/debian/"


def test_another_archive_that_is_called_debian_is_not_taken_for_debians(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(suites.MIRROR, raising=False)
    monkeypatch.setattr(suites, "TEMPLATE", tmp_path / "none")
    (tmp_path / "sources.list").write_text(
        "deb http://a.docker.com/linux/debian forky stable\ndeb http://ftp.debian.example/debian forky main\n"
    )
    (tmp_path / "apt.conf").write_text(
        f'Dir::Etc::SourceList "{tmp_path}/sources.list"; Dir::Etc::SourceParts "/dev/null";'
        f'Dir::State::Lists "{tmp_path}/none";'  # as where nobody has run `apt update`
    )
    monkeypatch.setenv("APT_CONFIG", str(tmp_path / "apt.conf"))
    assert apt.mirror(tmp_path) == "http://ftp.debian.example/debian"
