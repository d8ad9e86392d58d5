"""Docker's daemon writes rules into the machine's packet filter and leaves them there: take away what ours wrote."""

from __future__ import annotations

import subprocess
from pathlib import Path

FORWARDING = Path("/proc/sys/net/ipv4/ip_forward")


def _iptables(*words: str) -> list[str]:
    done = subprocess.run(["iptables", "-w", *words], capture_output=True, text=True, timeout=20)
    return done.stdout.splitlines()


def remember(place: Path) -> None:
    """Write down how forwarding stood, unless another engine's rules are there: then nothing is to be cleaned."""
    rules = _iptables("-S")
    if not any("DOCKER" in rule for rule in rules):
        policy = next((rule.split()[2] for rule in rules if rule.startswith("-P FORWARD")), "ACCEPT")
        place.write_text(f"{policy} {FORWARDING.read_text().strip()}")


def restore(place: Path) -> None:
    """Remove Docker's chains and put forwarding back to what `remember` saw."""
    if not place.exists():
        return
    policy, forwarding = place.read_text().split()
    for table in ("filter", "nat"):
        rules = [rule.split() for rule in _iptables("-t", table, "-S") if "DOCKER" in rule]
        for action, words in [("-D", rule[1:]) for rule in rules if rule[0] == "-A"]:
            _iptables("-t", table, action, *words)
        for rule in rules:
            if rule[0] == "-N":
                _iptables("-t", table, "-X", rule[1])
    _iptables("-P", "FORWARD", policy)
    FORWARDING.write_text(forwarding)
    place.unlink()
