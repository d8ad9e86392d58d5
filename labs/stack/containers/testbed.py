"""The same broker to break, in a container: the engine stops, kills and starts it, and its own record is the evidence.

As root on Linux the volume can lie on a loop device, whose file system is shut down for a power cut.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

from labs.model import paths
from labs.model.endpoint import Endpoint
from labs.model.errors import StackError
from labs.model.facts import Facts
from labs.stack import disks, origin, probe, state
from labs.stack import sweep as sweeping
from labs.stack.containers import docker
from labs.stack.containers.project import Contained
from labs.stack.disks import loop
from labs.stack.disks import plain as disk_of
from labs.stack.ports import free_ports
from labs.stack.processes import awaited, family, send
from labs.stack.protocol import stand_still
from labs.stack.testbed import DIES_S, STARTS_S, STOPS_S, Arena, Evidence, NotStarted

Report = Callable[[str], None]


class LoopImage:
    """A loop device with an ext4 for one container's volume. Root of the file system belongs to everybody in it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.image, self.device = folder, folder / "disk.img", ""

    def begin(self) -> str:
        """The device, ready to be mounted by the engine."""
        state.make_folder(self.folder)
        with self.image.open("wb") as file:
            file.truncate(loop.IMAGE_BYTES)
        disk_of.tool("mkfs.ext4", "-q", "-F", "-m", "0", str(self.image))
        # An empty root lets the engine give it the image's content and owner, as it does with an ordinary volume.
        disk_of.tool("debugfs", "-w", "-R", "rmdir lost+found", str(self.image))
        with loop.attaching(self.image):
            self.device = disk_of.tool("losetup", "--find", "--show", str(self.image)).strip()
        return self.device

    def takes_writes(self) -> bool:
        """Whether a mount of the device lives: a file system that was shut down stays so while anyone has it."""
        where = state.make_folder(self.folder / "look")
        disk_of.tool("mount", self.device, str(where))
        try:
            (where / "look").write_bytes(b"x")
            (where / "look").unlink()
        except OSError:
            return False
        finally:
            disk_of.tool("umount", str(where))
        return True

    def end(self) -> None:
        """Free the device; what the engine still holds goes when it lets go."""
        if self.device:
            disk_of.tool("losetup", "--detach", self.device)
        shutil.rmtree(self.folder, ignore_errors=True)


class ContainedArena(Arena):
    """One broker of ours in a container, with everything that can be done to it."""

    def __init__(self, launch: Contained, broker: str, image: LoopImage | None) -> None:
        self.broker, self.disk = broker, "loop" if image else "plain"
        self._image = image or LoopImage(Path())
        self._project = str(launch.record["project"])
        self._frozen: list[int] = []
        self._place = origin.known(launch.place(broker))

    @property
    def endpoint(self) -> Endpoint:
        """Where the broker is now."""
        return replace(self._place, pids=docker.pids(self._inspected()))

    def _inspected(self) -> Facts:
        return docker.container(self.broker, self._project)

    def is_dead(self) -> str:
        """How its container ended, in the engine's words; empty while it runs."""
        seen = self._inspected()["State"]
        killed = ", out of memory" if seen.get("OOMKilled") else ""
        return "" if seen["Running"] else f"its container ended with exit code {seen['ExitCode']}{killed}"

    def sync(self) -> None:
        """All that the broker has written until now survives a power cut."""
        if self.disk == "loop":
            loop.flush(self._mountpoint())

    def _mountpoint(self) -> Path:
        mount = next(one for one in self._inspected()["Mounts"] if one["Type"] == "volume")
        found = json.loads(docker.run(["volume", "inspect", mount["Name"]], docker.ANSWER_S))[0]
        return Path(found["Mountpoint"])

    def stop(self) -> Evidence:
        """Ask it to end and wait until it has (docker stop)."""
        return self._by_engine("stop", ["stop", "--time", f"{STOPS_S:.0f}"], STOPS_S)

    def kill(self) -> Evidence:
        """End it at once (docker kill)."""
        return self._by_engine("kill", ["kill"], DIES_S)

    def _by_engine(self, kind: str, words: Sequence[str], patience_s: float) -> Evidence:
        self._alive(kind)
        name, at_ns = self._place.container, time.monotonic_ns()
        docker.run([*words, name], patience_s + docker.ANSWER_S)
        return Evidence(kind, f"docker {words[0]}", at_ns, f"{name}: {self._awaited(kind)}", {"container": name})

    def _awaited(self, kind: str) -> str:
        if not (why := awaited(self.is_dead, DIES_S)):
            raise StackError(f"{kind} {self.broker}", "its container still runs.", "See docker ps.")
        return why

    def cut_power(self) -> Evidence:
        """Stop its processes, shut the file system down, kill them."""
        self._alive("power")
        pids = [one for root in self.endpoint.pids for one in family(root)]
        where = self._mountpoint()
        at_ns = time.monotonic_ns()
        try:
            stand_still(pids)
            facts = loop.shut_down(where)
        finally:
            for pid in pids:
                send(pid, signal.SIGKILL)
        text = f"{self._place.container}: {self._awaited('power')}; a write after the cut gave EIO"
        self._until_gone(where)
        return Evidence("power", "ext4 shutdown on a loop device", at_ns, text, facts | {"pids": pids})

    def _until_gone(self, where: Path) -> None:
        """The engine lets go of the volume after the container has ended; a start before that gets the dead one."""
        if not awaited(lambda: not loop.device_of(where) and self._image.takes_writes(), STOPS_S, 0.05):
            happened = f"its file system at {where} is still held by somebody."
            raise StackError(f"power {self.broker}", happened, "Try again; else restart the container engine.")

    def freeze(self) -> Evidence:
        """It stands still until `thaw` (docker pause)."""
        self._alive("freeze")
        at_ns = time.monotonic_ns()
        docker.run(["pause", self._place.container], docker.ANSWER_S)
        if not self._inspected()["State"]["Paused"]:
            raise StackError(f"freeze {self.broker}", "the engine did not pause it.", "Try again.")
        self._frozen = [os.getpid()]
        return Evidence("freeze", "docker pause", at_ns, f"{self._place.container} is paused")

    def thaw(self) -> None:
        """Let it go on (docker unpause)."""
        if self._frozen:
            docker.run(["unpause", self._place.container], docker.ANSWER_S)
        self._frozen = []

    def fill_disk(self, leave_bytes: int = 0) -> Evidence:
        """Not in a container."""
        raise StackError("filling the disk", "this is done to native brokers only.", "Use --backend native.")

    def slow_disk(self, wait_ms: float) -> Evidence:
        """Not in a container."""
        raise StackError("slowing the disk", "this is done to native brokers only.", "Use --backend native.")

    def start(self) -> float:
        """Start the same container again. NotStarted if it does not come back."""
        began = time.monotonic()
        docker.run(["start", self._place.container], STARTS_S)
        while True:
            if why := self.is_dead():
                raise NotStarted(f"starting {self.broker} again", f"{why}.", self.last_words())
            try:
                probe.round_trip(replace(self._place, pids=()))
                return time.monotonic() - began
            except probe.NotReady as reason:
                if time.monotonic() - began > STARTS_S:
                    happened = f"no message went round in {STARTS_S:.0f} s ({reason})."
                    raise NotStarted(f"starting {self.broker} again", happened, self.last_words()) from reason
            time.sleep(0.1)

    def last_words(self) -> str:
        """The end of the container's log."""
        return docker.last_words(self.broker, self._project)


@contextmanager
def contained_arena(
    broker: str, *, disk: str = "plain", settings: Sequence[str] = (), report: Report = print
) -> Iterator[Arena]:
    """A broker of our own to break, in a container; it, its volume and its loop device are gone afterwards."""
    if disk not in ("plain", "loop"):
        raise StackError(f"a disk of kind {disk} for a container", "there is none.", "Use --backend native.")
    if reason := disks.why_not(disk):
        raise StackError(f"making a disk of kind {disk}", reason, "`labs doctor` lists what this machine can do.")
    with ExitStack() as undo:
        with state.locked(report):
            sweeping.sweep(report)
            more = {"LABS_REDIS_CONFIG": _lines(settings)} if settings else {}
            launch = Contained([broker], "session", free_ports([broker], "session", report), report, more=more)
            image = LoopImage(paths.home() / f"session-{launch.id}") if disk == "loop" else None
            if image:
                undo.callback(image.end)
                launch.more["LABS_DISK_DEVICE"] = image.begin()
            undo.callback(launch.stop)
            launch.wait()
        yield ContainedArena(launch, broker, image)


def _lines(arguments: Sequence[str]) -> str:
    """--save "" --appendonly yes as lines of a configuration file."""
    pairs = zip(arguments[::2], arguments[1::2], strict=True)
    return "\n".join(f'{name.removeprefix("--")} "{value}"' for name, value in pairs)
