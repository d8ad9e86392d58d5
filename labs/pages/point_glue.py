"""Numbers for prose from a lab whose look says what may be asked: the words name a point and a quantity of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from labs.experiments.base import Experiment
from labs.model.digest import Digest

NOT_YET = "(not recorded yet)"
CARD_FACTS = ("label", "date", "repeats", "backend", "cores", "machine", "broker")


def of_point(lab: Experiment, digests: Sequence[Digest], words: Sequence[str]) -> str:
    """What the one point says that the words name; ValueError for a word of no setting, and where they name several."""
    wanted, what = _wanted(lab, digests, words)
    found = [d for d in digests if all(_is(d.settings, name, value) for name, value in wanted)]
    for control in lab.controls:
        usual = [d for d in found if str(d.settings.get(control.name)) == str(control.default)]
        found = usual if len(found) > 1 and usual else found
    if len(found) > 1:
        keys = ", ".join(lab.look.key(digest.settings) for digest in found)
        raise ValueError(f"{' '.join(words)!r} names {len(found)} points of {lab.name}: {keys}")
    if not found:
        return NOT_YET
    if what in lab.look.quantities:
        return lab.look.quantities[what](found[0]) or NOT_YET
    return str(found[0].settings.get(what) or found[0].card.get(what, NOT_YET))


def _is(settings: Mapping[str, Any], name: str, value: str) -> bool:
    named = [settings.get(name)] if name else list(settings.values())
    return value in map(str, named)


def _wanted(lab: Experiment, digests: Sequence[Digest], words: Sequence[str]) -> tuple[list[tuple[str, str]], str]:
    """The settings that the words name, as (name or nothing, value), and the quantity: the last other word."""
    values = {str(value) for digest in digests for value in digest.settings.values()}
    values |= {str(option.value) for control in lab.controls for option in control.options}
    asked = {*lab.look.quantities, *CARD_FACTS}
    wanted, what = [], next(iter(lab.look.quantities))
    for word in words:
        name, has, value = word.partition("=")
        if has and value in values:
            wanted.append((name, value))
        elif word in asked:
            what = word
        elif word in values:
            wanted.append(("", word))
        else:
            raise ValueError(f"cannot ask {lab.name} for {word!r}: known are {', '.join(sorted(asked))}")
    return wanted, what
