"""`labs record`: measure every point of a lab's grid in rounds, for the book; what was interrupted goes on."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from labs.cli.run import pair, words
from labs.cli.terminal import backend_option, plain, say, tell
from labs.model.text import counted

if TYPE_CHECKING:
    from labs.experiments.base import Experiment, Settings
    from labs.experiments.record_grid import Recording
    from labs.experiments.rounds import Rounds, Watcher
    from labs.judge.recording_journal import Part
    from labs.model.observer import Observer

    Due = Sequence[tuple[Experiment, str]]
    """Labs, each with why it is to be recorded."""


@click.command("record")
@click.argument("labs_", metavar="[LAB]...", nargs=-1)
@click.option(
    "--out", "folder", type=click.Path(path_type=Path, file_okay=False), help="Where to write; default book/runs."
)
@click.option("--repeats", type=click.IntRange(1, 100), help="Rounds, instead of the lab's own number.")
@click.option("--seed", type=click.IntRange(1, 1_000_000), default=1, show_default=True, help="Of the points' order.")
@click.option("--only", multiple=True, metavar="NAME=VALUE", help="Measure these points anew and keep the others.")
@click.option("--all", "all_", is_flag=True, help="Also the labs whose recording is up to date.")
@click.option("--anew", is_flag=True, help="Forget what an interrupted recording has kept.")
@click.option("--for", "minutes", type=click.FloatRange(0, min_open=True), help="Stop after so many minutes, cleanly.")
@click.option("--judge-anew", is_flag=True, help="Measure nothing: judge the raw runs that were kept by today's rules.")
@click.option("--dry-run", is_flag=True, help="Say what would be recorded, why and in how many minutes, and stop.")
@backend_option
@plain
def command(  # noqa: PLR0913 - an option each
    labs_: tuple[str, ...],
    *,
    folder: Path | None,
    repeats: int | None,
    seed: int,
    only: tuple[str, ...],
    all_: bool,
    anew: bool,
    minutes: float | None,
    judge_anew: bool,
    dry_run: bool,
    backend: str,
) -> None:
    """Measure every point of LAB's grid in rounds and write its recorded file. Without LAB all whose file is missing or
    out of date: other servers' versions, other points, other rules.

    Each round measures all points of a lab once, in an order drawn from the seed. What is measured is kept at once:
    after Ctrl-C, a crash or --for the same command goes on. A file is written when its lab is complete.

    The book is recorded on brokers that we start ourselves, so that anybody can repeat it: never on brokers of yours.
    Containers are given this machine's own network for it, so that no port proxy is measured.
    """
    from labs import stack
    from labs.experiments import EXPERIMENTS, experiment, record_grid
    from labs.stack.external import yours

    for broker in yours.named():
        stack.spare(broker, "recording for the book")
    chosen = [experiment(name) for name in labs_] or list(EXPERIMENTS.values())
    if judge_anew:
        for lab in chosen:
            tell(f"{lab.name}: judged anew in {record_grid.judge_anew(lab, folder)}")
        return
    how = record_grid.Recording(backend, folder, seed, keep=bool(only))
    sitting = Sitting(how, repeats, dict(map(pair, only)), minutes)
    due = sitting.due(chosen, everything=bool(labs_ or all_))
    if dry_run:
        sitting.tell_plan(due, points=bool(labs_))
    elif not due:
        tell("All recordings are up to date. To measure them all the same: labs record --all")
    else:
        sitting.record([lab for lab, _ in due], anew=anew)


class Sitting:
    """One call of `labs record`: its labs one after the other, with one line of progress over everything."""

    def __init__(
        self,
        how: Recording,
        repeats: int | None = None,
        only: Mapping[str, str] | None = None,
        minutes: float | None = None,
    ) -> None:
        from labs.experiments.record_plan import Agenda

        self.how, self.repeats, self.only, self.minutes = how, repeats, only, minutes
        self.agenda = Agenda()

    def due(self, labs: Sequence[Experiment], *, everything: bool) -> Due:
        """The labs that are to be recorded, each with the reason; the brokers are asked for their versions."""
        from labs.experiments.record_plan import versions_here, why_due

        if everything:
            return [(lab, "asked for") for lab in labs]
        versions = versions_here(self.how.backend)
        reasons = [(lab, why_due(lab, self.how.path(lab), versions)) for lab in labs]
        return [(lab, why) for lab, why in reasons if why]

    def tell_plan(self, due: Due, *, points: bool) -> None:
        """Each lab's reason, points, rounds and minutes, and the sum."""
        from labs.experiments.rounds import rounds_of

        for lab, why in due:
            settings, before_s = self._points(lab), self.agenda.left_s()
            for point in settings if points else ():
                tell(f"{lab.name}: {words(lab, point)}")
            self._planned(lab, settings)
            size = f"{len(settings)} points, {rounds_of(settings)} rounds"
            tell(f"{lab.name}: {size}, {_span(self.agenda.left_s() - before_s)}: {why}")
        tell(f"{counted(len(due), 'lab')}, {self.agenda.count} measurements, {_span(self.agenda.left_s())}")

    def record(self, labs: Sequence[Experiment], *, anew: bool = False) -> None:
        """Measure and write. A lab that breaks is told and the others go on; ClickException at the end if one did."""
        from labs.cli.progress import Bar
        from labs.experiments.record_grid import record_lab
        from labs.experiments.rounds import EnoughError
        from labs.judge.recording_journal import InUseError
        from labs.model.endpoint import BrokerError
        from labs.model.errors import StackError

        planned = [self._planned(lab, self._points(lab), anew=anew) for lab in labs]
        broken: list[str] = []
        self.ends_s = time.monotonic() + 60 * self.minutes if self.minutes else float("inf")
        with Bar("labs record", own_time=True) as observer:
            try:
                for rounds in planned:
                    try:
                        path = record_lab(rounds, self.how, self._watcher(rounds, observer))
                        tell(f"{rounds.lab.name}: {len(rounds.points)} points in {path}")
                    except (BrokerError, StackError, InUseError) as error:
                        if len(planned) == 1:
                            raise
                        broken.append(rounds.lab.name)
                        say(f"{rounds.lab.name} is not recorded: {error}")
            except EnoughError:
                say(f"The time is over. {self._kept()}")
            except KeyboardInterrupt:
                say(self._kept())
                raise
        if broken:
            raise click.ClickException(f"{', '.join(broken)} could not be recorded. {self._kept()}")

    def _points(self, lab: Experiment) -> list[Settings]:
        from labs.experiments import record_grid

        return record_grid.points(lab, self.repeats, self.only)

    def _planned(self, lab: Experiment, settings: Sequence[Settings], *, anew: bool = False) -> Rounds:
        """Its rounds, put on the agenda; what was measured by other code, versions or settings is not kept."""
        from labs.experiments.record_plan import expected_s

        rounds = self.how.rounds(lab, settings)
        if anew:
            rounds.journal.end()
        for why, count in rounds.journal.dropped.items():
            say(f"{lab.name}: {count} measurements are discarded, because of another {why}.")
        self.agenda.add(rounds, expected_s(lab, settings, self.how.path(lab)))
        return rounds

    def _watcher(self, rounds: Rounds, observer: Observer) -> Watcher:
        from labs.cli.speech import errors
        from labs.experiments.rounds import EnoughError, Watcher, rounds_of
        from labs.model.observer import Observer

        lab, total = rounds.lab, self.agenda.count

        def begins(number: int, point: Settings) -> Observer:
            if point and time.monotonic() > self.ends_s:
                raise EnoughError
            done, left_s = total - len(self.agenda.todo), self.agenda.left_s()
            where = f"{lab.number} round {number} of {rounds_of(rounds.points)}, " if number else f"{lab.number} "
            said = f"{done} of {total}, {_span(left_s)} left; {where}{words(lab, point) if point else 'begins'}"
            share = done / total if total else 1.0
            observer.progress(share, said)
            return Observer(lambda _share, text: observer.progress(share, f"{said}: {text}"), observer.cancelled)

        def kept(part: Part) -> None:
            self.agenda.done(lab.name, part)
            observer.progress(1 - len(self.agenda.todo) / max(total, 1), "")
            if not errors.is_terminal:
                say(f"{total - len(self.agenda.todo)} of {total}, {_span(self.agenda.left_s())} left; {lab.number}")

        return Watcher(begins, kept)

    def _kept(self) -> str:
        done = self.agenda.count - len(self.agenda.todo)
        return f"{done} of {self.agenda.count} measurements are kept: the same command goes on."


def _span(seconds: float) -> str:
    """Hours and minutes."""
    minutes = max(round(seconds / 60), 1 if seconds > 0 else 0)
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min"
