"""The caption of a table says what a flush took, where a figure of it waits for one."""

from __future__ import annotations

from dataclasses import replace

from labs.experiments import experiment
from labs.model.digest import Digest
from labs.pages.recordings import recorded
from labs.pages.state import recorded_state
from labs.show.flushed import UNKNOWN, caption, said
from tests.made_rates import point


def at(rung: str, ms: float | None = None) -> Digest:
    one = point(experiment("fifty-thousand"), "raw-quorum", 1000.0)
    return replace(one, card={**one.card, "rung": rung, "fsync_ms": ms})


def test_what_waits_for_a_flush_says_how_long_one_took_or_that_nobody_wrote_it_down() -> None:
    cut, kill = "3: a power cut", "2: a killed process"
    assert said([]) == said([at(kill, 0.1)]) == said([at("", 0.1)]) == ""
    assert said([at(cut), at(kill, 0.1)]) == f"Figures that wait for a flush: {UNKNOWN}"
    told = said([at(cut, 0.12), at(cut, 2.35), at(kill, 9.0)]).replace("\u00a0", " ")
    assert told == "Figures that wait for a flush: one flush took 0.12 to 2.35 ms when they were recorded"
    assert said([at(cut, 0.12), at(cut)]).endswith(f"recorded, {UNKNOWN} for 1 of 2")
    assert caption("what was lost", [at(kill)]) == "what was lost"
    assert caption("what was lost", [at(cut)]) == f"what was lost. {said([at(cut)])}"


def test_the_tables_of_the_flushed_figures_have_it_in_their_captions() -> None:
    for name in ("loss-matrix", "acknowledged", "latency-ladder", "price-of-persistence"):
        file = recorded(name)
        assert file is not None
        told = said(file.digests)
        assert told, name
        assert recorded_state(experiment(name))["caption"].endswith(told), name
