"""Settings of a Redis of ours for the length of a run: set, kept from runs that want others, and put back.

Runs that want the same share it, and the last one puts back what was there before the first. What the server holds is
saved before anything is changed, so that a server that dies meanwhile loses nothing that lay there before the run.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from labs.brokers import journal
from labs.brokers.journal import Change, Entry, Made
from labs.model.endpoint import Endpoint, RefusedError, place_of
from labs.model.facts import Facts

PERSISTENCE = ("appendfsync", "save", "appendonly")
"""In the order of setting: the append-only file is switched on last, when its rhythm is known."""
LIMITS = ("maxmemory-policy", "maxmemory", "client-output-buffer-limit")
"""What it does with what does not fit, before how much that is."""
SET_HERE = PERSISTENCE + LIMITS
SETTLES_S = 20.0
PATIENCE_S = 600.0
LOOK_S = 0.1


class Client(Protocol):
    """What is asked of redis-py, whose own types leave open whether an answer is awaited."""

    def config_get(self, *names: str) -> dict[str, str]: ...
    def config_set(self, name: str, value: str) -> object: ...
    def info(self, section: str) -> Facts: ...
    def dbsize(self) -> int: ...
    def bgsave(self, *, schedule: bool) -> object: ...
    def unlink(self, *names: str) -> object: ...


def take(client: Client, endpoint: Endpoint, names: Sequence[str], wanted: Mapping[str, str], label: str) -> Made:
    """Note the names, wait until no other run wants other settings, and set these. RefusedError after PATIENCE_S."""
    run_id, give_up_s = _run_id(client), time.monotonic() + PATIENCE_S
    while True:
        with journal.alone_at(place_of(endpoint)):
            others = _others(endpoint, run_id)
            for entry in others:
                _clear_dead(client, entry)
            others = [entry for entry in others if entry.path.exists()]
            in_the_way = [one for one in others if one.change.wanted != wanted and not one.is_mine]
            if not in_the_way:
                return _take(
                    client, endpoint, names, Change(dict(wanted), _before(client, others, wanted), run_id, label)
                )
        _wait_for(endpoint, in_the_way[0], give_up_s)


def _take(client: Client, endpoint: Endpoint, names: Sequence[str], change: Change) -> Made:
    now = client.config_get(*PERSISTENCE)
    if any(now[key] != change.wanted[key] for key in PERSISTENCE if key in change.wanted):
        _save(client)
    found = journal.note(endpoint, names, change=change)
    try:
        put(client, change.wanted)
    except BaseException:
        found.let_go()  # whoever comes next puts it back, should we fail in that as well
        _clear_dead(client, found.entry)
        raise
    return found


def give_back(client: Client, found: Made) -> None:
    """Put back what was there before, unless another run that lives wants the same; then the entry is undone."""
    with journal.alone_at(found.entry.place):
        _give_back(client, found)


def _give_back(client: Client, found: Made) -> None:
    """The same, by whoever is alone at the broker. The entry goes in the same breath, or two that end at once would
    each leave it to the other."""
    change = found.entry.change
    if change.run_id == _run_id(client) and not any(one.change.wanted == change.wanted for one in _living(found.entry)):
        _put_back(client, change)  # a server that was started again has its own settings
    found.undone()


def force_back(client: Client, entry: Entry) -> None:
    """Put back before the server stops, whoever lives: what lies in it must be saved as its owner had it."""
    with journal.alone_at(entry.place):
        if entry.change.run_id == _run_id(client):
            _put_back(client, entry.change)


def _put_back(client: Client, change: Change) -> None:
    """Only what is still as the run had set it: anything else somebody has changed since, and it is his."""
    now = client.config_get(*SET_HERE)
    put(client, {key: change.before[key] for key, value in change.wanted.items() if now.get(key) == value})


def put(client: Client, settings: Mapping[str, str]) -> None:
    """Set what differs, and wait until it is in force."""
    now = client.config_get(*SET_HERE)
    changed = {key: settings[key] for key in SET_HERE if key in settings and settings[key] != now[key]}
    for key, value in changed.items():
        client.config_set(key, value)
    if changed.get("appendonly") == "yes":
        # Switching it on writes it anew; until that is done nothing is durable.
        _await(client, "switch its append-only file on", lambda facts: facts["aof_enabled"] and not _rewrites(facts))


def _save(client: Client) -> None:
    """What lies there outlives a server that dies during the run. Where nothing is new there is nothing to do."""
    if client.info("persistence")["rdb_changes_since_last_save"] and client.dbsize():
        # One that is under way may have begun before the newest write, and another beside it is refused.
        _await(client, "end a save that it had begun", lambda facts: not facts["rdb_bgsave_in_progress"])
        client.bgsave(schedule=True)
        _await(client, "save what it holds", lambda facts: not facts["rdb_bgsave_in_progress"] and not _rewrites(facts))
        if client.info("persistence")["rdb_last_bgsave_status"] != "ok":
            raise RefusedError(
                "Redis cannot save what it holds, so its settings are left alone. "
                "Look into its log, and whether the disk is full."
            )


def _rewrites(facts: Facts) -> bool:
    return bool(facts["aof_rewrite_in_progress"] or facts["aof_rewrite_scheduled"])


def _await(client: Client, what: str, done: Callable[[Facts], bool]) -> None:
    give_up = time.monotonic() + SETTLES_S
    while time.monotonic() < give_up:
        if done(client.info("persistence")):
            return
        time.sleep(0.02)
    raise RefusedError(
        f"Redis was told to {what} and has not finished after {SETTLES_S:g} s. "
        "Look into its log, and whether the disk is full."
    )


def _others(endpoint: Endpoint, run_id: str) -> list[Entry]:
    """Who has settings in force in this life of the server, or had until he was killed."""
    return [one for one in journal.entries() if one.place.is_at(endpoint) and one.change.run_id == run_id]


def _living(found: Entry) -> list[Entry]:
    alike = [one for one in journal.entries() if one.place == found.place and one.change.run_id == found.change.run_id]
    return [one for one in alike if one.path != found.path and journal.lives(one)]


def _clear_dead(client: Client, entry: Entry) -> None:
    """A run that was killed since the last command: its settings must not be taken for the reader's."""
    if (dead := journal.claim(entry)) is not None:
        if entry.names:
            client.unlink(*entry.names)
        _give_back(client, dead)


def _before(client: Client, others: Sequence[Entry], wanted: Mapping[str, str]) -> dict[str, str]:
    """What has to come back in the end: with others who want the same, what was there before the first of them."""
    alike = [one for one in others if one.change.wanted == wanted]
    if alike:
        return dict(alike[-1].change.before)
    return {key: str(value) for key, value in client.config_get(*SET_HERE).items()}


def _wait_for(endpoint: Endpoint, other: Entry, give_up_s: float) -> None:
    said = f"{endpoint.where} is set to {other.change.label!r} for a run of pid {other.pid}"
    if time.monotonic() > give_up_s:
        raise RefusedError(f"{said}, which has not ended after {PATIENCE_S:g} s. End that run, then do this again.")
    journal.WAITING.get()(f"{said}: waiting until that has ended")
    time.sleep(LOOK_S)


def _run_id(client: Client) -> str:
    return str(client.info("server")["run_id"])
