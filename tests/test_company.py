"""What others used of the processors: whom a turn counts as ours, and what a page says of the rest."""

from __future__ import annotations

import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from labs.experiments import EXPERIMENTS
from labs.judge.recording import load, save
from labs.model.digest import Digest
from labs.model.endpoint import Endpoint
from labs.model.paths import RECORDED
from labs.pages import company, pages
from labs.pages.state import panel_state, recorded_state, views
from labs.record.processes import Context, Workers
from labs.scenarios.bench.guard import turn

LAB = EXPERIMENTS["kill-the-worker"]
RUNS = load(RECORDED / f"{LAB.name}.json").digests[:2]
BURN_S = 0.4
BURN = """
import sys, time
until_s = float(sys.stdin.readline())
while time.process_time() < until_s: pass
print(flush=True)
sys.stdin.read()
"""
Seen = dict[str, Any]


def planted(*rounds: Seen, cores: int = 2, **on_card: str) -> Digest:
    """A point whose rounds saw that of others."""
    [first, *_] = RUNS[0].repeats
    bare = {name: one for name, one in first.items() if name != "foreign"}
    card = {name: one for name, one in RUNS[0].card.items() if name != "others"}
    return replace(RUNS[0], repeats=[{**bare, **one} for one in rounds], card={**card, "cores": cores, **on_card})  # type: ignore[typeddict-item]


def card_of(digest: Digest) -> dict[str, str]:
    [state] = panel_state(LAB, [digest])["views"].values()
    return dict(map(tuple, state["card"]))


def test_a_page_says_what_others_used_in_the_median_round_or_in_how_many_it_was_much() -> None:
    loud = [planted({"foreign": 0.1}, {"foreign": 1.2}), planted({"foreign": 1.25})]
    assert company.line(loud) == (
        "While this was recorded, other programs used 1.20 of the machine's 2 cores in the median round "
        "(0.10 to 1.25). Times and rates may be worse for it."
    )
    assert company.line([planted({"foreign": 0.1}, {"foreign": 1.9}, {"foreign": 0.2})]) == (
        "While this was recorded, other programs used up to 1.90 cores in 1 of 3 rounds."
    )
    assert company.line([planted({"foreign": company.LOUD})]) == ""
    assert company.line([planted({}), planted({})]) == company.line([]) == "", "of what no round saw nothing is said"
    two = [planted({"foreign": 1.0}), planted({"foreign": 1.0}, cores=4)]
    assert " used 1.00 cores in the median round (1.00)." in company.line(two), "the points have two machines"


def test_the_most_of_a_round_counts_wherever_the_round_has_it() -> None:
    nested = planted(
        {"told": {"redis": {"foreign": 0.2}}, "fair": {"redis": {"foreign": 0.7}}, "cpu": {"foreign": None}}
    )
    assert company.in_rounds([nested]) == [0.7]


def test_a_run_card_says_what_others_used_or_that_it_was_not_recorded() -> None:
    name = "Used by other programs"
    assert card_of(planted({"foreign": 0.51}, {"foreign": 0.25}))[name] == "0.25 to 0.51 cores"
    assert card_of(planted({"foreign": 0.5}, others="0.40 cores"))[name] == "0.40 cores", "what the file says counts"
    assert card_of(planted({}))[name] == "not recorded"
    [live] = views(LAB, [planted({})], "now", live=True).values()
    assert name not in dict(map(tuple, live["card"])), "of a run of one's own nobody asked"


def test_the_line_stands_on_the_page_of_a_loud_recording_and_on_no_other(tmp_path: Path) -> None:
    file = load(RECORDED / f"{LAB.name}.json")
    for used, said in ((1.1, True), (0.1, False)):
        heard: Any = [replace(one, repeats=[{**r, "foreign": used} for r in one.repeats]) for one in file.digests]
        save(tmp_path / f"{LAB.name}.json", LAB.name, heard, file.card)
        state = recorded_state(LAB, tmp_path)
        assert ("other programs used 1.10 of" in pages.panel(state, "")) is said
        assert bool(state["company"]) is said


def burn(_context: Context, started: str, *, helped: bool) -> None:
    """A worker's work: processor time of its own, and where it is `helped`, of a process that it starts."""
    with subprocess.Popen([sys.executable, "-c", BURN], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdin
        assert child.stdout
        child.stdin.write(str(BURN_S if helped else 0).encode() + b"\n")
        child.stdin.flush()
        child.stdout.readline()
        while time.process_time() < BURN_S:
            pass
        Path(started).touch()
        time.sleep(60)


def helped(*arguments: Any) -> None:
    burn(*arguments, helped=True)


def alone(*arguments: Any) -> None:
    burn(*arguments, helped=False)


def test_a_labs_workers_what_they_start_and_who_of_them_was_killed_are_ours_and_not_others(tmp_path: Path) -> None:
    workers, names = Workers(1), {"alive": helped, "killed": alone}
    try:
        with turn(Endpoint("redis", "127.0.0.1", 1)) as took:
            jobs = {name: workers.start(name, work, str(tmp_path / name)) for name, work in names.items()}
            deadline_s = time.monotonic() + 60
            while len(list(tmp_path.iterdir())) < len(jobs) and time.monotonic() < deadline_s:
                time.sleep(0.05)
            jobs["killed"].kill()
    finally:
        workers.end(None)
    assert {one.name for one in tmp_path.iterdir()} == {*names}
    client = took.cores["client"]
    assert client is not None
    assert client * took.took_s > 3 * BURN_S, "two workers, and the process that one of them started"
