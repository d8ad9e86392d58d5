"""What a newer Redis can do for the groups of a stream, asked of the running server, and which version brought it."""

from __future__ import annotations

FEATURES = {
    "xautoclaim": "XAUTOCLAIM",
    "told-gone": "XAUTOCLAIM names gone entries",
    "xackdel": "XACKDEL",
    "xdelex": "XDELEX … ACKED",
    "xtrim-acked": "XTRIM … ACKED",
    "xadd-acked": "XADD … ACKED",
    "readgroup-claim": "XREADGROUP … CLAIM",
    "xnack": "XNACK",
}
BROUGHT = {
    "xautoclaim": "6.2", "told-gone": "7.0", "xackdel": "8.2", "xdelex": "8.2", "xtrim-acked": "8.2",
    "xadd-acked": "8.2", "readgroup-claim": "8.4", "xnack": "8.8",
}  # fmt: skip
"""Which version of Redis brought it, by Redis's documentation of the commands and of what is new in 8.2, 8.4 and 8.8.
It is said of what the running server does not have, and as such in the column *Since*."""
COMMANDS = {"xautoclaim": "XAUTOCLAIM", "xackdel": "XACKDEL", "xdelex": "XDELEX", "xnack": "XNACK"}
"""Features that are a command: the server's own table dates those that it has."""
