"""L2.5 Share the work: who does which job, and how long do all take, when one of three workers is five times slower?

Claims C03, C23 and C24; what C03 and C24 ask of the running brokers is measured by see-the-work.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from labs.experiments import sharing_verdicts
from labs.experiments.base import Control, Experiment, Option, Settings, place
from labs.judge import soundness
from labs.judge.card import card
from labs.judge.repeats import Summed, known_median, known_range
from labs.model.digest import Card, Digest
from labs.model.endpoint import Endpoint
from labs.model.figures import Repeat, figure
from labs.model.observer import Observer
from labs.model.paths import new_run_file
from labs.model.profile import BROKERS, profile
from labs.scenarios.sharing import JOBS, SLOWED, WAYS, WORK_MS, WORKERS, Way, way_of
from labs.show.looks.sharing import SHARING_GUESS, SHARING_LOOK
from labs.show.pictures.base import About
from labs.show.short.sharing import share_the_work

if TYPE_CHECKING:
    from labs.scenarios.sharing.facts import ShareRun
    from labs.scenarios.sharing.judge import Share

NAME = "share-the-work"
REPEATS = 5
LOCAL_CLIENT = "Python's own http.server and asyncio"
FIGURES = ("ratio", "makespan_s", "ideal_s")


def run(settings: Settings, observer: Observer) -> list[Digest]:
    """One digest: the chosen way, each repeat with another worker slowed."""
    from labs.scenarios.sharing.conductor import run as run_way

    way, repeats = way_of(settings["mode"]), settings.get("repeats", 1)
    runs: list[ShareRun] = []
    with place(way.broker if way.profile else "", observer) as endpoint:
        for at in range(repeats):
            found = run_way(way, endpoint, settings.get("seed", 1) + at, observer.part(at, repeats, way.label))
            found.save(new_run_file(NAME, way.name))
            runs.append(found)
        on_card = _card(way, endpoint, runs)
    return [digest(way, runs, on_card)]


def digest(way: Way, runs: Sequence[ShareRun], on_card: Card) -> Digest:
    """One point of the lab from its runs; its picture is that of the last one."""
    from labs.experiments.sharing_pictures import lanes
    from labs.scenarios.sharing.judge import judge, void

    counted = soundness.counted(runs, void)
    shares = [judge(one) for one in counted.runs]
    repeats = [_repeat(one, share) for one, share in zip(counted.runs, shares, strict=True)]
    about = About(
        under=f"{way.label}: {JOBS} jobs, {WORKERS} workers, one of them {SLOWED} times slower.",
        command=f"labs run {NAME} --set mode={way.name}",
    )
    found = Digest(
        lab=NAME,
        settings={"mode": way.name, "label": way.label, "broker": way.broker},
        repeats=repeats,
        card=on_card,
        pictures={"lanes": lanes(counted.runs[-1], shares[-1], about).to_json()},
        **sum_up(repeats),
    )
    return counted.told_by(found)


def sum_up(repeats: Sequence[Repeat]) -> Summed:
    """The makespan and its ratio to the ideal over the repeats."""
    known = {name: [figure(one, name) for one in repeats] for name in FIGURES}
    median = {name: known_median(values, 3) for name, values in known.items()}
    return {"median": median, "spread": {name: known_range(values) for name, values in known.items()}}


def _repeat(run: ShareRun, share: Share) -> Repeat:
    once = JOBS - share.undone - share.twice
    return {
        "seed": run.seed,
        "slow": run.slow,
        "had": {str(worker): number for worker, number in share.had.items()},
        "jobs": {"once": once, "twice": share.twice, "undone": share.undone},
        "makespan_s": None if share.makespan_ms is None else round(share.makespan_ms / 1000, 3),
        "ideal_s": share.ideal_ms / 1000,
        "ratio": None if share.ratio is None else round(share.ratio, 3),
        "trouble": run.trouble,
    }


def _card(way: Way, endpoint: Endpoint | None, runs: Sequence[ShareRun]) -> dict[str, object]:
    more: dict[str, object] = {
        "jobs": f"{JOBS}, all at hand at once; each takes {WORK_MS} ms, with the slow worker {WORK_MS * SLOWED} ms",
        "workers": f"{WORKERS}, another one slow in each round",
        "work": "each waits, as for a neighbour or a disk, and computes nothing",
    }
    if not endpoint:
        more |= {"client": LOCAL_CLIENT, "calls": f"{way.many} under way at once"}
    if way.in_share_group:
        from labs.scenarios.groups import forming

        more |= {"client": forming.client(), "records": "one a batch, published while the members ask for records"}
        more["workers"] = f"{more['workers']}; each is a client with a thread of its own, all in one process"
    return card(endpoint, profile(way.profile) if endpoint else None, runs[-1].facts, more, repeats=len(runs))


LAB = Experiment(
    name=NAME,
    number="L2.5",
    title="Share the work",
    question="How long do all jobs take when one of three workers is slow?",
    short=share_the_work,
    claims=("C03", "C23", "C24"),
    controls=(
        Control("mode", "Way", "choice", "http-round-robin", tuple(Option(w.name, w.label) for w in WAYS.values())),
    ),
    grid=lambda: [{"mode": name, "repeats": REPEATS} for name in WAYS],
    run=run,
    rules=sharing_verdicts.RULES,
    beside=(sharing_verdicts.BESIDE,),
    needs=BROKERS,
    sum_up=sum_up,
    point_s=8.0,
    quiet=False,
    look=SHARING_LOOK,
    guess=SHARING_GUESS,
)
