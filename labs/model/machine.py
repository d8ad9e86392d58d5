"""The machine as its own system tells it, for the run card: processor, memory, kernel. Nothing that names its owner."""

from __future__ import annotations

import contextlib
import os
import platform
import re
from functools import cache
from pathlib import Path

from labs.model.facts import Facts

UNSEEN = "not seen from here"
PROC, DMI = Path("/proc"), Path("/sys/class/dmi/id")
WHOLE = re.compile(r"(?i)\b(kvm|qemu|vmware|virtualbox|hvm|xen|hyper-v|virtual machine|ec2|compute engine|bochs)\b")
"""What makers of virtual machines write where a machine's maker and model stand."""


@cache
def told() -> Facts:
    """Processor, whether it is virtual, memory, system with kernel; in words, each `not seen from here` if it is."""
    words = _read(PROC / "cpuinfo")
    return {
        "processor": _processor(words),
        "virtual": virtual(words, [_read(DMI / name).strip() for name in ("sys_vendor", "product_name")]),
        "memory": _memory(),
        "system": f"{_system()}, kernel {platform.release() or UNSEEN}",
    }


def virtual(cpuinfo: str, makers: list[str]) -> str:
    """By the processor's own flag and by the names of maker and model. Without either, nothing is known."""
    known = " ".join(dict.fromkeys(filter(None, makers)))
    if re.search(r"^flags\s*:.*\bhypervisor\b", cpuinfo, re.M):
        return "yes, by the processor's hypervisor flag" + (f" ({known})" if known else "")
    if WHOLE.search(known):
        return f"yes, by its maker's name ({known})"
    return "no sign of it" if re.search(r"^flags\s*:", cpuinfo, re.M) else UNSEEN


def _processor(cpuinfo: str) -> str:
    found = re.search(r"^model name\s*:\s*(.+)$", cpuinfo, re.M)
    if found:
        return " ".join(found[1].split())
    arm = {name: re.search(rf"^{name}\s*:\s*(\S+)", cpuinfo, re.M) for name in ("CPU implementer", "CPU part")}
    if all(arm.values()):
        return f"{platform.machine()}, " + ", ".join(f"{name} {one[1]}" for name, one in arm.items() if one)
    return platform.processor() or UNSEEN


def _memory() -> str:
    try:
        return f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.1f} GiB"
    except (ValueError, OSError, AttributeError):
        return UNSEEN


def _system() -> str:
    with contextlib.suppress(OSError, KeyError):
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    return f"{platform.system()} {platform.mac_ver()[0]}".strip() or UNSEEN


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace")
    except OSError:
        return ""
