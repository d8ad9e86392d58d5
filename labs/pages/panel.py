"""The live home of the panel: an anywidget that runs the experiment in a thread and shows what comes back."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any, Literal

import anywidget
import traitlets
from IPython.display import display

from labs.experiments.base import Experiment
from labs.model import environ
from labs.model.digest import Digest
from labs.model.endpoint import BrokerError, UnreachableError
from labs.model.observer import CancelledError, Observer
from labs.model.paths import PROJECT
from labs.model.run import RunFileError
from labs.pages import still_panel
from labs.pages.bundle import JS, bundle
from labs.pages.recordings import recorded, recorded_on
from labs.pages.state import recorded_state, verdicts, views

Mode = Literal["auto", "live", "recorded"]
HERE = files("labs.pages")
PLOTLY = PROJECT / "book" / "_static" / "vendor" / "plotly-basic.min.js"
SHOW_EVERY_S = 0.2


def _mode(mode: str | None) -> str:
    chosen = mode or environ.read("LABS_MODE") or "auto"
    if chosen not in ("auto", "live", "recorded"):
        raise ValueError(f"mode must be auto, live or recorded, got {chosen!r}")
    return chosen


class Panel(anywidget.AnyWidget):
    """Controls, Run and Cancel, the chart. `mode`: auto (the default), live or recorded; else from LABS_MODE.

    `chosen` sets controls by name, `Panel(ladder, rate=500)`; ValueError says what they take.
    """

    _esm = bundle(JS / "panel.mjs")
    _css = "".join(
        place.joinpath(name).read_text("utf-8")
        for place, name in (
            (files("labs.show"), "look.css"),
            (HERE, "panel.css"),
            (HERE, "charts.css"),
            (HERE, "pictures/pictures.css"),
        )
    )
    state = traitlets.Dict().tag(sync=True)
    live = traitlets.Bool(True).tag(sync=True)
    fresh = traitlets.Dict().tag(sync=True)
    verdicts: Any = traitlets.List().tag(sync=True)
    job = traitlets.Dict().tag(sync=True)
    still = traitlets.Unicode().tag(sync=True)
    plotly = traitlets.Bytes(read_only=True).tag(sync=True)

    @traitlets.default("plotly")
    def _bundle(self) -> bytes:
        return PLOTLY.read_bytes()

    def __init__(self, experiment: Experiment, mode: Mode | None = None, **chosen: Any) -> None:
        self.experiment, self.mode = experiment, _mode(mode)
        self.digests: dict[str, Digest] = {}
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._error: Exception | None = None
        self._displayed = False
        state, error = self._recorded()
        state["controls"] = _set(experiment, state["controls"], chosen)
        job = {"status": "idle", "text": error}
        super().__init__(state=state, live=self.mode != "recorded", job=job, still=uuid.uuid4().hex)
        self.on_msg(self._heard)

    def _recorded(self) -> tuple[dict[str, Any], str]:
        try:
            return recorded_state(self.experiment), ""
        except RunFileError as error:
            return recorded_state(self.experiment, PROJECT / "nothing"), str(error)

    def _ipython_display_(self) -> None:
        """The widget, and under it the same in plain HTML, which its module hides where it runs."""
        data, about = self._repr_mimebundle_() or ({}, {})
        _put(data, metadata=about)
        _put(self._still(), display_id=self.still)
        self._displayed = True

    def _still(self, found: Sequence[Digest] = (), origin: str = "") -> dict[str, Any]:
        """What was measured last, or before a run what is recorded."""
        file = recorded(self.experiment.name) if not found and self.state["views"] else None
        if file is not None:
            found = still_panel.shown(self.experiment, self.state, file.digests)
            origin = f"recorded {recorded_on(file)}"
        return still_panel.bundle(self.experiment, found, origin, self.still)

    def __repr__(self) -> str:
        return f"Panel({self.experiment.name!r}, mode={self.mode!r}, measured here: {len(self.digests)} points)"

    def _heard(self, _widget: Any, message: Any, _buffers: Any) -> None:
        """What the browser asks for. Unknown messages do nothing."""
        wanted = message.get("do") if isinstance(message, dict) else None
        if wanted == "cancel":
            self.cancel()
        elif wanted == "run" and self.live:
            self.start(message.get("settings") or {})

    def start(self, given: dict[str, Any]) -> None:
        """Run the experiment with these settings in a thread; a second start while one runs does nothing."""
        if self._thread is not None and self._thread.is_alive():
            return
        self._stop.clear()
        self._error = None
        self.job = {"status": "running", "fraction": 0.0, "text": "starting", "left_s": None}
        self._thread = threading.Thread(target=self._measure, args=(given,), daemon=True, name="labs-panel")
        self._thread.start()

    def cancel(self) -> None:
        """Ask the run to stop; it does so within a second or two and keeps nothing of this run."""
        self._stop.set()
        if self.job.get("status") == "running":
            self.job = self.job | {"text": "cancelling", "left_s": None}

    def wait(self, seconds: float | None = None) -> bool:
        """Wait for the run to end; whether it has. In `live` a failure is raised here."""
        if self._thread is not None:
            self._thread.join(seconds)
        if self._error is not None and self.mode == "live":
            raise self._error
        return self._thread is None or not self._thread.is_alive()

    def _measure(self, given: dict[str, Any]) -> None:
        try:
            settings = self.experiment.settings(given)
            observer = Observer(_Clock(self).progress, self._stop.is_set)
            found = self.experiment.run(settings, observer)
        except CancelledError:
            self.job = {"status": "cancelled", "text": "Cancelled. Nothing of this run was kept."}
        except (ValueError, BrokerError, OSError, RuntimeError) as error:
            self._failed(error)
        except Exception as error:  # the panel is the last one who can tell the reader
            self._failed(error)
        else:
            self.show(found)

    def show(self, found: Sequence[Digest]) -> None:
        """Show points that were measured here."""
        now = time.strftime("%H:%M:%S")
        self.digests |= {key: d for d in found for key in views(self.experiment, [d], "")}
        self.verdicts = verdicts(self.experiment, list(self.digests.values()))
        self.fresh = self.fresh | views(self.experiment, found, f"measured here at {now}", live=True)
        told = self.experiment.guess is None  # else it is part of the outcome, and the reader has to commit first
        trouble = [str(r["trouble"]) for d in found for r in d.repeats if told and r.get("trouble")]
        if self._displayed:
            _put(self._still(found, f"measured here at {now}"), display_id=self.still, update=True)
        self.job = {"status": "done", "text": f"Measured at {now}.", "error": "\n".join(trouble)}

    def _failed(self, error: Exception) -> None:
        """In `auto` the recorded runs stay on show and the panel says so; in `live` it fails loudly."""
        self._error = error
        text = str(error) or type(error).__name__
        broker_trouble = isinstance(error, UnreachableError) or type(error).__name__ == "StackError"
        if self.mode == "auto" and broker_trouble and self.state["views"]:
            text += "\nShown instead: the nearest recorded run."
        self.job = {"status": "failed", "text": f"The run failed ({self.mode}).", "error": text}


def _put(data: Mapping[str, Any], **named: Any) -> None:
    display(data, raw=True, **named)  # type: ignore[no-untyped-call]


def _set(experiment: Experiment, controls: Sequence[dict[str, Any]], chosen: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The controls with what was chosen as their first value; ValueError for what no control is or takes."""
    settings = experiment.settings(chosen)
    names = {one[key] for one in controls for key in ("name", "alias")}
    for name in chosen:
        if name not in names:
            raise ValueError(f"{name} is no control of {experiment.name}: give it to run or measure")
    return [one | {"default": settings[one["name"]]} for one in controls]


class _Clock:
    """Progress with the time left, sent to the browser a few times a second at most."""

    def __init__(self, panel: Panel) -> None:
        self._panel, self._start_s, self._shown_s = panel, time.monotonic(), 0.0

    def progress(self, fraction: float, text: str) -> None:
        now_s = time.monotonic()
        if now_s - self._shown_s < SHOW_EVERY_S or self._panel._stop.is_set():
            return
        self._shown_s = now_s
        spent_s = now_s - self._start_s
        left_s = round(spent_s / fraction - spent_s, 1) if fraction > 0.05 else None
        self._panel.job = {"status": "running", "fraction": round(fraction, 3), "text": text, "left_s": left_s}
