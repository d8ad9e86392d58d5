"""Facts by name, as JSON has them: what is read from a file, kept of a run, or told by a broker."""

from __future__ import annotations

from typing import Any

Facts = dict[str, Any]
