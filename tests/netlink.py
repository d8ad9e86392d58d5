"""Run a command that cannot hear of network interfaces: `python netlink.py COMMAND ...` (Linux).

Chromium ends every load and socket, 127.0.0.1 included, when any interface comes or goes (ERR_NETWORK_CHANGED), and
each container that another test starts brings one. Where no netlink socket can be opened it takes the network to be
up for good (net/base/address_tracker_linux.cc, AbortAndForceOnline). So the kernel refuses such sockets to it, by a
filter of system calls (seccomp(2)); the struct layouts are those of linux/filter.h and linux/seccomp.h.
"""

import ctypes
import errno
import os
import platform
import struct
import sys

PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS, SECCOMP_MODE_FILTER = 22, 38, 2
LOAD, EQUAL, RETURN = 0x20, 0x15, 0x06
REFUSE, ALLOW = 0x00050000, 0x7FFF0000
NUMBER, MACHINE, FIRST_ARGUMENT = 0, 4, 16
AF_NETLINK = 16
SOCKET = {"x86_64": (0xC000003E, 41), "aarch64": (0xC00000B7, 198)}
"""The kernel's name of the machine, and its number of the system call socket(2), by platform.machine()."""


class Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def without_netlink() -> None:
    """From now on, for this process and its children, opening a netlink socket fails with EAFNOSUPPORT.

    On a machine that is not in SOCKET nothing changes. Raises OSError where the kernel refuses the filter.
    """
    if platform.machine() not in SOCKET or sys.platform != "linux":
        return
    machine, socket = SOCKET[platform.machine()]
    steps = [
        (LOAD, 0, 0, MACHINE),
        (EQUAL, 0, 5, machine),
        (LOAD, 0, 0, NUMBER),
        (EQUAL, 0, 3, socket),
        (LOAD, 0, 0, FIRST_ARGUMENT),
        (EQUAL, 0, 1, AF_NETLINK),
        (RETURN, 0, 0, REFUSE | errno.EAFNOSUPPORT),
        (RETURN, 0, 0, ALLOW),
    ]
    packed = b"".join(struct.pack("HBBI", *step) for step in steps)
    libc, program = ctypes.CDLL(None, use_errno=True), Program(len(steps), packed)
    for words in ((PR_SET_NO_NEW_PRIVS, 1, 0), (PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(program))):
        if libc.prctl(*words, 0, 0):
            raise OSError(ctypes.get_errno(), "prctl")


if __name__ == "__main__":
    without_netlink()
    os.execv(sys.argv[1], sys.argv[1:])
