"""Which tests run at the same time: each lane in a process with a home and brokers of its own, the rest beside them.

Two cores have room for three: one lane computes, in the other one waits most of the time, and the rest measures. Of the
rest, what holds a figure to a narrow bound comes last, when the lanes have ended or are about to.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Lane:
    """Tests that run one after the other, beside the other lanes, and why they may."""

    why: str
    files: tuple[str, ...]
    folders: tuple[str, ...] = ()
    engine: bool = False
    """Whether it is told of a container engine that was brought up. Where not, brokers are native: they take less."""

    def paths(self) -> list[str]:
        """What pytest is given."""
        return [*self.folders, *(f"tests/test_{name}.py" for name in self.files)]


BROWSED = (
    "site",
    "door",
    "pages",
    "claims",
    "parts_browser",
    "controls_browser",
    "pictures_browser",
    "guess_browser",
    "browser",
    "lab_browser",
)
BROWSED += ("still", "still_notebooks", "hostile", "damaged", "contributing", "verify", "speech", "exercises")
BROWSED += ("pattern", "cli", "environment", "strangers", "graded", "code_browser", "chapter_pages", "routing_browser")
WAITING = ("faults", "far", "interrupts", "lab", "users", "owning", "odd_places", "made")
WAITING += ("packages", "stack", "suites", "archives", "status", "yours", "mutual", "part_of_a_grid", "new", "rounds")
WAITING += ("words", "older_servers")
QUIET = ("brokers", "jobs", "recorder", "pauses", "processors", "rates", "rate_company", "spool", "limit_truth")
"""Files that want the machine for themselves; on a busy one their tests take a second and a third try, or fail."""
LANES = {
    "browsed": Lane(
        "the built site, Chromium, kernels, a shell: they compute, and no figure of theirs counts",
        BROWSED,
        ("notebooks",),
    ),
    "waiting": Lane(
        "brokers come up, break and end, commands are typed: they wait, and bounds are wide", WAITING, engine=True
    ),
}


def in_lanes() -> list[str]:
    """Every file that runs in a lane; all others are the rest."""
    return [path for lane in LANES.values() for path in lane.paths() if path.endswith(".py")]
