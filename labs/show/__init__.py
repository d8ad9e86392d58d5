"""A digest in, words, shapes and figures out. May use model and judge."""

from typing import Any

Json = dict[str, Any]
"""What panel.mjs and plotly take: built here, written out as JSON, and read by nobody in Python."""
