"""C05, C27 and C61 a second time, plainly: figures of measures summed; needs taken out of the model and ranked anew;
rows of the grid counted."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from labs.pages.choose.engine import rank
from labs.pages.choose.page import known
from labs.pages.recount import GONE, HOLDS, IF, NEVER


def c05(here: Path) -> str:
    led = []
    for one in tomllib.loads((here / "pages" / "popular.toml").read_text("utf-8"))["proxy"]:
        ours = {"RabbitMQ", "Kafka", "Redis"}
        if "order" in one:
            led.append(ours == set(one["order"][:3]))
        else:
            sums = {name: sum(parts.values()) for name, parts in one["figures"].items()}
            led.append(min(sums[name] for name in ours) > max(sums[name] for name in set(sums) - ours))
    return HOLDS if all(led) else IF if any(led) else NEVER


def c27() -> str:
    of: dict[str, Any] = known()
    article = {"accident", "rate", "size", "kind", "services"}
    less = of | {"needs": [one for one in of["needs"] if {one["asks"], *one["when"]} <= article]}
    changed = 0
    for case in of["scenarios"]:
        by_three = rank(less, {name: value for name, value in case["answers"].items() if name in article})
        first = [one.id for one in by_three if one.key == min(each.key for each in by_three)]
        changed += rank(of, case["answers"])[0].id not in first
    return IF if changed >= 3 else HOLDS


def c61(here: Path) -> str:
    rows = tomllib.loads((here / "pages" / "choose" / "converged.toml").read_text("utf-8"))["row"]
    apart = [row for row in rows if len(row["then"]) in (1, 2)]
    alike = sum(len(row["now"]) in (0, 3) for row in apart)
    return GONE if 3 * alike > len(apart) else HOLDS if 10 * alike < len(apart) else IF
