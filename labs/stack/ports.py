"""Which ports a stack uses: one block per stack, the user's always the same, derived from the user and the folder."""

from __future__ import annotations

import socket
from collections.abc import Sequence

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
_NEEDS: dict[str, tuple[str, ...]] = {
    "rabbitmq": ("rabbitmq", "rabbitmq-admin", "epmd", "rabbitmq-dist", "rabbitmq-prometheus", "rabbitmq-stream")
}
_NEEDS |= {"kafka": ("kafka", "kafka-controller")}


def default_base() -> int:
    """The first port of `labs up`: LABS_PORT_BASE, or derived from the user and the folder (20000 to 31990)."""
    asked = environ.read("LABS_PORT_BASE")
    if not asked:
        return 20_000 + int(home_tag(), 16) % 1200 * BLOCK
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


def free_ports(brokers: Sequence[str], owner: str) -> dict[str, int]:
    """Ports for a new stack: the user's are always the same block, a session takes the next free one after it."""
    base = default_base()
    for block in range(1) if owner == "user" else range(1, 400):
        first = base + block * BLOCK
        ports = ports_from(first if first <= _LAST else first - 40_000)
        taken = [port for port in needed_ports(brokers, ports) if not is_free(port)]
        if not taken:
            return ports
    raise StackError(
        f"starting {', '.join(brokers)}",
        f"port {taken[0]} is taken by {who_listens(taken[0])}, which we did not start.",
        f"End that process, or choose other ports: LABS_PORT_BASE={other_base(base)}.",
    )


def other_base(base: int) -> int:
    """A first port far from that one, all of whose block is free now."""
    candidates = (20_000 + (base + step * 370) % 12_000 // BLOCK * BLOCK for step in range(1, 30))
    return next((one for one in candidates if all(is_free(port) for port in ports_from(one).values())), 40_000)
