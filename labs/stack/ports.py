"""Which ports a stack uses: one block per stack, the user's the same whenever it is free, from the user and the folder.

Two folders of a machine may be given the same block, so the one that comes second takes another. Sessions come and go,
so theirs lie apart from every folder's fixed ones: none may sit where another folder's `labs up` has to listen.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator, Sequence

from labs.model import environ
from labs.model.errors import StackError
from labs.stack.processes import who_listens
from labs.stack.state import home_tag

PORT_NAMES = (
    "redis",
    "rabbitmq",
    "rabbitmq-admin",
    "kafka",
    "kafka-controller",
    "epmd",
    "rabbitmq-dist",
    "rabbitmq-prometheus",
    "memory",
    "rabbitmq-stream",
)
BLOCK = 10  # ports kept together for one stack
_LAST = 65_535 - BLOCK
_FIXED, _FIXED_BLOCKS = 20_000, 1200
"""Where what stays listens: below the ports that Linux gives to clients (from 32768)."""
_STRIDE = 37  # prime to the number of blocks, so no block is tried twice
_SHORT, _SHORT_BLOCKS = 12_000, 800
"""Where a session listens: above what Jupyter and brokers of others take by themselves."""
_NEEDS: dict[str, tuple[str, ...]] = {
    "rabbitmq": ("rabbitmq", "rabbitmq-admin", "epmd", "rabbitmq-dist", "rabbitmq-prometheus", "rabbitmq-stream")
}
_NEEDS |= {"kafka": ("kafka", "kafka-controller")}


def default_base() -> int:
    """The first port of `labs up`: LABS_PORT_BASE, or derived from the user and the folder (20000 to 31990)."""
    return user_bases()[0]


def user_bases() -> list[int]:
    """The first ports that `labs up` may have, in the order in which it tries them: only LABS_PORT_BASE if that is set.

    The second is far from the first, for whoever has the first may have its neighbours as well.
    """
    if asked := _asked_base():
        return [asked]
    return [_FIXED + (_tag() + step * _STRIDE) % _FIXED_BLOCKS * BLOCK for step in range(30)]


def session_bases() -> Iterator[int]:
    """The first ports that a session may have, in the order in which it tries them.

    They follow LABS_PORT_BASE where that is set: whoever chose a range gets all of it there.
    """
    if asked := _asked_base():
        firsts = (asked + block * BLOCK for block in range(1, 400))
        yield from (first if first <= _LAST else first - 40_000 for first in firsts)
    else:
        yield from (_SHORT + (_tag() + block) % _SHORT_BLOCKS * BLOCK for block in range(400))


def _tag() -> int:
    """This folder and user as a number, from which the place among the blocks follows."""
    return int(home_tag(), 16)


def _asked_base() -> int:
    """LABS_PORT_BASE, 0 if it is not set. StackError if it is no port that will do."""
    asked = environ.read("LABS_PORT_BASE")
    if not asked:
        return 0
    if not asked.isdigit() or not 1024 <= int(asked) <= 65_535 - BLOCK:
        raise StackError("reading LABS_PORT_BASE", f"{asked!r} is no usable port.", "Set it to 1024 to 65525.")
    return int(asked)


def ports_from(base: int) -> dict[str, int]:
    """The ports of one stack by name."""
    return {name: base + number for number, name in enumerate(PORT_NAMES)}


def is_free(port: int) -> bool:
    """Nobody listens on the port of 127.0.0.1."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def needed_ports(brokers: Sequence[str], ports: dict[str, int]) -> list[int]:
    """The ports that these brokers will listen on."""
    return [ports[name] for broker in brokers for name in _NEEDS.get(broker, (broker,))]


def free_ports(brokers: Sequence[str], owner: str, report: Callable[[str], None]) -> dict[str, int]:
    """Ports for a new stack: the user's own block if it is free, a session's the next free one of its own.

    `report` is told where the user's brokers listen when it is not where they mostly do. StackError if none is free.
    """
    first_taken = 0
    for first in user_bases() if owner == "user" else session_bases():
        ports = ports_from(first)
        taken = next((port for port in needed_ports(brokers, ports) if not is_free(port)), None)
        if taken is None:
            if owner == "user" and first_taken:
                report(f"{_held(first_taken)}: ports from {first} on for {', '.join(brokers)}")
            return ports
        first_taken = first_taken or taken
    raise StackError(
        f"starting {', '.join(brokers)}",
        f"{_held(first_taken)}, which we did not start.",
        f"End that process, or choose other ports: LABS_PORT_BASE={other_base(default_base())}.",
    )


def _held(port: int) -> str:
    return f"port {port} is taken by {who_listens(port)}"


def other_base(base: int) -> int:
    """A first port far from that one, all of whose block is free now."""
    candidates = (_FIXED + (base + step * _STRIDE * BLOCK) % 12_000 // BLOCK * BLOCK for step in range(1, 30))
    return next((one for one in candidates if all(is_free(port) for port in ports_from(one).values())), 40_000)
