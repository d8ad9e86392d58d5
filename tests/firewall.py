"""Docker's daemon writes rules into the machine's packet filter and leaves them there: take away what ours wrote.

Several engines share the filter: the first one writes down how it was, the last one to end puts that back.
"""

from __future__ import annotations

import contextlib
import subprocess
import tempfile
from pathlib import Path

import psutil

FORWARDING = Path("/proc/sys/net/ipv4/ip_forward")
BEFORE = Path(tempfile.gettempdir()) / "labs-engine-firewall-before"


def _iptables(*words: str) -> list[str]:
    done = subprocess.run(["iptables", "-w", *words], capture_output=True, text=True, timeout=20)
    return done.stdout.splitlines()


def _engine_runs() -> bool:
    names = [process.info["name"] for process in psutil.process_iter(["name"])]
    return "dockerd" in names


def remember() -> None:
    """Write down how forwarding stood, unless an engine runs or ran here: then it is not ours to clean."""
    rules = _iptables("-S")
    if not _engine_runs() and not any("DOCKER" in rule for rule in rules):
        policy = next((rule.split()[2] for rule in rules if rule.startswith("-P FORWARD")), "ACCEPT")
        BEFORE.write_text(f"{policy} {FORWARDING.read_text().strip()}")


def restore() -> None:
    """Remove Docker's chains and put forwarding back to what `remember` saw, unless an engine still runs."""
    if _engine_runs() or not BEFORE.exists():
        return
    policy, forwarding = BEFORE.read_text().split()
    for table in ("filter", "nat"):
        rules = [rule.split() for rule in _iptables("-t", table, "-S") if "DOCKER" in rule]
        for rule in rules:
            if rule[0] == "-A":
                _iptables("-t", table, "-D", *rule[1:])
        for rule in rules:
            if rule[0] == "-N":
                _iptables("-t", table, "-X", rule[1])
    _iptables("-P", "FORWARD", policy)
    with contextlib.suppress(OSError):
        FORWARDING.write_text(forwarding)
    BEFORE.unlink()
