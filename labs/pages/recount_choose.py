"""C27 and C61 a second time, plainly: needs taken out of the model and ranked anew; rows of the grid counted."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from labs.pages.choose.engine import rank
from labs.pages.choose.page import known
from labs.pages.recount import GONE, HOLDS, IF


def c27() -> str:
    of: dict[str, Any] = known()
    article = {"accident", "rate", "size", "kind", "services"}
    less = of | {"needs": [one for one in of["needs"] if {one["asks"], *one["when"]} <= article]}
    changed = 0
    for case in of["scenarios"]:
        by_three = rank(less, case["answers"])
        first = [one.id for one in by_three if one.key == by_three[0].key]
        changed += rank(of, case["answers"])[0].id not in first
    return IF if changed >= 3 else HOLDS


def c61(here: Path) -> str:
    rows = tomllib.loads((here / "pages" / "choose" / "converged.toml").read_text("utf-8"))["row"]
    apart = [row for row in rows if len(row["then"]) in (1, 2)]
    alike = sum(len(row["now"]) in (0, 3) for row in apart)
    return GONE if 3 * alike > len(apart) else HOLDS if 10 * alike < len(apart) else IF
