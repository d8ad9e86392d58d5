"""The vendors' own load tools, run beside ours: what each measured, and how it was called."""

from __future__ import annotations

from dataclasses import dataclass

from labs.model.errors import StackError


class ToolError(StackError):
    """A vendor's tool failed, took too long or printed what we cannot read: tried, happened, what to do."""


@dataclass(frozen=True)
class Rate:
    """What a tool says it did. `seconds` is the tool's own time; `command` never holds a password."""

    messages: int
    seconds: float
    body_bytes: int
    tool: str
    version: str
    command: str
    server: str = ""
    """The version that the tool should have, which is the server's; empty where tool and server count their own."""

    @property
    def said(self) -> str:
        """The tool and its version, and where it is not of the server's version, that."""
        unlike = f", not of the server's version {self.server}" if self.server not in ("", self.version) else ""
        return f"{self.tool} {self.version}{unlike}"

    @property
    def per_s(self) -> float:
        """Messages a second; 0.0 where the tool took no time at all."""
        return self.messages / self.seconds if self.seconds > 0 else 0.0
