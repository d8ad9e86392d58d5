"""What a choice takes a day on disk and in memory, from the reader's rate and sizes; and how such figures are written.

js/choose-bill.mjs is the same. The bytes beside the payload are what the recordings hold: what a broker wrote to disk
for a message of a hundred bytes. What lies in memory is payload only until a lab has measured the rest.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from labs.pages.choose.engine import DAY_S, GB, Answers

UNITS = (("TB", 1e3), ("GB", 1.0), ("MB", 1e-3), ("kB", 1e-6))
UNMEASURED = "payload only; overhead not measured yet"


def bill(configuration: Mapping[str, Any], answers: Answers) -> list[dict[str, Any]]:
    """Lines: what, how many gigabytes (None where nothing can be said), and what is to be known of it."""
    day = answers["rate"] * DAY_S / GB
    payload, overhead = day * answers["size"], configuration["overhead"]
    each = answers["services"] if configuration["copies"] and answers["kind"] in ("event", "live") else 1
    lines = [{"what": "payload a day", "gb": payload, "note": "if the worst hour lasted all day"}]
    if overhead is not None:
        written = day * (answers["size"] + overhead) * each * configuration["nodes"]
        note = f"{said(overhead)} bytes a message beside its own, measured with messages of 100 bytes"
        note += f"; {configuration['nodes']} nodes" if configuration["nodes"] > 1 else ""
        note += f"; a copy for each of {each} services" if each > 1 else ""
        lines.append({"what": "written to disk a day", "gb": written, "note": note})
    if answers["replay"] == "yes" and configuration["keeps"]:
        known = overhead is not None and not configuration["memory"]
        kept = day * (answers["size"] + (overhead if known else 0)) * configuration["nodes"] * answers["keep_days"]
        what = "kept in memory" if configuration["memory"] else "kept on disk"
        lines.append({"what": what, "gb": kept, "note": "" if known else UNMEASURED})
    elif configuration["memory"]:
        hour = payload / 24
        lines.append({"what": "in memory after an hour without readers", "gb": hour, "note": UNMEASURED})
    return lines


def said(number: float) -> str:
    """A number with three digits that count: 65,700 · 12.3 · 0.5."""
    if number == 0:
        return "0"
    power, places = 1.0, 0
    while number / power >= 1000:
        power *= 10
    while number * 10**places < 100 and places < 6:
        places += 1
    if places == 0:
        return f"{math.floor(number / power + 0.5) * power:,.0f}"
    text = f"{math.floor(number * 10**places + 0.5) / 10**places:.{places}f}"
    return text.rstrip("0").rstrip(".")


def amount(gb: float) -> str:
    """Gigabytes in the unit in which they are best read."""
    for unit, size in UNITS:
        if gb >= size:
            return f"{said(gb / size)} {unit}"
    return "less than 1 kB"
