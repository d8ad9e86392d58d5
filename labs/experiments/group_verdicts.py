"""The rule of C64 (claims.csv): do n workers share fewer than n partitions, and does the retry of one block none?"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from labs.experiments.rules import Said, Undecided, points, rule, seen
from labs.model.digest import Digest
from labs.model.figures import Repeat, figure
from labs.model.text import counted, enumerated, span

FAILING, CAPPED, UNCAPPED = "failing", "hoard-100", "hoard-2000"
PAST = 0.5
"""The share of the records behind a failing one that get past it while it is tried again, where it blocks nobody. While
it takes 1.8 s and a fourth of the workers, the others can do all of them; a busy machine takes its part."""


def _of(digests: Sequence[Digest], way: str, trouble: str) -> list[Digest]:
    """The points with more consumers than partitions; Undecided if there is none."""
    found = [one for one in points(digests, way=way, trouble=trouble)
             if one.settings["consumers"] > one.settings["partitions"]]  # fmt: skip
    if not found:
        who = {"share": "A share group", "group": "A consumer group"}[way]
        more = " with a failing record" if trouble == FAILING else ""
        raise Undecided(f"{who} with more consumers than partitions{more} was not measured.")
    return found


def _all(some: Sequence[Digest], test: Callable[[Digest, Repeat], bool]) -> bool:
    """Whether enough repeats of each point pass; Undecided where they lie on both sides."""
    sides = [seen(one, lambda repeat, one=one: test(one, repeat)) for one in some]  # type: ignore[misc]
    if None in sides:
        raise Undecided("The rounds do not agree on who worked or on what got past the failing record.")
    return all(sides)


def _figure(repeat: Repeat, name: str) -> int:
    """A count of a repeat; Undecided where it has none."""
    value = figure(repeat, "figures", name)
    if value is None:
        raise Undecided("Not every round was seen to its end.")
    return int(value)


def _works(one: Digest, repeat: Repeat) -> bool:
    return _figure(repeat, "busy") == one.settings["consumers"] and not repeat["jobs"]["undone"]


def _past(_one: Digest, repeat: Repeat) -> bool:
    return _figure(repeat, "passed") >= PAST * _figure(repeat, "behind")


def passes(digests: Sequence[Digest], way: str) -> tuple[bool, bool]:
    """Whether all workers share the work, and whether the others go on while one record is tried again."""
    return _all(_of(digests, way, "none"), _works), _all(_of(digests, way, FAILING), _past)


def _told(digests: Sequence[Digest], way: str, name: str) -> str:
    worked = enumerated([_counted(one, "busy", int(one.settings["consumers"])) for one in _of(digests, way, "none")])
    passed = enumerated([_counted(one, "passed") for one in _of(digests, way, FAILING)])
    text = f"In a {name} the consumers at work were {worked}."
    return f"{text} Of the records behind one that failed {passed} got past it."


def _counted(one: Digest, name: str, of: int = 0) -> str:
    """4 of 5 at 4 partitions"""
    whole = str(of) if of else span(_figure(repeat, "behind") for repeat in one.repeats)
    number = span(_figure(repeat, name) for repeat in one.repeats)
    return f"{number} of {whole} at {counted(one.settings['partitions'], 'partition')}"


def _level(digests: Sequence[Digest]) -> str:
    """What gets past in a share group where each partition has one consumer."""
    found = [one for one in points(digests, way="share", trouble=FAILING)
             if one.settings["consumers"] <= one.settings["partitions"]]  # fmt: skip
    return f" With as many consumers as partitions it was {_counted(found[0], 'passed')}." if found else ""


def _cap(digests: Sequence[Digest]) -> str:
    """What others got done while one consumer held many, under two caps."""
    said = []
    for name in (CAPPED, UNCAPPED):
        for one in points(digests, way="share", trouble=name):
            count, held = (span(map(int, one.each("figures", key))) for key in ("meanwhile", "held"))
            most = "100" if name == CAPPED else "2,000"
            said.append(f" With {most} records allowed in flight, one consumer took {held} at once.")
            said.append(f" Meanwhile the others got {count} done.")
    return "".join(said)


@rule("C64")
def c64(digests: Sequence[Digest]) -> Said:
    """A queue lets all workers share, and one retry blocks nobody else: asked of both kinds of group."""
    group, share = passes(digests, "group"), passes(digests, "share")
    text = f"{_told(digests, 'group', 'consumer group')} {_told(digests, 'share', 'share group')}"
    text += _level(digests) + _cap(digests)
    if all(share):
        return ("holds" if all(group) else "holds with conditions"), text
    if all(group):
        return "holds with conditions", text
    return "never held", text


RULES = (c64,)
