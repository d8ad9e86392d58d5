"""The features of RabbitMQ's queues that are asked of the running server, and which version brought each."""

from __future__ import annotations

TRIALS = ("ttl", "ttl_head", "priority", "dead_letter", "limit", "default_limit", "nack_counts", "retry_delay")
QUEUES = {"classic": "Classic queue", "quorum": "Quorum queue"}
BROUGHT = {
    ("quorum", "ttl"): "3.10", ("quorum", "ttl_head"): "3.10", ("quorum", "priority"): "4.3",
    ("quorum", "default_limit"): "4.0", ("quorum", "retry_delay"): "4.3",
}  # fmt: skip
"""Which version brought a feature to a kind of queue, by RabbitMQ's release notes. It is said of a trial that the
running server did not pass, and only where that server is older. 4.0 brought two priorities, 4.3 strict ones."""
NEVER_THERE = {("classic", name) for name in ("limit", "default_limit", "nack_counts", "retry_delay")}
"""No version has these: only a quorum queue counts deliveries or delays what comes back."""
CHECKLIST = ("ttl", "priority", "dead_letter", "limit", "retry_delay")
"""The features that C67's rule asks for."""


def number(version: str) -> tuple[int, ...]:
    """A version as numbers, to compare; what is no number ends it."""
    found = []
    for part in version.split("."):
        if not part.isdigit():
            break
        found.append(int(part))
    return tuple(found)
