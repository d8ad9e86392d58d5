"""The recorded file of the promises."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from labs.judge import recording
from labs.model.run import RunFileError

LAB = "promises"
NOT_YET = "not recorded yet"
"""Why a row of the table has no outcome when its recording has not come to it."""
AGAIN = "Record it again with `labs promises --out`."


def load(path: Path) -> dict[str, Any]:
    """A recorded file of promises that agrees with itself. RunFileError when it is damaged, older or another file."""
    content = recording.checked(path)[0]
    if content["lab"] != LAB or "rows" not in content or not isinstance(content.get("card"), Mapping):
        raise RunFileError(f"{path} is no recording of promises: it wants rows, a card and the lab {LAB!r}. {AGAIN}")
    return content
