"""Read what was recorded, whole or in part, and judge it by today's rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from labs.cli.terminal import tell
from labs.judge import loss, recording
from labs.model import environ
from labs.model import run as runs
from labs.model.paths import PROJECT, RECORDED
from labs.model.text import enumerated
from labs.pages import recordings, recount_claims
from labs.pages.claims import board
from labs.record import recovery
from labs.record.spool import KILLED, Spool
from labs.scenarios.calls import facts as call_facts
from labs.scenarios.calls import judge as call_judge
from labs.scenarios.jobs import facts as job_facts
from labs.scenarios.jobs import judge as job_judge

KINDS: dict[str, Any] = {
    "run": (runs.load, loss.account),
    job_facts.KIND: (job_facts.load, job_judge.judge),
    call_facts.KIND: (call_facts.load, call_judge.judge),
}


def verify(paths: Sequence[Path]) -> None:
    """Print a judgement for each path; without paths for every run that a killed recorder left."""
    for path in paths:
        tell(f"{path.name}: {_judgement(path)}")
    if paths:
        return
    left, damaged = recovery.unfinished(), []
    for spool in left:
        try:
            tell(f"{spool.folder}: {_of_spool(spool)}")
        except runs.RunFileError as error:
            damaged.append(str(error))
    if not left:
        tell("No run was left unfinished. For a finished one: labs verify FILE")
        return
    tell(f"{len(left)} unfinished. `labs down` removes them after {recovery.KEEP_S / 86_400:.0f} days.")
    if damaged:
        raise runs.RunFileError("\n".join(damaged))


def recount(folders: Sequence[Path]) -> None:
    """Print a line for each claim: the word of the board, that of the second count, and whether they differ."""
    if len(folders) > 1 or not all(folder.is_dir() for folder in folders):
        raise runs.RunFileError("--claims counts one folder of recorded files, such as: labs verify --claims book/runs")
    folder = Path(folders[0] if folders else environ.read("LABS_RUNS") or RECORDED)
    second = recount_claims.words(folder, PROJECT / "labs")
    differ = []
    tell(f"{'claim':6} {'verdict':22} {'second count':22}")
    for entry in board(folder):
        claim, word = entry["id"], entry["word"]
        differ += [claim] if word != second[claim] else []
        tell(f"{claim:6} {word:22} {second[claim]:22} {'DIFFERS' if word != second[claim] else ''}".rstrip())
    tell(f"{len(differ)} differences in {len(second)} claims.")
    if differ:
        said = "The rules in labs/experiments and labs/pages/recount_claims.py do not say the same of these recordings"
        raise runs.RunFileError(f"{said}: {', '.join(differ)}. One of them is wrong: compare both with claims.csv.")


def _judgement(path: Path) -> str:
    if path.is_dir():
        return _of_spool(Spool(path))
    if not path.exists():
        raise runs.RunFileError(
            f"There is no {path}. Name a run file (.npz), a recorded file (.json) or a run's folder."
        )
    if not path.is_file():
        raise runs.RunFileError(f"{path} is neither a file nor a folder. Name a run file, a recorded file or a folder.")
    if path.suffix == ".json":
        return _of_recorded(path)
    kind = runs.kind_of(path)
    if kind not in KINDS:
        raise runs.RunFileError(f"{path} is not a readable run (of the kind {kind!r}). Record it again.")
    load, judged = KINDS[kind]
    found = load(path)
    with runs.readable(path):
        return f"{found}: {told(judged(found))}"


def _of_recorded(path: Path) -> str:
    """What was computed again of a recorded file, and what could not be."""
    content, counts = recording.checked(path)
    if "digests" in content:
        recordings.drawable(recording.recording(content, path), path)
    parts = len(content.get("digests", content.get("rows", ())))
    what = f"{content['lab']}, {parts} {'points' if 'digests' in content else 'rows'}"
    again = [f"{number:,} {kind}" for kind, number in sorted(counts.items())]
    found = (
        f"computed again and as recorded: {enumerated(again)}"
        if again
        else "nothing in it can be computed again from the rest"
    )
    return f"{what}; {found}. Not checked: the repeats' own figures, whose raw times are not in this file."


def told(judgement: Any) -> str:
    """A ledger or a tally as a line of names and counts: what a reader can read, not how Python writes an object."""
    facts = judgement if isinstance(judgement, Mapping) else asdict(judgement)
    return ", ".join(
        _fact(name.replace("_", " "), value) for name, value in facts.items() if value not in (None, "", {}, [])
    )


def _fact(name: str, value: object) -> str:
    if isinstance(value, Mapping):
        return f"{name} ({told(value)})"
    if isinstance(value, bool):
        return f"{name} {'yes' if value else 'no'}"
    if isinstance(value, list | tuple):
        return f"{name} {' to '.join(map(str, value))}"
    return f"{name} {value:,}" if isinstance(value, int) else f"{name} {value}"


def _of_spool(spool: Spool) -> str:
    """A run that is not finished settles nothing: what has no answer in it is unknown, and never lost."""
    trouble = "it is still being recorded" if recovery.in_use(spool.folder) else KILLED
    first = spool.assemble(trouble=trouble)
    heard = [first, *(one.as_heard_by(first, trouble=trouble) for one in spool.all_further())]
    return f"UNFINISHED, {trouble}. " + "; ".join(f"{run}: {told(loss.account(run))}" for run in heard)
