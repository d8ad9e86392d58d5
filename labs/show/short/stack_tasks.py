"""In short, of one Celery application on three brokers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from labs.model.digest import Digest
from labs.model.text import BROKER_NAMES, enumerated, in_words
from labs.show.looks.stack_tasks import CHECKLIST, ROW_NAMES, word
from labs.show.short import NOT_RECORDED, Short, sentence


def _plain(digests: Sequence[Digest]) -> list[Digest]:
    """A broker with the transport as it comes."""
    return [one for one in digests if one.settings.get("way") in BROKER_NAMES]


def _name(one: Digest) -> str:
    return BROKER_NAMES[str(one.settings["broker"])]


def one_app(digests: Sequence[Digest]) -> Short:
    """Where the whole checklist passes, what fails elsewhere, and what a kill costs."""
    monday = (
        "Set acks_late on every task that may run twice, and have a monitor that needs no events before you put Celery "
        "on Kafka."
    )
    known = _plain(digests)
    if not known:
        return Short(NOT_RECORDED, "", monday)
    failed = {_name(one): [row for row in CHECKLIST if word(one, row) != "yes"] for one in known}
    whole = [name for name, rows in failed.items() if not rows]
    answer = f"All {in_words(len(CHECKLIST))} rows of the checklist pass on {enumerated(whole)}." if whole else (
        "No broker passes the whole checklist."
    )  # fmt: skip
    for name, rows in failed.items():
        if rows:
            said = enumerated([ROW_NAMES[row] for row in rows])
            answer += f" {name} fails {in_words(len(rows))} of them: {said}."
    return Short(answer, sentence(_early(known), _late(known, failed)), monday)


def _early(known: Sequence[Digest]) -> str:
    """Where a killed worker takes a task with it that Celery acknowledges by default before its work."""
    lost = [_name(one) for one in known if word(one, "early") == "no"]
    return f"By default a killed worker takes its task with it, on {enumerated(lost)} alike." if lost else ""


def _late(known: Sequence[Digest], failed: Mapping[str, Sequence[str]]) -> str:
    """Where acks_late does not help for every task, and how much fails there with it: claim C71 counts that as well."""
    torn = [_name(one) for one in known if word(one, "late") in ("partly", "no")]
    if not torn:
        return ""
    told = enumerated([f"{name} fails {in_words(len(failed[name]) + 1)}" for name in torn])
    beside = f" Recovery after a kill is no row of the checklist; with it {told}."
    return f"With acks_late a task is still lost on {enumerated(torn)}.{beside}"
