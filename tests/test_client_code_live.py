"""The lines of code that a page shows are run by the lab: what the lab looks up for those settings is called here, on
real brokers and traced, and every statement that is shown has to run. The cells of the notebooks run as they stand.

Which object a lab calls is asked of the lab: the profile, the mode, the carrier or the pair of the settings in its
file, and the door that the lab's own worker processes go through (open_publisher, way_of, Pair.code).
"""

from __future__ import annotations

import ast
import contextlib
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from importlib import import_module
from pathlib import Path
from types import FrameType
from typing import Any, cast
from unittest import mock

import numpy as np
import pytest

from labs.brokers import journal, on_lane, open_broker, open_consumer, open_publisher
from labs.brokers.kafka.fast import records
from labs.experiments import experiment, passport
from labs.experiments.latency_ladder import chosen_profiles
from labs.experiments.rate_lab import Way
from labs.model import environ
from labs.model.carriers import carrier_of
from labs.model.endpoint import Address, Endpoint
from labs.model.message import encode, filler
from labs.model.observer import Observer
from labs.model.paths import PROJECT
from labs.model.profile import Profile, profile
from labs.model.tricks import trick
from labs.model.workload import Ceiling, Load, Workload
from labs.pages import client_code, course
from labs.pages.client_code import Tab
from labs.record import spawning
from labs.record.load_generator import Sent, Window, outbox_of
from labs.scenarios import backlog, fault_run, jobs, limits, pairs, stack_tasks
from labs.scenarios.backlog import places
from labs.scenarios.calls import board, service
from labs.scenarios.calls.plan import Plan
from labs.scenarios.jobs import event_log, work
from labs.scenarios.limits import working
from labs.scenarios.pairs.running import BODY, nowhere
from labs.scenarios.stack_tasks import settings as stack_settings

LABS = {stem: lab for lab, stem in reversed(course.panels().items())}
CLOSED, OPEN = Ceiling(messages=6, window=4, batch=2), Workload(rate_per_s=500, duration_s=0.1, warmup_s=0)
WITHIN_S = 30.0
Lines = set[tuple[str, int]]

pytestmark = pytest.mark.broker


@contextlib.contextmanager
def traced(files: set[str]) -> Iterator[Lines]:
    """The lines of these files that run inside, in this thread and in those that it starts."""
    wanted, seen = {str(PROJECT / file): file for file in files}, Lines()

    def local(frame: FrameType, event: str, _argument: object) -> Any:
        if event == "line":
            seen.add((wanted[frame.f_code.co_filename], frame.f_lineno))
        return local

    def everywhere(frame: FrameType, _event: str, _argument: object) -> Any:
        return local if frame.f_code.co_filename in wanted else None

    before = sys.gettrace()
    threading.settrace(everywhere)
    sys.settrace(everywhere)
    try:
        yield seen
    finally:
        sys.settrace(before)
        threading.settrace(before)


TRACER = '''"""Every process of a lab that is started with this folder on its path notes the lines that it runs."""
import os, sys, threading
FILES = set(os.environ["LABS_TEST_TRACED"].split(os.pathsep))
NOTES = os.open(os.environ["LABS_TEST_NOTES"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
seen = set()
def local(frame, event, _argument):
    at = (frame.f_code.co_filename, frame.f_lineno)
    if event == "line" and at not in seen:
        seen.add(at)
        os.write(NOTES, f"{at[1]} {at[0]}\\n".encode())
    return local
def everywhere(frame, _event, _argument):
    return local if frame.f_code.co_filename in FILES else None
threading.settrace(everywhere)
sys.settrace(everywhere)
'''


def whole(lab: str, tab: Tab, files: set[str], folder: Path, seen: Lines) -> None:
    """The lab's own run of these settings, once, with every process that it starts traced in these files; `seen` gets
    their lines."""
    one, notes = experiment(lab), folder / "notes"
    notes.unlink(missing_ok=True)
    (folder / "sitecustomize.py").write_text(TRACER)
    traced_files = {str(PROJECT / file): file for file in files}
    told = {"LABS_TEST_TRACED": os.pathsep.join(traced_files), "LABS_TEST_NOTES": str(notes)}
    told["PYTHONPATH"] = os.pathsep.join(filter(None, (str(folder), os.environ.get("PYTHONPATH"))))
    tools = environ.for_tools() | told  # what a program in a package set is given has no path of ours by itself
    with mock.patch.dict(os.environ, told), mock.patch.object(environ, "for_tools", return_value=tools):
        one.run(one.settings(tab.settings), Observer())
    for line in notes.read_text().splitlines() if notes.exists() else ():
        number, _, name = line.partition(" ")
        seen.add((traced_files[name], int(number)))


def statements(tab: Tab) -> Iterator[tuple[str, int, int]]:
    """(file, first line, last line) of each statement that a tab shows and that a run without a fault must reach."""
    for piece in tab.pieces:
        tree = ast.parse((PROJECT / piece.file).read_text("utf-8"))
        spared = {id(one) for node in ast.walk(tree) for one in _spared(node)}
        for node in ast.walk(tree):
            if isinstance(node, ast.stmt) and piece.first <= node.lineno <= piece.last and id(node) not in spared:
                body = getattr(node, "body", None)
                yield piece.file, node.lineno, body[0].lineno - 1 if body else node.end_lineno or node.lineno


def _spared(node: ast.AST) -> Iterator[ast.AST]:
    """What runs when the module is imported, what says something, and what is for a fault alone."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Raise | ast.Try):
        yield node
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        yield node
    if isinstance(node, ast.Module):
        yield from node.body
    if isinstance(node, ast.ExceptHandler):
        yield from (one for part in node.body for one in ast.walk(part))


@contextlib.contextmanager
def beside(target: Callable[..., object], *arguments: object) -> Iterator[None]:
    """Something that serves, in a thread, for the length of the block."""
    thread = threading.Thread(target=target, args=arguments, daemon=True)
    thread.start()
    yield
    thread.join(WITHIN_S)
    assert not thread.is_alive(), f"{target} did not end"


def until(done: Callable[[], object]) -> None:
    """Wait for it."""
    end_s = time.monotonic() + WITHIN_S
    while not done():
        assert time.monotonic() < end_s, "it did not come"
        time.sleep(0.005)


def through(endpoint: Endpoint, using: Profile, load: Load) -> None:
    """Some messages there and back, by the loop and the clients that the recorder's workers use."""
    name = f"labs-code-{time.monotonic_ns()}"
    address = Address(endpoint, using, name)
    columns = Sent(*(np.full(load.messages, -1, np.int64) for _ in range(3)))
    with open_broker(endpoint, using, name), contextlib.ExitStack() as both:
        publisher = both.enter_context(open_publisher(address))
        consumer = both.enter_context(open_consumer(address))
        loop = outbox_of(publisher, load, columns, spawning.integers(8), lambda _name, _text: None)
        if isinstance(loop, Window):  # a full window: on a quick broker there is none
            loop.sent = loop.load.window
            assert not loop.send()
            loop.sent = 0
        loop.begin(time.monotonic_ns() + 1_000_000)
        while not loop.over():
            if not loop.send():
                loop.wait()
        loop.settle()
        assert loop.answered == load.messages
        got, end_s = 0, time.monotonic() + WITHIN_S
        while got < load.messages and time.monotonic() < end_s:
            batch = consumer.receive(0.5)
            got += len(batch.bodies)
            consumer.acknowledge(batch)
        assert got == load.messages


def a_job(endpoint: Endpoint | None, mode: jobs.Mode) -> None:
    """Two jobs by the source that the lab's worker takes them from; the first is taken by one that dies."""
    if endpoint is None:
        by_http(mode)
        return
    name, way = f"labs-code-{time.monotonic_ns()}", cast(Any, work.way_of(mode))
    task = work.Task(mode, endpoint, name, prefetch=1)
    with (
        open_broker(endpoint, profile(mode.profile), name, [f"{name}:in-work"]),
        open_publisher(Address(endpoint, profile(mode.profile), name)) as publisher,
    ):
        publisher.publish(encode(0, np.zeros(2, np.int64), b""))
        until(lambda: len(publisher.poll(0.1).confirmed))
        for dies in (True, False):
            with way.source(task) as source:
                until(partial(source.take, 1))
                if not dies:
                    source.release()


def by_http(mode: jobs.Mode) -> None:
    """The same job twice: the worker knows the second time that it has done it."""
    module: Any = import_module(f"labs.scenarios.jobs.{mode.module}")
    log = event_log.EventLog(spawning.integers(event_log.CELLS), 1)
    task = work.Task(mode, None, "", prefetch=1)

    def asked() -> None:
        import asyncio

        until(lambda: log.board[event_log.Slot.PORT])
        for _ in range(2):
            assert asyncio.run(module.posted(0, log.board[event_log.Slot.PORT], keyed=True))
        log.board[event_log.Slot.STOP] = 1

    with beside(asked):
        work.way_of(mode).work(task, log)


def a_call(endpoint: Endpoint | None, carrier: str, confirm: str) -> None:
    """One call there and back, by the way that the lab's service and callers go."""
    found, plan, name = carrier_of(carrier), Plan(calls=4, confirm=confirm), f"labs-code-{time.monotonic_ns()}"
    task = service.Task(found, endpoint, name, plan, f"{name}-answers" if found.replies else "")
    cells = spawning.integers(board.cells(plan.calls))
    board.Pad(cells, plan.calls).clear()
    way = service.way_of(found)
    with contextlib.ExitStack() as made:
        for one in filter(None, (task.name, task.replies)) if endpoint else ():
            using = task.address(one)
            made.enter_context(open_broker(using.endpoint, using.profile, one, task.all_answers))
        with beside(way.serve, task, service.Service(task, cells)):
            until(lambda: cells[board.Slot.UP])
            with way.lines(task, cells[board.Slot.PORT]) as lines, lines(0) as line:
                for number in range(2):
                    line.ask(board.body_of(number, 0, bytes(100)), WITHIN_S)
                line.settle(WITHIN_S)
            cells[board.Slot.STOP] = 1


def a_pair(endpoint: Endpoint | None, carrier: str, guarantee: str) -> None:
    """One message by the pair of services that the lab starts."""
    pair, heard = pairs.pair_of(carrier, guarantee), list[bytes]()
    place = endpoint or nowhere()
    names, made = ["first-best", "first-survives"], None
    if endpoint:
        undo = partial(import_module(f"labs.brokers.{carrier}.admin").undo, place)
        journal.settle(journal.note(place, names), undo)  # what another test's pair has left on this server
        made = journal.note(place, names)
    try:
        if hasattr(pair.code, "prepare"):
            pair.code.prepare(place)
        with beside(pair.code.receive, place, heard.append):
            pair.code.send(place, BODY)
    finally:
        if made:
            journal.settle(made, undo)
    assert heard == [BODY]


def a_limit(endpoint: Endpoint, mode: limits.Mode) -> None:
    """Two messages to a limit that is there; Kafka's publisher has room for one, and no answer for a while."""
    mode = replace(mode, limit_bytes=mode.body_bytes) if mode.broker == "kafka" else mode
    way, task = working.way_of(mode), working.Task(mode, endpoint, "labs-limit")
    with way.stage(task) as (stage, there), way.sender(there) as sender:
        stage.strike()
        for number in range(2):
            sender.send(number, bytes(mode.body_bytes))
        stage.release()
        give_up_s = time.monotonic() + WITHIN_S
        while mode.looks and not sender.told():
            assert time.monotonic() < give_up_s
            time.sleep(0.02)


def a_mode(lab: str, name: str, endpoints: Mapping[str, Endpoint]) -> None:
    """A way to hand out a job or to keep messages, or a limit."""
    if lab == "big-backlog":
        a_place(endpoints, backlog.way_of(name))
    elif lab == "when-it-blocks":
        limit = limits.mode_of(name)
        a_limit(endpoints[limit.broker], limit)
    else:
        mode = jobs.mode_of(name)
        a_job(endpoints[mode.broker] if mode.profile else None, mode)


def a_place(endpoints: Mapping[str, Endpoint], way: backlog.Way) -> None:
    """Some messages to two readers, each with a group or a queue of its own."""
    endpoint, name, load = endpoints[way.broker], f"labs-code-{time.monotonic_ns()}", backlog.load_of("tiny")
    batch = encode(0, np.zeros(10, np.int64), filler(load.body_bytes))
    with places.made(way, endpoint, name, 2), places.publisher(way, endpoint, name) as to:
        to.publish(batch)
        for reader in range(2):
            with places.consumer(way, endpoint, name, reader, reader) as source:
                got = source.receive(WITHIN_S)
                source.acknowledge(got)
                assert got.bodies[0] == batch[0]


WHOLE = {
    "bad-message", "burst-or-overload", "cost-of-switching",
    "delivery-shapes", "four-queues", "late-joiner", "log-group-share",
    "pending-claimed",
    "read-it-again", "routing-at-rate", "routing-puzzles", "run-twice", "share-the-work", "short-life", "upgrade-trap",
}  # fmt: skip
"""Labs that are run as they are, at night: what they show lies in processes that play several parts at once."""


def told(way: str, endpoints: Mapping[str, Endpoint]) -> None:
    """What a Celery application is told of its broker: that part of the lab runs here, the rest in Celery's own."""
    found = stack_tasks.way_of(way)
    stack_settings.settings(found, endpoints[found.broker], "labs-code", "")
    stack_settings.high(found)


def run(lab: str, tab: Tab, endpoints: Mapping[str, Endpoint]) -> None:
    """What the lab does for the settings of this tab, as little of it as there is."""
    one, asked = experiment(lab), tab.settings
    if lab == "passport":
        with mock.patch.multiple(passport, LOOP_TURNS=10, ROUND_TRIPS=20, FSYNCS=10, SLEEPS=10):
            for _, measure in passport.STEPS:
                measure()
    elif one.ways:
        [way] = [way for way in one.ways if isinstance(way, Way) and way.name == asked["way"]]
        using = on_lane(profile(way.profile), way.lane)
        through(endpoints[using.broker], using, CLOSED)
    elif "setting" in asked:
        using = profile(asked["setting"])
        if using.broker == "redis":
            vars(fault_run)["start_arguments"](using.settings)  # what the run itself calls
        through(endpoints[using.broker], using, OPEN)
    elif "trick" in asked:
        setup = trick(asked["trick"]).plain[asked["winner"]]
        using = on_lane(profile(setup.profile), setup.lane)
        through(endpoints[using.broker], using, CLOSED)
    elif "rung" in asked:
        [using] = chosen_profiles(one.settings(asked)).values()
        through(endpoints[using.broker], using, OPEN)
    elif name := asked.get("mode") or asked.get("ways"):
        a_mode(lab, name, endpoints)
    elif "carriers" in asked:
        a_pair(endpoints.get(asked["carriers"]), asked["carriers"], asked["guarantee"])
    else:
        broker = carrier_of(asked["carrier"]).broker
        a_call(endpoints.get(broker), asked["carrier"], asked.get("confirm", "each"))


@pytest.mark.parametrize("endpoints", ["native"], indirect=True)
@pytest.mark.parametrize(
    "lab", [pytest.param(lab, marks=pytest.mark.long) if lab in WHOLE else lab for lab in LABS.values()]
)
def test_every_statement_that_a_page_shows_is_run_by_its_lab(
    lab: str, endpoints: dict[str, Endpoint], tmp_path: Path
) -> None:
    tabs, ran = client_code.tabs(lab), dict[str, Lines]()
    records.template.cache_clear()  # what a lab before has made is made again, so that it is seen
    for tab in tabs:
        files = {file for one in tabs if one.run == tab.run for file in one.files}
        with traced(files) as seen:
            if lab in WHOLE and tab.run not in ran:
                whole(lab, tab, files, tmp_path, seen)
            elif lab in WHOLE:
                pass  # tabs of the same settings share a run
            elif lab == "one-app-three-brokers":
                told(tab.settings["ways"], endpoints)
            else:
                run(lab, tab, endpoints)
        seen = ran.setdefault(tab.run, seen) if lab in WHOLE else seen
        shown = list(statements(tab))
        assert shown or all(piece.text[:1].isupper() for piece in tab.pieces)
        for file, first, last in shown:
            assert seen & {(file, line) for line in range(first, last + 1)}, f"{tab.label}: {file}:{first} did not run"


@pytest.mark.parametrize("endpoints", ["native"], indirect=True)
@pytest.mark.parametrize("stem", LABS)
def test_every_notebooks_cell_runs_as_it_stands_and_leaves_nothing_on_the_broker(
    stem: str,
    endpoints: dict[str, Endpoint],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("LABS_MODE", "live")
    monkeypatch.setenv("LABS_BACKEND", endpoints["redis"].backend)
    before = len(journal.entries())
    exec(compile(client_code.by_hand(stem)[1], str(Path(stem)), "exec"), {})
    assert capsys.readouterr().out.strip(), "a cell that says nothing shows nothing"
    assert len(journal.entries()) == before
