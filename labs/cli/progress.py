"""A progress bar on a terminal, as the observer of a run."""

from __future__ import annotations

from rich.progress import BarColumn, Progress, ProgressColumn, TextColumn, TimeRemainingColumn

from labs.cli.speech import errors
from labs.model.observer import Observer


class Bar:
    """A progress bar with the time left, on standard error, as an Observer."""

    def __init__(self, title: str, *, own_time: bool = False) -> None:
        """With `own_time` the time left stands in the text, by whoever knows more than the bar's pace says."""
        columns: tuple[ProgressColumn, ...] = (
            TextColumn("{task.fields[title]}", markup=False),
            BarColumn(20 if own_time else 40),
            *(() if own_time else (TimeRemainingColumn(),)),
            TextColumn("{task.fields[text]}", markup=False),
        )
        self._progress = Progress(*columns, console=errors, transient=True, disable=not errors.is_terminal)
        self._task = self._progress.add_task("", total=1.0, title=title, text="")

    def __enter__(self) -> Observer:
        self._progress.start()
        return Observer(progress=self._move)

    def _move(self, fraction: float, text: str) -> None:
        self._progress.update(self._task, completed=fraction, text=text[:70])

    def __exit__(self, *_: object) -> None:
        self._progress.stop()
