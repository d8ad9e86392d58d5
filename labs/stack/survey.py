"""What is known of every broker at this moment: where it is, how to log in, who started it, or why there is none."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable
from pathlib import Path

import psutil

from labs.model import paths
from labs.model.endpoint import GIVEN, Endpoint
from labs.model.errors import StackError
from labs.model.facts import Facts
from labs.stack import mending, registry
from labs.stack.external import urls, yours
from labs.stack.processes import Standing, standing

BROKERS = ("redis", "rabbitmq", "kafka")


def status(*, passwords: bool = False, report: Callable[[str], None] = lambda _line: None) -> Facts:
    """Where each broker is, proven at this moment. Without `passwords` it says in which file or variable they are.

    What a killed run has left on them is undone first, and `report` is told, unless another command is at work.

    `brokers`: the one that a client would use, of `labs up` or of the user's, else of a session such as `make lab`.
    `sessions`: all of those, with their brokers.
    """
    mending.mend_if_free(report)
    found = registry.running()
    brokers: Facts = {name: {"state": "stopped"} for name in BROKERS}
    sessions: dict[int, Facts] = {}
    for record, name, entry in registry.entries():
        if record["owner"] == "session":
            _add(sessions, record, name, entry, passwords)
        elif name in found:
            continue
        else:
            brokers[name] = _not_proven(record, name, entry)
    for one in sessions.values():
        brokers |= {name: about for name, about in one["brokers"].items() if brokers.get(name, _NONE) == _NONE}
    for name, place in found.items():
        brokers[name] = _described(place, passwords) | {"started_by": "labs up" if _of_user(name) else "LABS_GIVEN"}
    for name, seen in yours.seen().items():
        brokers[name] = _yours(name, seen, passwords)
    return {"home": str(paths.home()), "brokers": brokers, "sessions": list(sessions.values())}


_NONE = {"state": "stopped"}


def _of_user(name: str) -> bool:
    return any(record["owner"] == "user" and name == other for record, other, _ in registry.entries())


def _described(place: Endpoint, passwords: bool) -> Facts:
    about = registry.describe(place) | {"url": urls.client_url(place, with_password=passwords)}
    about |= {"password": place.password} if passwords and place.password else {}
    return about | ({"make_topic": topic_command(place)} if place.broker == "kafka" else {})


def topic_command(place: Endpoint) -> str:
    """The one command that makes a topic there."""
    return f"{_python()} -m kafka.admin -b {place.host}:{place.port} topics create -t NAME"


def _python() -> str:
    """This Python as a command line in this folder takes it."""
    here, python = Path.cwd(), Path(sys.executable)
    return shlex.quote(str(python.relative_to(here) if python.is_relative_to(here) else python))


def _yours(name: str, seen: Endpoint | str, passwords: bool) -> Facts:
    by = {"started_by": f"you ({yours.variable(name)})"}
    if isinstance(seen, str):
        return {"state": "unusable", "backend": GIVEN, "why": seen} | by
    return _described(seen, passwords) | by


def _add(sessions: dict[int, Facts], record: Facts, name: str, entry: Facts, passwords: bool) -> None:
    """One broker of a session that lives: a session without its supervisor has no brokers, whatever is written."""
    pid = record["owner_pid"]
    if record["ending"] or not registry.lives(record):
        return
    by = f"{command_of(pid)}, pid {pid}"
    if registry.runs(record, name, entry):
        try:
            about = _described(registry.endpoint(name, record), passwords)
        except StackError:
            about = _not_proven(record, name, entry)
    else:
        about = _not_proven(record, name, entry)
    one = sessions.setdefault(pid, {"owner_pid": pid, "started_by": by, "ports": {}, "brokers": {}})
    one["ports"][name] = record["ports"][name]
    one["brokers"][name] = about | {"started_by": by}


def _not_proven(record: Facts, name: str, entry: Facts) -> Facts:
    """Why a broker that is written down is not called running: it starts, it is another user's, or it is dead."""
    where = {"host": "127.0.0.1", "port": record["ports"][name], "version": entry.get("version", "")}
    where |= {"started_by": "labs up"} if record["owner"] == "user" else {}
    known = standing(entry["pid"], entry["start"]) if entry["pid"] else Standing.GONE
    starts = entry["state"] in ("starting", "running") or (record["owner"] == "user" and not record.get("committed"))
    if known in (Standing.ANOTHERS, Standing.HIDDEN):
        user = _user_of(entry["pid"])
        why = f"it runs (pid {entry['pid']}) and belongs to {user}: only {user} can prove that it is the broker."
        sudo = "sudo" if user == "root" else f"sudo -u {user}"
        return where | {"state": str(known), "owner": user, "why": why, "to_do": f"{sudo} {_python()} -m labs status"}
    if starts and registry.is_led(record) and entry["state"] != "dead":
        return where | {"state": "starting", "why": "it has not answered yet"}
    why = entry["why"] or "its process is gone"
    again = {"to_do": "labs up"} if record["owner"] == "user" else {}
    return where | {"state": "dead", "why": why, "log": entry["log"]} | again


def _user_of(pid: int) -> str:
    try:
        return psutil.Process(pid).username()
    except (psutil.Error, KeyError):
        return "another user"


def command_of(pid: int) -> str:
    """What the process is, in the words of who started it: `make lab`, `labs run`, a notebook, or its program."""
    try:
        words = psutil.Process(pid).cmdline()
    except psutil.Error:
        return "a process of another user"
    for at, word in enumerate(words[:-1]):
        if word == "labs" or word.endswith(("/labs", "/labs/__main__.py")):
            return "make lab" if words[at + 1] == "lab" else f"labs {words[at + 1]}"
    if any("ipykernel" in word for word in words):
        return "a notebook"
    return Path(words[0]).name if words else "a process"
