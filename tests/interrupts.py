"""Random interrupts: INT, TERM or KILL at a random time of `labs up`, `labs run` and `labs down`, again and again.

    python -m tests.interrupts --count 200 --all-brokers 40
    python -m tests.interrupts --count 200 --faults          in the middle of faults: mounts and loop devices as well
    python -m tests.interrupts --count 200 --theirs          with things of the reader's on the brokers, which must stay

After each one nothing may be left that nobody owns, `labs up` is all or nothing, and the next `labs up` works. Prints
one line a round on standard error and a JSON summary; exit code 1 if anything was left.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from labs import stack
from labs.brokers import journal
from labs.model import paths
from labs.stack import ports, probe, registry, state, sweep
from labs.stack.processes import MARK_HOME, is_alive, marked, marks, start_of
from tests import theirs

ROOT = Path(__file__).resolve().parent.parent
ROUND = "LABS_TEST_ROUND"
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGKILL)
LIMIT_S = 60.0  # for a supervisor to stop three brokers on a busy machine
USUAL_S = {("up", 1): 1.2, ("up", 3): 9.0, ("run", 1): 8.0, ("run", 3): 14.0, ("down", 1): 1.0, ("down", 3): 7.0}
FAULT_S = {"redis-list-always": 8.0, "rabbitmq-quorum": 24.0, "kafka-acks-all": 22.0}
FAULTS = ("stop", "kill", "power", "freeze", "disk-full", "slow-fsync")


@dataclass
class Tally:
    """What happened in all rounds."""

    rounds: Counter[str] = field(default_factory=Counter)
    with_all: int = 0
    leftovers: list[str] = field(default_factory=list)
    next_up_failed: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    undone: int = 0
    """Rounds after which the next command had something to undo."""

    def summary(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "interrupts": self.rounds.total(),
            "with_all_brokers": self.with_all,
            "by_command_and_signal": dict(sorted(self.rounds.items())),
            "leftovers": self.leftovers,
            "next_up_failed": self.next_up_failed,
            "lost": self.lost,
            "undone_by_the_next_command": self.undone,
        }


def silent(_line: str) -> None:
    """Progress that nobody reads."""


def hearing() -> None:
    """As in a terminal: a shell that runs us in the background lets its children ignore Ctrl-C."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


def command(kind: str, brokers: tuple[str, ...]) -> list[str]:
    """The command line of one round."""
    base = [sys.executable, "-m", "labs"]
    if kind == "up":
        return [*base, "up", "--backend", "native", *brokers]
    if kind == "down":
        return [*base, "down"]
    if kind == "fault":
        name, what = brokers
        return [*base, "run", "fault-theatre", "--set", f"setting={name}", "--set", f"fault={what}"]
    chosen = [part for broker in brokers for part in ("--set", f"broker={broker}")][: 2 if len(brokers) == 1 else 0]
    return [*base, "run", "latency-ladder", "--set", "rate=200", "--set", "rung=0", *chosen]


def committed() -> set[str]:
    """Stacks of `labs up` that are complete and led."""
    return {
        record["id"]
        for record in state.stacks()
        if record["owner"] == "user"
        and record["committed"]
        and not record["ending"]
        and is_alive(record["supervisor"]["pid"], record["supervisor"]["start"])
    }


def unowned(token: str) -> list[str]:
    """Processes, ports, folders and records of this home or round that belong to no complete stack of `labs up`."""
    kept = committed()
    found = [
        f"process {pid} of stack {one}" for one, pids in marked(paths.home()).items() if one not in kept for pid in pids
    ]
    for pid in psutil.pids():
        seen = marks(pid)
        if seen.get(ROUND) == token and seen.get("LABS_STACK") not in kept and start_of(pid):
            found.append(f"process {pid} of the round")
    folders = [*sweep.run_root().glob(sweep.run_folder("*").name), *paths.home().glob("session-*")]
    found += [f"folder {folder.name}" for folder in folders if folder.name.rpartition("-")[2] not in kept]
    found += [f"record {path.name}" for path in state.stack_files() if path.stem not in kept]
    found += mounted()
    if not kept:
        block = ports.ports_from(ports.default_base()).values()
        found += [f"port {port}" for port in block if not ports.is_free(port) and not of_another_home(port)]
    return found


def of_another_home(port: int) -> bool:
    """The brokers of another lane listen there: two homes may be given the same block of ports."""
    at = {
        one.pid for one in psutil.net_connections("tcp4") if one.status == psutil.CONN_LISTEN and one.laddr[1] == port
    }
    return any(marks(pid or 0).get(MARK_HOME, str(paths.home())) != str(paths.home()) for pid in at)


SBIN = ":/usr/sbin:/sbin"
"""Where losetup is; an ordinary user's PATH does not have it."""


def mounted() -> list[str]:
    """Loop devices of this home, and mounts of it in the view of any process."""
    home, found = str(paths.home()), []
    if losetup := shutil.which("losetup", path=os.environ["PATH"] + SBIN):
        asked = [losetup, "--list", "--noheadings", "--output", "BACK-FILE"]
        loops = subprocess.run(asked, capture_output=True, text=True, check=False)
        found += [f"loop device of {line}" for line in loops.stdout.splitlines() if home in line]
    for path in Path("/proc").glob("[0-9]*/mounts"):
        with contextlib.suppress(OSError):
            lines = path.read_text().replace("\\040", " ").splitlines()
            found += [f"mount {line} in {path}" for line in lines if f"{home}/session-" in line]
    return found


def settle(token: str) -> list[str]:
    """What is still left when everything had time to end by itself."""
    deadline = time.monotonic() + LIMIT_S
    while (found := unowned(token)) and time.monotonic() < deadline:
        time.sleep(0.1)
    return found


def interrupt(kind: str, brokers: tuple[str, ...], number: signal.Signals, after_s: float) -> str:
    """Start the command of a round and interrupt it."""
    return interrupted(command(kind, brokers), number, after_s)


def interrupted(words: list[str], number: signal.Signals, after_s: float) -> str:
    """Start the command, send the signal then (Ctrl-C goes to the whole group, as in a terminal); gives its token."""
    token = f"{os.getpid()}-{time.monotonic_ns()}"
    environment = {"LABS_BACKEND": "native"} | os.environ | {ROUND: token}
    with tempfile.TemporaryFile() as noise:
        process = subprocess.Popen(
            words,
            cwd=ROOT,
            env=environment,
            stdout=noise,
            stderr=noise,
            start_new_session=True,
            preexec_fn=hearing,
        )
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(after_s)
        with contextlib.suppress(ProcessLookupError):
            if number == signal.SIGINT:
                os.killpg(process.pid, number)
            elif process.poll() is None:
                process.send_signal(number)
        try:
            process.wait(LIMIT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            return f"hangs after {number.name}"
    return token


def complete_or_nothing() -> str:
    """Empty, or what is wrong with a stack that says it is complete."""
    for record, name, entry in registry.entries():
        if record["id"] not in committed():
            continue
        if entry["state"] != "ready":
            return f"{name} is {entry['state']}"
        try:
            probe.round_trip(registry.endpoint(name, record))
        except probe.NotReady as reason:
            return f"{name}: {reason}"
    return ""


def play(dice: random.Random, brokers: tuple[str, ...], tally: Tally) -> str:
    """One round; the line to print."""
    kind = dice.choice(("up", "run", "down"))
    number = dice.choice(SIGNALS)
    after_s = dice.uniform(0.0, USUAL_S[kind, 3 if len(brokers) > 1 else 1])
    name = f"{kind} {number.name} at {after_s:.2f} s with {','.join(brokers)}"
    if kind == "down":
        stack.up(brokers, "native", report=silent)
    token = interrupt(kind, brokers, number, after_s)
    left = [token] if token.startswith("hangs") else settle(token)
    if wrong := complete_or_nothing():
        left.append(wrong)
    tally.rounds[f"{kind} {number.name}"] += 1
    tally.with_all += len(brokers) > 1
    tally.leftovers += [f"{name}: {one}" for one in left]
    try:
        for place in stack.up(brokers, "native", report=silent).values():
            probe.round_trip(place)
        stack.down(report=silent)
        tally.leftovers += [f"{name}, after down: {one}" for one in unowned(token)]
    except (stack.StackError, probe.NotReady) as error:
        tally.next_up_failed.append(f"{name}: {error}")
    return f"{name}: {left or 'nothing left'}"


def play_fault(dice: random.Random, tally: Tally) -> str:
    """One round in the middle of a fault; the line to print. Redis most often, because its rounds are short."""
    profile = dice.choices(list(FAULT_S), (6, 1, 1))[0]
    fault, number = dice.choice(FAULTS), dice.choice(SIGNALS)
    after_s = dice.uniform(0.5, FAULT_S[profile])
    name = f"{profile} {fault} {number.name} at {after_s:.2f} s"
    token = interrupt("fault", (profile, fault), number, after_s)
    left = [token] if token.startswith("hangs") else settle(token)
    tally.rounds[f"{fault} {number.name}"] += 1
    tally.leftovers += [f"{name}: {one}" for one in left]
    stack.down(report=silent)
    tally.leftovers += [f"{name}, after down: {one}" for one in unowned(token)]
    return f"{name}: {left or 'nothing left'}"


def fault_series(count: int, seed: int) -> Tally:
    """That many interrupts in the middle of faults, in a home of their own."""
    dice, tally = random.Random(seed), Tally()
    with own_home():
        for step in range(1, count + 1):
            print(f"{step}/{count} {play_fault(dice, tally)}", file=sys.stderr, flush=True)
    return tally


RUNS = {
    "redis": (
        *(("latency-ladder", "broker=redis", "rate=200", f"rung={rung}") for rung in range(4)),
        ("kill-the-worker", "mode=redis-lmove"),
        ("late-joiner", "mode=redis-stream"),
        ("one-question", "carrier=redis-pair"),
        ("redis-million", "way=benchmark"),
    ),
    "rabbitmq": (
        *(("latency-ladder", "broker=rabbitmq", "rate=200", f"rung={rung}") for rung in range(4)),
        ("kill-the-worker", "mode=rabbitmq-manual-ack"),
        ("late-joiner", "mode=rabbitmq-queue"),
        ("fifty-thousand", "way=stream"),
        ("fifty-thousand", "way=perf-test"),
    ),
    "kafka": (
        *(("latency-ladder", "broker=kafka", "rate=200", f"rung={rung}") for rung in (0, 2, 3)),
        ("kill-the-worker", "mode=kafka-commit-after"),
        ("late-joiner", "mode=kafka-latest"),
        ("one-question", "carrier=kafka-reply"),
    ),
}
"""Broker -> runs that make something there: a lab and its settings."""
RUN_S = 7.5
NEXT = {"run": ("status", "up", "down"), "up": ("up",), "down": ("up",)}
"""What the reader types next."""


class Theirs:
    """Brokers of `labs up` with things of the reader's on them, and rounds that must leave these alone."""

    def __init__(self, brokers: tuple[str, ...], dice: random.Random, backend: str) -> None:
        self.brokers, self.dice, self.backend = brokers, dice, backend
        self.places = self.up()
        theirs.put(self.places)
        self.there = theirs.look(self.places)
        self.choose()

    def up(self) -> dict[str, Any]:
        """The next `labs up`: it starts what does not run."""
        return stack.up(self.brokers, self.backend, report=silent)

    def choose(self) -> None:
        """What a server forgets when it stops is chosen anew."""
        theirs.choose(self.places)
        self.life, self.settings = theirs.life(self.places), theirs.settings(self.places)

    def round(self, tally: Tally) -> str:
        """One kill, the next command, a look; the line to print."""
        kind, number = self.dice.choice(("up", "run", "run", "down")), self.dice.choice(SIGNALS)
        words = [sys.executable, "-m", "labs", kind]
        if kind == "run":
            lab, *chosen = self.dice.choice(RUNS[self.dice.choice(self.brokers)])
            words += [lab, *(part for one in chosen for part in ("--set", one))]
        elif kind == "up":
            stack.down(report=silent)
            words += ["--backend", self.backend, *self.brokers]
        usual_s = RUN_S if kind == "run" else USUAL_S[kind, 3 if len(self.brokers) > 1 else 1]
        after_s = self.dice.uniform(0.5 if kind == "run" else 0.0, usual_s)
        token = interrupted(words, number, after_s)
        name = f"{' '.join(words[3:])} {number.name} at {after_s:.2f} s"
        left = [token] if token.startswith("hangs") else self.after(kind, number, tally)
        tally.rounds[f"{kind} {number.name}"] += 1
        tally.with_all += len(self.brokers) > 1
        tally.lost += [f"{name}: {one}" for one in left]
        return f"{name}: {left or 'all as it was'}"

    def after(self, kind: str, number: signal.Signals, tally: Tally) -> list[str]:
        """What is not as it was once the reader has typed another command, and brokers that are down are up again."""
        left = [entry for entry in journal.entries() if not journal.lives(entry)]
        tally.undone += bool(left)
        then = self.dice.choice(NEXT[kind])
        environment = {"LABS_BACKEND": self.backend} | os.environ
        typed = [sys.executable, "-m", "labs", then, *(self.brokers if then == "up" else ())]
        done = subprocess.run(typed, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        wrong = [f"labs {then} ended with {done.returncode}: {done.stderr[-300:]}"] if done.returncode else []
        self.places = self.up()
        wrong += theirs.differences(self.there, theirs.look(self.places))
        if theirs.life(self.places) == self.life:
            wrong += theirs.differences(self.settings, theirs.settings(self.places))
        wrong += [
            f"entry {entry.path.name} of {entry.names}" for entry in journal.entries() if not journal.lives(entry)
        ]
        self.choose()
        return [f"then {then}: {one}" for one in wrong]


def theirs_series(count: int, brokers: tuple[str, ...], seed: int, backend: str = "native") -> Tally:
    """That many kills, with things of the reader's on these brokers, in a home of their own."""
    dice, tally = random.Random(seed), Tally()
    with own_home():
        rounds = Theirs(brokers, dice, backend)
        for step in range(1, count + 1):
            print(f"{step}/{count} {rounds.round(tally)}", file=sys.stderr, flush=True)
        stack.down(report=silent, reset=True)  # what lies in volumes does not go with the folder
    return tally


@contextlib.contextmanager
def own_home() -> Iterator[None]:
    """A home that is gone afterwards; the cache is shared."""
    before = dict(os.environ)
    with tempfile.TemporaryDirectory(prefix="labs interrupts ") as folder:
        os.environ |= {"LABS_CACHE": str(paths.cache()), "LABS_HOME": folder}
        try:
            yield
        finally:
            stack.down(report=silent)
            os.environ.clear()
            os.environ.update(before)


def series(count: int, all_brokers: int, seed: int) -> Tally:
    """That many rounds, so many of them with all three brokers and the rest with Redis, in a home of their own."""
    dice, tally = random.Random(seed), Tally()
    kinds = [stack.BROKERS] * all_brokers + [("redis",)] * (count - all_brokers)
    dice.shuffle(kinds)
    with own_home():
        stack.up(stack.BROKERS if all_brokers else ("redis",), "native", report=silent)
        stack.down(report=silent)
        for step, brokers in enumerate(kinds, 1):
            print(f"{step}/{count} {play(dice, brokers, tally)}", file=sys.stderr, flush=True)
    return tally


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.interrupts", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--count", type=int, default=200, help="rounds")
    parser.add_argument("--all-brokers", type=int, default=40, help="rounds among them with all three brokers")
    parser.add_argument("--faults", action="store_true", help="in the middle of faults instead")
    parser.add_argument("--theirs", action="store_true", help="with things of the reader's on the brokers instead")
    parser.add_argument("--brokers", default=",".join(stack.BROKERS), help="of those rounds")
    parser.add_argument("--backend", default="native", help="of those rounds")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    if asked.theirs:
        tally = theirs_series(asked.count, tuple(asked.brokers.split(",")), asked.seed, asked.backend)
    elif asked.faults:
        tally = fault_series(asked.count, asked.seed)
    else:
        tally = series(asked.count, min(asked.all_brokers, asked.count), asked.seed)
    print(json.dumps(tally.summary(), indent=1))
    return 1 if tally.leftovers or tally.next_up_failed or tally.lost else 0


if __name__ == "__main__":
    sys.exit(main())
