"""A power cut by the kernel's own means: an ext4 on a loop device, shut down without writing (root)."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import fcntl
import os
import struct
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from labs.model.errors import StackError
from labs.model.facts import Facts
from labs.stack.disks.plain import Plain, tool

IMAGE_BYTES = 1 << 30
"""Sparse. RabbitMQ stops its publishers below 200 MB of free space, so it must be larger than that."""
EXT4_IOC_SHUTDOWN, NO_LOG_FLUSH = 0x8004587D, 2
CLONE_NEWNS = 0x20000
BUSY_S = 10.0
INSTEAD = (
    "`losetup --list` shows who holds them. The power of a native broker can also be cut by the fsync ledger, "
    "which needs none: --set disk=ledger"
)


@contextlib.contextmanager
def attaching(image: Path) -> Iterator[None]:
    """While inside, an image is put on a loop device; if that fails because none is free, the error says so."""
    try:
        yield
    except StackError as error:
        if why := _none_free():
            raise StackError(f"putting {image} on a loop device", f"none is free ({why}).", INSTEAD) from error
        raise


def _none_free() -> str:
    """losetup's own words for it; empty if there is one. In a container it may name one that has no file there."""
    done = subprocess.run(["losetup", "--find"], capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    device = done.stdout.strip()
    if done.returncode:
        return done.stderr.strip() or "losetup did not say why"
    return "" if Path(device).exists() else f"there is no {device}"


def flush(data: Path) -> None:
    """Write all of the file system on which `data` lies, and only of it."""
    handle = os.open(data, os.O_RDONLY)
    try:
        if ctypes.CDLL(None, use_errno=True).syncfs(handle):
            raise OSError(ctypes.get_errno(), "syncfs")
    finally:
        os.close(handle)


def _forget_others() -> None:
    """Our copies of other loop devices' mounts: as long as one of them stands, such a file system is never gone."""
    for line in Path("/proc/self/mounts").read_text().splitlines():
        device, where, *_ = line.split()
        if device.startswith("/dev/loop"):
            with contextlib.suppress(StackError):
                tool("umount", "--lazy", where.replace("\\040", " "))


def device_of(mountpoint: Path) -> str:
    """The device mounted exactly there, in this process's view; empty if none is."""
    rows = [line.split() for line in Path("/proc/self/mounts").read_text().splitlines()]
    there = str(mountpoint.resolve())
    return next((row[0] for row in reversed(rows) if row[1].replace("\\040", " ") == there), "")


def shut_down(data: Path) -> Facts:
    """The file system on which `data` lies forgets what it has not written; a write of our own proves it."""
    if not device_of(data).startswith("/dev/loop"):  # never the machine's own disk
        raise StackError("cutting the power", f"{data} does not lie on a loop device of its own.", "Nothing was done.")
    handle = os.open(data, os.O_RDONLY)
    try:
        fcntl.ioctl(handle, EXT4_IOC_SHUTDOWN, struct.pack("I", NO_LOG_FLUSH))
    finally:
        os.close(handle)
    try:
        (data / "after-the-cut").write_bytes(b"x")
    except OSError as error:
        if error.errno == errno.EIO:
            return {"after_the_cut": "EIO"}
        raise
    raise StackError("cutting the power", "the file system still took a write.", "The kernel has no shutdown call.")


class Loop(Plain):
    """An ext4 of its own in a file, mounted where only this stack's processes see it."""

    def __init__(self, folder: Path, data: Path) -> None:
        super().__init__(folder, data)
        self.image, self.ballast = folder / "disk.img", data / "ballast"

    def begin(self) -> None:
        """A private mount namespace, the image, the file system."""
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.unshare(CLONE_NEWNS):
            raise StackError("making a mount namespace", os.strerror(ctypes.get_errno()), "It needs root.")
        tool("mount", "--make-rprivate", "/")
        _forget_others()
        with self.image.open("wb") as file:
            file.truncate(IMAGE_BYTES)
        tool("mkfs.ext4", "-q", "-F", "-m", "0", str(self.image))
        self._mount()

    def _mount(self) -> None:
        with attaching(self.image):
            tool("mount", "-o", "loop", str(self.image), str(self.data))

    def sync(self) -> None:
        """Write all of this file system, and only of it."""
        flush(self.data)

    def cut(self) -> Facts:
        """From here on the file system neither reads nor writes."""
        return shut_down(self.data)

    def restore(self) -> Facts:
        """Mount it again: the journal is replayed, the rest is gone."""
        self._unmount()
        self._mount()
        return {"remounted": True}

    def _unmount(self) -> None:
        deadline = time.monotonic() + BUSY_S
        while True:
            try:
                tool("umount", str(self.data))
                return
            except StackError:
                if time.monotonic() > deadline:
                    raise
            time.sleep(0.02)

    def fill(self, leave_bytes: int) -> Facts:
        """A ballast file takes the space."""
        handle = os.open(self.ballast, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            step = 1 << 26
            while step >= 4096:
                want = min(step, self._free_bytes() - leave_bytes) // 4096 * 4096
                try:
                    if want <= 0:
                        break
                    os.posix_fallocate(handle, os.fstat(handle).st_size, want)
                except OSError as error:
                    if error.errno != errno.ENOSPC:
                        raise
                    step //= 2
        finally:
            os.close(handle)
        return {"free_bytes": self._free_bytes(), "ballast_bytes": self.ballast.stat().st_size}

    def _free_bytes(self) -> int:
        seen = os.statvfs(self.data)
        return seen.f_bavail * seen.f_frsize

    def free(self) -> Facts:
        """Remove the ballast."""
        self.ballast.unlink(missing_ok=True)
        return {"free_bytes": self._free_bytes()}

    def end(self) -> None:
        """Unmount; what is still busy goes when its last process goes."""
        with contextlib.suppress(StackError):
            tool("umount", "--lazy", str(self.data))
