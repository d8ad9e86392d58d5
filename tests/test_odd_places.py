"""Odd environments: where something of the reader's machine stands in the way, one line names it and the cure."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from labs.model import paths
from labs.model.endpoint import Endpoint
from labs.scenarios.bench.tools import java, redis_program
from labs.stack import native
from labs.stack.last_words import cause
from labs.stack.native import apt, debian
from labs.stack.processes import Standing, standing, start_of
from tests import namespace

LABS = [sys.executable, "-m", "labs"]
ODD = "a:b c\"d'e$f[g]\\h\ni-\u0259\u20ac"
"""A folder's name with everything that a search path, a shell, a template or a pattern takes for its own."""

DEATHS = {
    "java.lang.IllegalArgumentException: No enum constant Group.GroupType.CLASSİC": (
        'Exception in thread "main" java.lang.IllegalArgumentException: No enum constant Group.GroupType.CLASSİC\n'
        "\tat java.base/java.lang.Enum.valueOf(Unknown Source)\n\tat kafka.tools.StorageTool.main(StorageTool.scala)\n"
    ),
    "java.io.IOException: Too many open files": (
        "2026-11-29T18:32:48.342Z main ERROR Exiting Kafka due to fatal exception during startup.\n"
        "org.apache.kafka.common.KafkaException: java.io.IOException: Too many open files\n\tat kafka.A.b(A.scala:1)\n"
        "Caused by: java.io.IOException: Too many open files\n\tat sun.nio.ch.Net.c(Net.java)\n\t... 9 more\n"
        "2026-11-29T18:32:48.612Z kafka-shutdown-hook INFO App info kafka.server for 1 unregistered\n"
    ),
    "epmd error for host localhost: nxdomain (non-existing domain)": (
        "BOOT FAILED\n===========\nERROR: epmd error for host localhost: nxdomain (non-existing domain)\n\n"
        '2026-11-29 18:33:41.759+00:00 [error] <0.132.0>     reason: {epmd_error,"localhost",nxdomain}\n'
        '{"Kernel pid terminated",application_controller,"{application_start_failure,rabbitmq_prelaunch}"}\n'
        "\nCrash dump is being written to: erl_crash.dump...done\n"
    ),
    "Can't handle RDB format version 99 / Fatal error loading the DB: Invalid argument. Exiting.": (
        "1:M 29 Nov 2026 18:33:44.444 # WARNING Memory overcommit must be enabled! Without it, a save may fail.\n"
        "1:M 29 Nov 2026 18:33:44.444 # Can't handle RDB format version 99\n"
        "1:M 29 Nov 2026 18:33:44.444 # Fatal error loading the DB: Invalid argument. Exiting.\n"
    ),
    ">>> 'save x' / Bad directive or wrong number of arguments": (
        "redis-1  | *** FATAL CONFIG FILE ERROR (Redis 7.0.15) ***\n"
        "redis-1  | Reading the configuration file, at line 2\n"
        "redis-1  | >>> 'save x'\nredis-1  | Bad directive or wrong number of arguments\n"
    ),
    "[Errno 98] Address already in use": (
        'Traceback (most recent call last):\n  File "x.py", line 1, in <module>\n'
        "OSError: [Errno 98] Address already in use\n"
    ),
    "disk resource limit alarm set on node labs@localhost.": (
        "  Starting broker...2026-11-29 19:37:07.164+00:00 [warning] <0.288.0> disk resource limit alarm set on node "
        "labs@localhost.\n2026-11-29 19:37:07.164514+00:00 [warning] <0.288.0> *** Publishers will be blocked ***\n"
    ),
    "the only line there is": "the only line there is\n\n",
    "none": "\n",
}


@pytest.mark.parametrize("why", DEATHS)
def test_of_a_dead_brokers_log_the_line_that_says_why_is_told(why: str) -> None:
    assert cause(DEATHS[why]).removeprefix("OSError: ") == why


def test_a_process_of_another_user_is_not_taken_for_one_that_is_gone() -> None:
    asked = (
        "import sys\nfrom labs.stack.processes import standing\nprint(standing(int(sys.argv[1]), float(sys.argv[2])))"
    )
    one = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        start = start_of(one.pid)
        assert standing(one.pid, start) is Standing.OURS
        assert standing(one.pid, start - 1) is Standing.GONE
        if os.geteuid() == 0:
            command = ["setpriv", "--reuid=65534", "--clear-groups", sys.executable, "-c", asked]
            seen = subprocess.run([*command, str(one.pid), str(start)], capture_output=True, text=True, check=True)
            assert seen.stdout.strip() == "another user's"
        else:
            assert standing(1, start_of(1)) is Standing.ANOTHERS
    finally:
        one.kill()
        one.wait()
    assert standing(one.pid, start) is Standing.GONE


@pytest.fixture
def cache() -> str:
    """The downloads of all tests, complete, so that no test waits for them."""
    native.fetch(["redis", "rabbitmq", "kafka"], lambda _line: None)
    return str(paths.cache())


@contextlib.contextmanager
def going_down(home: Path, cache: str) -> Iterator[None]:
    """Whatever is left running in that home is stopped."""
    try:
        yield
    finally:
        done = subprocess.run([*LABS, "down"], env=os.environ | {"LABS_HOME": str(home), "LABS_CACHE": cache})
        assert done.returncode == 0


def up(home: Path, cache: str, changes: str, *brokers: str, **environ: str | Path) -> None:
    """`labs up` of native brokers in such surroundings, with few open files until more are asked for: they come up."""
    command = ["prlimit", "--nofile=64:4096", *LABS, "up", "--backend", "native", *brokers]
    done = namespace.run(command, changes, LABS_HOME=home, LABS_CACHE=cache, **environ)
    assert done.returncode == 0, done.stderr


def brokers_of(home: Path) -> dict[str, psutil.Process]:
    """The processes of the brokers that run there."""
    (record,) = [json.loads(path.read_text()) for path in (home / "stacks").glob("*.json")]
    return {name: psutil.Process(entry["pid"]) for name, entry in record["brokers"].items()}


@pytest.mark.broker
@pytest.mark.namespace
@pytest.mark.long
def test_brokers_start_in_a_language_with_two_letters_i(tmp_path: Path, cache: str) -> None:
    locales = tmp_path / "locales"
    locales.mkdir()
    for name in Path("/usr/lib/locale").glob("C.*"):
        shutil.copytree(name, locales / name.name)
    # It warns of the character set's name and ends with 1, and the locale is there.
    subprocess.run(["localedef", "-i", "az_AZ", "-f", "UTF-8", str(locales / "az_AZ.UTF-8")], capture_output=True)
    assert (locales / "az_AZ.UTF-8/LC_CTYPE").exists(), "no locale could be made (Debian: apt install locales)"
    home = tmp_path / "home"
    bind = f"mount --bind '{locales}' /usr/lib/locale"
    java = f"LC_ALL=az_AZ.UTF-8 {native.java()} -XshowSettings:locale -version 2>&1 | grep -q 'locale = Azerb'"
    with going_down(home, cache):
        up(home, cache, f"{bind}\n{java}", "kafka", "redis", LANG="az_AZ.UTF-8", LC_ALL="az_AZ.UTF-8", LANGUAGE="az")
        for one in brokers_of(home).values():
            seen = one.environ()
            assert {seen.get("LANG"), seen.get("LC_ALL"), seen.get("LANGUAGE")} == {"C.UTF-8", None}


@pytest.mark.broker
@pytest.mark.namespace
@pytest.mark.long
def test_rabbitmq_needs_no_localhost_in_the_hosts_file_and_takes_no_settings_of_the_machines_own(
    tmp_path: Path, cache: str
) -> None:
    home, over = tmp_path / "home", tmp_path / "etc"
    over.mkdir()
    changes = namespace.etc(over) + (
        'hosts=$(grep -v localhost /etc/hosts); echo "$hosts" > /etc/hosts; ! getent hosts localhost\n'
        "mkdir -p /etc/rabbitmq/conf.d; echo 'this.is.no.setting = 1' > /etc/rabbitmq/conf.d/10.conf\n"
        "echo '[{rabbit, [{tcp_listeners, [{\"127.0.0.1\", 1}]}]}].' > /etc/rabbitmq/advanced.config\n"
    )
    with going_down(home, cache):
        up(home, cache, changes, "rabbitmq")


@pytest.mark.broker
def test_folders_of_any_name_and_settings_meant_for_other_programs_do_not_reach_brokers(
    tmp_path: Path, cache: str
) -> None:
    home, temporary = tmp_path / ODD / "home", tmp_path / ODD / "tmp"
    temporary.mkdir(parents=True)
    meant = {"JAVA_TOOL_OPTIONS": "-Xmx1m", "JDK_JAVA_OPTIONS": "-Xmx1m", "_JAVA_OPTIONS": "-Xmx1m", "CLASSPATH": "/"}
    meant |= {"ERL_FLAGS": "-nonsense", "ERL_AFLAGS": "-sname x", "ERL_LIBS": "/", "ERL_CRASH_DUMP": "/x"}
    meant |= {"RABBITMQ_NODE_PORT": "1", "RABBITMQ_CONFIG_FILE": "/x", "RABBITMQ_USE_LONGNAME": "true", "TZ": "Nowhere"}
    meant |= {"KAFKA_HEAP_OPTS": "-Xmx1m", "KAFKA_OPTS": "-nonsense", "LD_LIBRARY_PATH": "/", "BASH_ENV": "/x"}
    link = tmp_path / "cache\nwith: $(all) 'of' it"
    link.symlink_to(cache)
    with going_down(home, str(link)):
        up(home, str(link), "", TMPDIR=temporary, **meant)
        found = brokers_of(home)
        assert set(found) == {"redis", "rabbitmq", "kafka"}
        for one in found.values():
            assert str(temporary) not in "".join([*one.environ().values(), *one.cmdline()])
            assert not {*meant.items()} & {*one.environ().items()}
            assert one.rlimit(psutil.RLIMIT_NOFILE) == (4096, 4096)
    assert list(temporary.iterdir()) == []


def refused(home: Path, cache: str, changes: str, *command: str, within_s: float = 5, **environ: str | Path) -> str:
    """What the command line said instead of starting anything: one line, soon."""
    began_s = time.monotonic()
    done = namespace.run([*command], changes, LABS_HOME=home, LABS_CACHE=cache, **environ)
    assert done.returncode == 1, done.stdout
    assert time.monotonic() - began_s < within_s
    said = [line for line in done.stderr.splitlines() if not line.startswith("backend ")]
    assert "Traceback" not in done.stderr
    assert not list((home / "stacks").glob("*"))
    return said[-1]


@pytest.mark.broker
@pytest.mark.parametrize(("files", "broker"), [(128, "kafka"), (64, "rabbitmq"), (32, "redis")])
def test_a_limit_of_open_files_that_is_too_low_is_named_before_a_broker_starts(
    files: int, broker: str, tmp_path: Path, cache: str
) -> None:
    limit = ["prlimit", f"--nofile={files}"]
    said = refused(tmp_path, cache, "", *limit, *LABS, "up", "--backend", "native", broker)
    assert f"starting {broker}: a process may open {files} files here" in said
    assert "ulimit -n" in said


@pytest.mark.broker
@pytest.mark.namespace
@pytest.mark.parametrize("room", ["1m", "20m", "120m"])
def test_a_disk_without_room_is_named_before_a_broker_starts(room: str, tmp_path: Path, cache: str) -> None:
    disk = f"mount -t tmpfs -o size={room} tmpfs '{tmp_path}'"
    said = refused(tmp_path / "home", cache, disk, *LABS, "up", "--backend", "native", "rabbitmq")
    assert f"the disk of {tmp_path / 'home'} has " in said
    assert re.search(rf"has {room[:-2]}\d? MB free, and 250 MB are needed", said)


@pytest.mark.broker
@pytest.mark.namespace
@pytest.mark.long
def test_a_disk_that_fills_while_a_broker_starts_is_named_at_once(tmp_path: Path, cache: str) -> None:
    until = f"until ls '{tmp_path}'/home/log/rabbitmq-*.log; do sleep 0.1; done"
    disk = f"mount -t tmpfs -o size=300m tmpfs '{tmp_path}'; ({until}; fallocate -l 200M '{tmp_path}/more') >&2 &"
    said = refused(tmp_path / "home", cache, disk, *LABS, "up", "--backend", "native", "rabbitmq", within_s=30)
    assert f"The disk is full: {tmp_path / 'home'} (" in said


@pytest.mark.broker
@pytest.mark.namespace
def test_a_disk_without_a_byte_left_is_named(tmp_path: Path, cache: str) -> None:
    disk = f"mount -t tmpfs -o size=1m tmpfs '{tmp_path}'; head -c 2M /dev/zero > '{tmp_path}/all' || true"
    said = refused(tmp_path / "home", cache, disk, *LABS, "up", "--backend", "native", "redis")
    assert "0 MB free" in said
    assert str(tmp_path / "home") in said


MEASURE = """
from labs import stack
from labs.model.profile import profile
from labs.record.recorder import record
from labs.model.workload import workload
with stack.session(("memory",), "native", report=lambda line: None) as found:
    run = record(found["memory"], profile("memory"), workload("steady", rate_per_s=200, duration_s=0.5))
print("lost", len(run["sent_ns"]) - len(run["delivered_ns"]), run.trouble or "no trouble")
"""


@pytest.mark.broker
@pytest.mark.parametrize("way", ["a file", "a pipe", "-c"])
def test_a_script_without_the_main_guard_measures(way: str, tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(MEASURE)
    command = {"a file": [str(script)], "a pipe": ["-"], "-c": ["-c", MEASURE]}[way]
    done = subprocess.run(
        [sys.executable, *command],
        input=MEASURE,
        env=os.environ | {"LABS_HOME": str(tmp_path / "home")},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stdout == "lost 0 no trouble\n", done.stderr


@pytest.mark.namespace
@pytest.mark.broker
def test_a_machine_without_shared_memory_is_named_with_the_cure(tmp_path: Path, cache: str) -> None:
    kept = "for one in null zero full random urandom; do : > $one; mount --bind /dev/$one $one; done"
    changes = f"mkdir '{tmp_path}/dev'; mount -t tmpfs dev '{tmp_path}/dev'; cd '{tmp_path}/dev'; {kept}; cd /\n"
    changes += f"ln -s /proc/self/fd '{tmp_path}/dev/fd'; mount --move '{tmp_path}/dev' /dev; ! ls /dev/shm"
    command = [*LABS, "run", "redis-million", "--set", "way=xadd-16", "--json"]
    done = namespace.run(command, changes, LABS_HOME=tmp_path / "home", LABS_CACHE=cache, LABS_BACKEND="native")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    said = "starting the worker processes: /dev/shm, by which they share their state, is missing. Run: sudo mount "
    assert sum(said in line for line in done.stderr.splitlines()) == 1


OPTIMIZED = {
    "-O": ([sys.executable, "-O", "-m", "labs", "status"], {}),
    "PYTHONOPTIMIZE": ([*LABS, "status"], {"PYTHONOPTIMIZE": "1"}),
    "the command labs": ([str(Path(sys.executable).with_name("labs")), "status"], {"PYTHONOPTIMIZE": "2"}),
    "an import": ([sys.executable, "-O", "-c", "import labs"], {}),
}


@pytest.mark.parametrize("way", OPTIMIZED)
def test_a_python_that_leaves_out_checks_is_refused_with_a_line(way: str) -> None:
    command, more = OPTIMIZED[way]
    done = subprocess.run(command, env=os.environ | more, capture_output=True, text=True)
    assert done.returncode == 1
    said = done.stderr.strip().splitlines()
    assert re.match(r"(labs|ImportError): Python was started with -O or PYTHONOPTIMIZE.*Start it without\.$", said[-1])
    assert len(said) == 1 or way == "an import"


def test_a_readers_library_path_and_language_do_not_reach_apt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if reason := debian.why_not():
        pytest.fail(f"this test needs Debian's tools: {reason}")
    for name in ("libapt-pkg.so.6.0", "libc.so.6"):
        (tmp_path / name).write_bytes(b"of another system")
    for name, value in {"LD_LIBRARY_PATH": str(tmp_path), "LC_ALL": "de_DE.UTF-8", "TMPDIR": "/no:where"}.items():
        monkeypatch.setenv(name, value)
    assert "Package: redis-server" in apt.run(["apt-cache", "show", "redis-server"], tmp_path)


def test_a_readers_options_for_java_and_for_tools_do_not_reach_a_vendors_tool(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS"):
        monkeypatch.setenv(name, "-XX:NoSuchOption")
    assert java.run("java", Path("/"), ["--version"], heap=()).startswith("openjdk ")


@pytest.mark.compose
def test_a_readers_settings_for_compose_do_not_reach_our_containers(tmp_path: Path) -> None:
    more = {"COMPOSE_ENV_FILES": "/nowhere", "COMPOSE_FILE": "/nowhere", "COMPOSE_PROJECT_NAME": "x"}
    more |= {"COMPOSE_PROFILES": "nonsense"}
    with going_down(tmp_path, str(paths.cache())):
        command = [*LABS, "up", "--backend", "compose", "redis"]
        done = namespace.run(command, LABS_HOME=tmp_path, **more)
        assert done.returncode == 0, done.stderr


def test_the_vendors_tool_of_an_unpacked_package_runs_whatever_the_cache_is_called(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    debian.get("redis", lambda _line: None)
    here = debian.folder("redis")
    monkeypatch.setenv("LABS_CACHE", str(tmp_path / ODD))
    shutil.copytree(here, debian.folder("redis"), symlinks=True)
    tool = redis_program.program(Endpoint("redis", "127.0.0.1", 1))
    assert tool.path.startswith(str(tmp_path))
    assert re.match(r"\d+\.\d+", tool.version)
