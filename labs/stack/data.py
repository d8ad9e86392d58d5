"""Deleting the data of brokers that `labs up` starts, so that what is said of it is true."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from labs.model import paths
from labs.model.errors import StackError
from labs.stack import state
from labs.stack.containers import docker
from labs.stack.native import suites

Report = Callable[[str], None]


def note_volumes() -> None:
    """Remember that data lies in volumes, which only a container engine can show."""
    _note().write_text(state.user_project())


def _note() -> Path:
    return paths.home() / "volumes-of"


def delete(report: Report) -> None:
    """Delete what native brokers and containers have kept. StackError if any of it is still there."""
    folders = [each for name in suites.data_folders() for each in _delete_folder(paths.home() / name)]
    found = [*folders, *_delete_volumes(state.user_project())]
    state.kept_logins().unlink(missing_ok=True)  # the next data has the logins of that time
    report(f"deleted: {', '.join(found)}" if found else "there was no data of the brokers to delete")


def _delete_folder(folder: Path) -> list[str]:
    if not folder.exists():
        return []
    failed: list[BaseException] = []
    shutil.rmtree(folder, onerror=lambda _act, _path, why: failed.append(why[1]))
    if folder.exists():
        why = f"{failed[0]}" if failed else "it is still there"
        raise StackError("deleting the brokers' data", f"{why}.", f"Run: sudo rm -r '{folder}'")
    return [str(folder)]


def _delete_volumes(project: str) -> list[str]:
    try:
        volumes = docker.volumes(project) if shutil.which("docker") else []
    except StackError as error:
        if _note().exists():
            happened = f"the volumes of {project} are still there, for no container engine answers ({error.happened})"
            raise StackError("deleting the brokers' data", happened, "Start Docker, then: labs down --reset") from error
        return []
    if not shutil.which("docker") and _note().exists():
        happened = f"the volumes of {project} are still there, for there is no `docker` command."
        raise StackError("deleting the brokers' data", happened, "Install it, then: labs down --reset")
    if volumes:
        docker.run(["volume", "rm", *volumes], docker.ANSWER_S * 3)
    _note().unlink(missing_ok=True)
    return [f"volume {name}" for name in volumes]
