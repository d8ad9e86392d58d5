"""Answers to the questions of the page Choose, drawn at random."""

from __future__ import annotations

import random
from typing import Any

from labs.pages.choose import page


def random_answers(seed: int) -> dict[str, Any]:
    """Answers of all sorts, always the same of a seed."""
    chance, found = random.Random(seed), {}
    for one in page.known()["questions"]:
        if chance.random() < 0.3:
            continue
        if one["form"] == "choice":
            found[one["id"]] = chance.choice(one["options"])[0]
        elif one["form"] == "several":
            found[one["id"]] = sorted(name for name, _ in one["several"] if chance.random() < 0.4)
        else:
            low, high = one["number"]["low"], one["number"]["high"]
            number = round(low * (high / low) ** chance.random(), 3)
            found[one["id"]] = int(number) if number.is_integer() else number
    return found
