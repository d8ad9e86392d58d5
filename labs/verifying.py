"""labs verify: read what was recorded, whole or in part, and judge it by today's rules."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from labs import digest, loss, runs, unfinished
from labs.calls import facts as call_facts
from labs.calls import judge as call_judge
from labs.jobs import facts as job_facts
from labs.jobs import judge as job_judge
from labs.spool import KILLED, Spool
from labs.terminal import out

KINDS: dict[str, Any] = {
    job_facts.KIND: (job_facts.load, job_judge.judge),
    call_facts.KIND: (call_facts.load, call_judge.judge),
}


def verify(paths: Sequence[Path]) -> None:
    """Print a judgement for each path; without paths for every run that a killed recorder left."""
    for path in paths:
        _tell(f"{path.name}: {_judgement(path)}")
    if paths:
        return
    left, damaged = unfinished.unfinished(), []
    for spool in left:
        try:
            _tell(f"{spool.folder}: {_of_spool(spool)}")
        except runs.RunFileError as error:
            damaged.append(str(error))
    if not left:
        _tell("No run was left unfinished. For a finished one: labs verify FILE")
        return
    _tell(f"{len(left)} unfinished. `labs down` removes them after {unfinished.KEEP_S / 86_400:.0f} days.")
    if damaged:
        raise runs.RunFileError("\n".join(damaged))


def _tell(text: str) -> None:
    out.print(text, markup=False, soft_wrap=True)  # a path that is cut in two cannot be copied


def _judgement(path: Path) -> str:
    if path.is_dir():
        return _of_spool(Spool(path))
    if path.suffix == ".json":
        content = digest.load(path)
        return f"{content['lab']}, {len(content['digests'])} digests"
    load, judged = KINDS.get(runs.kind_of(path), (runs.load, loss.account))
    found = load(path)
    return f"{found!r}: {judged(found)}"


def _of_spool(spool: Spool) -> str:
    """A run that is not finished settles nothing: what has no answer in it is unknown, and never lost."""
    trouble = "it is still being recorded" if unfinished.in_use(spool.folder) else KILLED
    first = spool.assemble(trouble=trouble)
    heard = [first, *(one.as_heard_by(first, trouble=trouble) for one in spool.all_further())]
    return f"UNFINISHED, {trouble}. " + "; ".join(f"{run!r}: {loss.account(run)}" for run in heard)
