"""What a notebook's cells measure: live through the panel's lab, or in recorded mode the points that were recorded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from labs.experiments.base import Experiment, Settings
from labs.model.digest import Digest
from labs.model.observer import UNOBSERVED
from labs.model.profile import UnknownNameError
from labs.model.run import RunFileError
from labs.pages.panel import Panel
from labs.pages.recordings import recorded, recorded_on


def measure(panel: Panel, **settings: Any) -> list[Digest]:
    """The points with these settings; the panel shows them as well, and check(..., run=panel) finds them.

    Live they are measured now. In recorded mode nothing is: what was recorded is given, and a line says so.
    """
    lab, asked = panel.experiment, panel.experiment.settings(settings)
    if panel.mode == "recorded":
        file = recorded(lab.name)
        if file is None:
            raise RunFileError(f"{lab.name} is not recorded yet. Run it live: LABS_MODE=live.")
        print(f"Nothing was measured here: these points were recorded {recorded_on(file)}.")
        origin = f"recorded {recorded_on(file)}"
        return [replace(one, origin=origin) for one in _recorded(lab, asked, file.digests)]
    found = lab.run(asked, UNOBSERVED)
    panel.show(found)
    return found


def pick(kind: str, name: str, known: Mapping[str, str]) -> str:
    """What a parameter of a notebook stands for; ValueError offers the names that there are."""
    if name not in known:
        raise UnknownNameError(kind, str(name), list(known))
    return known[name]


def _recorded(lab: Experiment, asked: Settings, digests: Iterable[Digest]) -> list[Digest]:
    """One point a value of the control that takes many, in the order asked for; ValueError names what is missing."""
    known = {lab.look.key(digest.settings): digest for digest in digests}
    wanted = [lab.look.key(one) for one in lab.points_of(asked)]
    if missing := [key for key in wanted if key not in known]:
        raise ValueError(f"{', '.join(missing)} of {lab.name} is not recorded. Recorded are {', '.join(known)}.")
    return [known[key] for key in wanted]
