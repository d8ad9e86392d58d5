"""Dots on an axis: the marks of a row, the axis with its ticks, the key. Figures stay as they were measured: whoever
draws a row places them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from labs.show import Json

Keys = Mapping[str, str]
"""Kind of a mark -> what it means: `at` the median, `open` a median that says less, `repeat`, `tail` the p99, `cross`
what others have published."""


def marks(middle: float | None, repeats: Iterable[float], text: str, *, kind: str = "at", **more: Any) -> Json:
    """The marks of a row: its median as a mark of `kind`, each repeat; `text` is what stands beside it. Of `more` there
    are `tail`, the p99, `word`, what limited it, and `more`, what a pointer is told."""
    told = {"tail": None, "word": "", "more": ""} | more
    return {"at": middle, "repeats": list(repeats), "kind": kind, "text": text} | told


def log_ticks(values: Iterable[float], usual: tuple[float, float], unit: str = "") -> Json:
    """A log axis of whole decades over the values; `usual` are its ends where there are none."""
    known = [value for value in values if 0 < value < math.inf] or list(usual)
    low, high = math.floor(math.log10(min(known))), math.ceil(math.log10(max(known)))
    high = max(high, low + 1)
    ticks = [[10.0**power, power_text(power)] for power in range(low, high + 1)]
    return {"range": [10.0**low, 10.0**high], "ticks": ticks, "unit": unit}


def power_text(power: int) -> str:
    """0.01; 1,000; 1 M."""
    millions = {6: "1 M", 7: "10 M", 8: "100 M"}
    return millions.get(power, f"{10**power:,}" if power >= 0 else f"{10.0**power:.{-power}f}")


def layout(heads: Sequence[str], axis: Json, keys: Keys, said: str = "") -> Json:
    """What a chart of dots has besides its rows: heads of the columns, the axis, the key; `said` stands above."""
    return {"heads": list(heads), "axis": axis, "key": [list(one) for one in keys.items()], "said": said}
