"""The fault labs in short: what was kept, what was lost, and which event a setting has to be asked about."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from labs.model.digest import Digest
from labs.model.faults import NAMES
from labs.model.text import about_per_s, counted
from labs.show.looks.fault import QUANTITIES
from labs.show.looks.fault_facts import counts, judged, kept, losing, lost, through_the_hardest
from labs.show.short import CLOSE, NOT_RECORDED, Short, point

PROFILES = ("kafka-acks-all", "kafka-flush")
"""Of Kafka: as its client asks by default, and with a flush on every message."""


def fate(one: Digest | None) -> str:
    """none; all; 302 of 2,900 messages, the medians; of no point, that it is not recorded."""
    if one is None:
        return "a number not recorded yet"
    if not judged(one):
        return "an unknown number"
    lost_by, of = (counts(name)(one) for name in ("lost", "acknowledged"))
    if not any(lost_by):
        return "none"
    return "all" if lost_by == of else f"{statistics.median(lost_by):,.0f} of {statistics.median(of):,.0f} messages"


def loss_matrix(digests: Sequence[Digest]) -> Short:
    """How many cells lost messages, who keeps all through a power cut, and what a kill does not show."""
    monday = (
        "For each queue write down the worst event after which every acknowledged message must still be there, and "
        "take a setting that kept them through it. A test by `kill` says nothing about a power cut."
    )
    cut = [one for one in digests if one.settings["fault"] == "power"]
    if not digests:
        return Short(NOT_RECORDED, "", monday)
    safe, told = through_the_hardest(digests)
    names = ": " + "; ".join(str(one.settings["label"]) for one in safe) if safe else ""
    answer = f"Messages were lost in {losing(digests)}{'. ' if told else ''}{told}{names}."
    return Short(answer, _no_snapshot(digests) + _kill_and_cut(digests, cut), monday)


def _no_snapshot(digests: Sequence[Digest]) -> str:
    """Why snapshots lose everything here: the load ends before Redis makes its first."""
    shipped = point(digests, profile="redis-list-rdb", fault="kill")
    if shipped is None or fate(shipped) != "all":
        return ""
    return "Snapshots lost all to the kill: in seconds of load no `save` rule of Redis comes due. "


def _kill_and_cut(digests: Sequence[Digest], cut: Sequence[Digest]) -> str:
    both = [one for one in cut if lost(one) and kept(point(digests, profile=one.settings["profile"], fault="kill"))]
    if not cut:
        return "The power cut is not recorded yet."
    if not both:
        return "No setting that kept all through a kill lost messages in the power cut."
    strongest = {str(one.settings["broker"]): str(one.settings["label"]) for one in both}
    told = f"{counted(len(both), 'setting')} kept all through a kill and lost messages in the power cut"
    return f"A kill does not test the disk. {told}, among them {'; '.join(strongest.values())}."


def redis_forgets(digests: Sequence[Digest]) -> Short:
    """As shipped and with the log, killed; then what the power cut took."""
    monday = (
        "Ask the server and not the article: `redis-cli config get appendonly`, then `appendfsync` and `save`. "
        "Without the append-only file, plan for what came after the last snapshot to be gone."
    )
    if not digests:
        return Short(NOT_RECORDED, "", monday)
    shipped, log = (point(digests, profile=f"redis-list-{name}", fault="kill") for name in ("rdb", "everysec"))
    answer = f"As shipped, Redis lost {fate(shipped)} of what it had acknowledged when its process was killed; "
    answer += f"with the append-only file it lost {fate(log)}"
    answer += ", so whether it forgets is a setting." if kept(log) and lost(shipped) else "."
    each_second, always = (
        point(digests, profile=f"redis-list-{name}", fault="power") for name in ("everysec", "always")
    )
    condition = (
        f"A power cut took {fate(each_second)} where the file is flushed every second, and {fate(always)} where "
    )
    return Short(answer, f"{condition}it is flushed before each answer.", monday)


def acknowledged(digests: Sequence[Digest]) -> Short:
    """acks=all by kill and by power cut, with and without the flush, and what the flush cost at this rate."""
    monday = (
        "Look up `acks` in your producers and `min.insync.replicas` in your topics: the pair is the promise. "
        "On one machine only the flush replaces the second copy."
    )
    if not digests:
        return Short(NOT_RECORDED, "", monday)
    usual, flushed = ([point(digests, profile=name, fault=one) for one in ("kill", "power")] for name in PROFILES)
    answer = f"On one node acks=all lost {fate(usual[0])} to {NAMES['kill']} and {fate(usual[1])} to {NAMES['power']}; "
    answer += f"with a flush on every message Kafka lost {fate(flushed[1])} to the cut."
    return Short(answer, _price(usual[0], flushed[0]), monday)


def _price(usual: Digest | None, flushed: Digest | None) -> str:
    rates = [QUANTITIES["rate"].value(one) if one else None for one in (usual, flushed)]
    if not all(rates):
        return "What the flush costs in rate is not recorded yet."
    without, with_it = (statistics.median(found) for found in rates if found)
    figures = f"{about_per_s(with_it)} acknowledged with it, {about_per_s(without)} without"
    if without < CLOSE * with_it:
        return f"At the rate at which this lab sends, the flush costs next to none of it: {figures}."
    return f"The flush costs rate: {figures}."
