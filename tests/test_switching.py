"""The cost of switching: the shop and its contract on planted histories, the count of lines on planted files, the rules
on planted points, and one service on a real broker, whole and without its own code, that leaves nothing behind."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from labs import stack
from labs.brokers import journal
from labs.experiments import experiment
from labs.experiments.cost_of_switching import python_of
from labs.experiments.switching_verdicts import c69, c72
from labs.model.digest import Digest
from labs.model.errors import StackError
from labs.model.observer import UNOBSERVED
from labs.model.paths import PROJECT
from labs.pages.exercises.truths import NoTruth
from labs.pages.exercises.truths_switching import row_lost, rows_kept_by
from labs.scenarios.switching import FRAMEWORKS, MOVES, ROWS, SERVICES, Move, Service, service_of
from labs.scenarios.switching.attempt import Bank, told
from labs.scenarios.switching.contract import BROKEN, BUSY, CONTRACT, KILLED_AT, History, judge
from labs.scenarios.switching.counting import MarkError, code, diff, marks, own_code, without
from labs.scenarios.switching.judge import ITSELF, OWN, built, cost, lost, words
from labs.scenarios.switching.shop import BrokenError, LaterError, Ledger, Order, Shop, read, written
from labs.show.looks.switching import SWITCHING_LOOK

LAB = experiment("cost-of-switching")
S = 1_000_000_000


# -- the shop --------------------------------------------------------------------------------------------------------


def test_an_order_is_paid_then_mailed_and_the_bank_is_busy_twice_or_for_ever(tmp_path: Path) -> None:
    ledger, heard = Ledger(tmp_path / "ledger"), []
    shop = Shop(ledger)

    def send(channel: str, key: str, body: bytes) -> None:
        heard.append((channel, key, read(body).number))

    well, busy, broken = (Order(at, customer=7, bank=bank) for at, bank in enumerate(("well", "busy", "broken")))
    shop.step("orders")(written(well, filling=9), send)
    shop.step("paid")(written(well), send)
    assert heard == [("paid", "customer-7", 0)]
    for _ in range(2):
        with pytest.raises(LaterError):
            shop.step("orders")(written(busy), send)
    shop.step("orders")(written(busy), send)
    with pytest.raises(BrokenError):
        shop.step("orders")(written(broken), send)
    assert [(one["what"], one["order"]) for one in ledger.rows() if one["what"] != "begun"] == [
        ("paid", 0), ("mailed", 0), ("paid", 1),
    ]  # fmt: skip


# -- the contract ----------------------------------------------------------------------------------------------------


def ledger(*lines: tuple[str, Order, float]) -> list[dict[str, Any]]:
    return [
        {"what": what, "order": one.number, "customer": one.customer, "step": one.step, "at_ns": round(at_s * S)}
        for what, one, at_s in lines
    ]


def paid(orders: Sequence[Order], mailed: bool = False) -> list[dict[str, Any]]:
    """Each begun and paid in turn, a tenth of a second apart."""
    whats = ("begun", "paid", "mailed") if mailed else ("begun", "paid")
    return ledger(*((what, one, at / 10) for at, one in enumerate(orders) for what in whats))


def kept(row: str) -> History:
    """A history in which the row's promise is kept."""
    orders = CONTRACT[row].orders
    if row in ("done", "replay"):
        return History(paid(orders, mailed=True), read=[one.number for one in orders])
    if row == "redelivery":
        return History(ledger(("begun", orders[KILLED_AT], 0)) + paid(orders), {"killed": 1.0})
    if row == "pressure":
        return History(paid(orders[:1]), {"grew_mb": 3.0})
    if row in ("retry", "parked"):
        number = BUSY if row == "retry" else BROKEN
        others = paid([one for one in orders if one.number != number])
        tries = [("begun", orders[number], at) for at in (0.0, 1.0, 2.0)]
        last = [("paid", orders[number], 2.0)] if row == "retry" else []
        return History(others + ledger(*tries, *last), parked=[BROKEN] if row == "parked" else ())
    return History(paid(orders))


def but(history: History, what: str, number: int, **changed: Any) -> History:
    """The same without these lines of one order, or with other times."""
    rows = [one for one in history.rows if (one["what"], one["order"]) != (what, number)]
    again = [dict(one) | changed for one in history.rows if (one["what"], one["order"]) == (what, number)]
    return replace(history, rows=rows + again if changed else rows)


BROKEN_BY = {
    "an order is never paid": ("done", lambda h: but(h, "paid", 3)),
    "an order is paid twice": ("done", lambda h: replace(h, rows=[*h.rows, dict(h.of("paid", 3)[0])])),
    "a mail is missing": ("done", lambda h: but(h, "mailed", 3)),
    "a customer's second order is paid before the first": ("order", lambda h: but(h, "paid", 0, at_ns=9 * S)),
    "one of a customer's orders is missing": ("order", lambda h: but(h, "paid", 5)),
    "nobody pays what the dead worker had": ("redelivery", lambda h: but(h, "paid", KILLED_AT)),
    "the worker took everything in": ("pressure", lambda h: replace(h, facts={"grew_mb": 41.0})),
    "it was tried again at once": ("retry", lambda h: but(h, "begun", BUSY, at_ns=0)),
    "it was passed over": ("retry", lambda h: but(h, "paid", BUSY)),
    "another order waited behind it": ("retry", lambda h: but(h, "paid", 7, at_ns=3 * S)),
    "nobody can look at it": ("parked", lambda h: replace(h, parked=())),
    "something else is parked": ("parked", lambda h: replace(h, parked=[3])),
    "it was tried once more": ("parked", lambda h: replace(h, rows=[*h.rows, dict(h.of("begun", BROKEN)[0])])),
    "an order cannot be read again": ("replay", lambda h: replace(h, read=h.read[1:])),
}  # fmt: skip


@pytest.mark.parametrize("row", ROWS)
def test_a_promise_is_kept_by_the_history_that_it_asks_for_and_unknown_by_one_in_which_nobody_worked(row: str) -> None:
    assert judge(row, kept(row)) == "yes"
    assert judge(row, History(())) == "unknown"


@pytest.mark.parametrize("why", BROKEN_BY)
def test_a_promise_is_broken_where(why: str) -> None:
    row, change = BROKEN_BY[why]
    assert judge(row, change(kept(row))) == "no"


def test_a_kill_that_came_too_late_shows_nothing() -> None:
    assert judge("redelivery", replace(kept("redelivery"), facts={"killed": 0.0})) == "unknown"


def test_what_stays_green_without_our_code_is_the_brokers_own_and_what_turns_red_is_ours() -> None:
    whole = {row: kept(row) for row in ROWS}
    red = History(kept("retry").rows[:3])
    assert words({"whole": whole})["retry"] == words({"whole": whole, "plain": {"retry": kept("retry")}})["retry"]
    assert words({"whole": whole, "plain": {"retry": red}})["retry"] == OWN
    assert words({"whole": whole | {"retry": red}, "plain": {"retry": red}})["retry"] == "no"
    assert words({"whole": whole, "plain": {"retry": History(())}})["retry"] == "unknown"


def test_a_feature_is_built_where_new_code_keeps_it_and_lost_where_nothing_does() -> None:
    was = dict.fromkeys(ROWS, ITSELF)
    now = was | {"retry": OWN, "parked": OWN, "order": "no"}
    assert built(was, now) == ["retry", "parked"]
    assert built(was, now, same=("parked",)) == ["retry"]
    assert lost(was, now) == ["order"]
    assert lost(now, now) == []


# -- the files -------------------------------------------------------------------------------------------------------

OLD = '''"""Said."""
# a comment
A = 1


def go():
    """Said."""
    one()
    # own: retry, parked
    two()
    # end
    return A
'''


def test_lines_are_counted_without_what_is_only_said_and_a_comment_changes_nothing() -> None:
    assert code(OLD) == ["A = 1", "def go():", "    one()", "    two()", "    return A"]
    said = OLD.replace("# a comment", "# another").replace("Said.", "Told.\n\n    More.")
    assert diff(OLD, said).gone == diff(OLD, said).new == 0
    moved = diff(OLD, OLD.replace("    one()\n", "    other()\n    third()\n"))
    assert (moved.old, moved.gone, moved.new, moved.share) == (5, 1, 2, 0.2)


def test_cutting_our_own_code_out_leaves_every_other_line_where_it_was() -> None:
    bare = without(OLD)
    assert "two()" not in bare
    assert bare.splitlines().index("    return A") == OLD.splitlines().index("    return A")
    assert without(OLD, {"replay"}) == OLD
    assert own_code(OLD) == {"retry": ["    two()"], "parked": ["    two()"]}


@pytest.mark.parametrize("source", ["# own: retry\nA = 1\n", "A = 1\n# end\n", "# own: retry\n# own: parked\n# end\n"])
def test_marks_that_do_not_pair_are_refused(source: str) -> None:
    with pytest.raises(MarkError):
        marks(source)


@pytest.mark.parametrize("service", SERVICES.values(), ids=lambda one: one.name)
def test_every_file_is_python_with_and_without_its_own_code_which_is_for_rows_of_the_contract(service: Service) -> None:
    source = service.path.read_text("utf-8")
    compile(source, service.name, "exec")
    compile(without(source), service.name, "exec")
    assert set(own_code(source)) <= set(ROWS)


@pytest.mark.parametrize("move", MOVES.values(), ids=lambda one: one.name)
def test_a_move_counts_the_business_as_well_and_never_as_changed(move: Move) -> None:
    found = cost(service_of("raw", move.old), service_of("raw", move.new))
    assert 0 < found.file.gone < found.file.old
    assert found.file.gone / (found.file.old + found.business) == found.whole_share < found.gone_share


# -- the rules and the exercises -------------------------------------------------------------------------------------


def point(framework: str, move: str, *, pct: float = 10.0, rounds: int = 5, **rows: str) -> Digest:
    trials = {row: {"was": ITSELF, "outcome": rows.get(row, ITSELF)} for row in ROWS}
    number = float(sum(word == OWN for word in rows.values())), float(sum(word == "no" for word in rows.values()))
    figures = {"built": number[0], "lost": number[1], "gone_pct": pct, "whole_pct": pct}
    repeats: Any = [{"trials": trials, "figures": figures, "took_s": 1.0}] * rounds
    settings: Any = {"framework": framework, "porting": move, "label": MOVES[move].label, "broker": MOVES[move].new}
    setup = {"old": 100, "gone": pct, "new": 9, "business": 0, "own": {"retry": 3, "parked": 2}}
    return Digest(lab=LAB.name, settings=settings, setup=setup, repeats=repeats, card={}, **LAB.sum_up(repeats))


def to_kafka(**changed: Any) -> list[Digest]:
    """The moves to Kafka: all are free, and that from RabbitMQ with the brokers' own clients is changed."""
    free = [point(one, f"{old}-kafka", pct=0.0) for one in FRAMEWORKS for old in ("redis", "rabbitmq")]
    asked = {"framework": "raw", "porting": "rabbitmq-kafka"}
    return [
        point("raw", "rabbitmq-kafka", **changed),
        *(one for one in free if not asked.items() <= one.settings.items()),
    ]


@pytest.mark.parametrize(
    ("changed", "word"),
    [
        ({"pct": 30.1}, "holds"),
        ({"pct": 30.0}, "undecided here"),
        ({"retry": OWN, "parked": OWN}, "holds"),
        ({"retry": OWN, "order": "no"}, "holds"),
        ({"retry": OWN}, "undecided here"),
        ({"pct": 90.0, "retry": "unknown"}, "undecided here"),
        ({"pct": 90.0, "rounds": 4}, "undecided here"),
    ],
)
def test_moving_to_kafka_is_rewriting_if_that_from_rabbitmq_changes_so_many_lines_or_two_features(
    changed: dict[str, Any], word: str
) -> None:
    assert c72(to_kafka(**changed)).word == word
    assert c72(to_kafka(pct=90.0)[1:]).word == "undecided here"


def test_the_stack_that_is_there_speaks_for_itself_only_if_every_move_with_own_clients_is_costly() -> None:
    costly = [point("raw", move, pct=31.0) for move in MOVES]
    assert c69(costly).word == "holds with conditions"
    assert c69([*costly[:-1], point("raw", "kafka-rabbitmq", pct=30.0)]).word == "undecided here"
    assert c69([*costly[:-1], point("raw", "kafka-rabbitmq", pct=30.0, retry=OWN, order="no")]).word != "undecided here"
    assert c69(costly[:-1]).word == "undecided here"


def test_an_exercise_asks_only_what_all_rounds_say_alike() -> None:
    asked = {"framework": "raw", "porting": "kafka-redis"}
    one = point("raw", "kafka-redis", retry=OWN, order="no")
    assert rows_kept_by([one], OWN, asked) == {"retry"}
    assert row_lost([one], asked) == "order"
    with pytest.raises(NoTruth, match="lost 2 rows"):
        row_lost([point("raw", "kafka-redis", retry="no", order="no")], asked)
    mixed = replace(one, repeats=[*one.repeats, *point("raw", "kafka-redis").repeats])
    with pytest.raises(NoTruth, match="do not agree"):
        rows_kept_by([mixed], OWN, asked)


def test_a_row_says_what_a_move_costs_and_what_the_old_broker_did() -> None:
    said = SWITCHING_LOOK.said(point("raw", "rabbitmq-kafka", retry=OWN, order="no"))
    assert "3 own lines" in said
    assert "the old broker did it by itself" in said
    assert "the old service kept it" in said


@pytest.mark.parametrize(
    ("busy", "others", "left", "says"),
    [
        ((0.0, 1.0, 2.0), 0.5, 0, "right"),
        ((0.0, 0.1, 2.0), 0.5, 0, "before the bank had its second"),
        ((0.0,), 0.5, 1, "tried 1 of 3 times"),
        ((0.0, 1.0, 2.0), 2.5, 0, "other orders waited"),
        ((0.0, 1.0, 2.0), 0.5, 2, "2 entries are still pending"),
        ((0.0, 1.0, 2.0), None, 0, "7 orders were never brought"),
    ],
)
def test_a_learners_worker_is_told_what_is_wrong_with_it(
    busy: Sequence[float], others: float | None, left: int, says: str
) -> None:
    bank = Bank()
    bank.asked = [(BUSY, at) for at in busy]
    bank.asked += [] if others is None else [(number, others) for number in range(8) if number != BUSY]
    assert says in told(bank, left)


# -- a real broker ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Changed(Service):
    """A service whose file was changed."""

    file: Path = Path()

    @property
    def name(self) -> str:
        return self.file.stem

    @property
    def path(self) -> Path:
        return self.file


def site(framework: str, endpoint: Any) -> Any:
    from labs.scenarios.switching.conductor import Site

    return Site(service_of(framework, endpoint.broker), endpoint, (python_of(framework, lambda _line: None),))


def changed(one: Any, file: Path, old: str, new: str) -> Any:
    """The same site with a line of its service's file changed."""
    source = one.service.path.read_text("utf-8")
    assert source.count(old) == 1
    file.write_text(source.replace(old, new))
    return replace(one, service=Changed(one.service.framework, one.service.broker, file))


@pytest.mark.broker
def test_on_a_running_redis_a_group_keeps_no_order_and_what_our_code_keeps_is_red_without_it() -> None:
    """About 15 s: what is red without our code is waited for. What redis-py's file has a loop of ours for, FastStream
    claims by an argument of a subscriber."""
    from labs.scenarios.switching.conductor import run

    with stack.session(("redis",), report=lambda _line: None) as found:
        before = keys(found["redis"])
        sites = {one: site(one, found["redis"]) for one in ("raw", "faststream")}
        histories = run(list(sites.values()), UNOBSERVED)
        told = {one: words(histories[here]) for one, here in sites.items()}
        lost_order = dict.fromkeys(ROWS, ITSELF) | {"order": "no", "parked": OWN}
        assert told["faststream"] == lost_order
        assert told["raw"] == lost_order | {"redelivery": OWN, "retry": OWN}
        slow = {one: histories[here]["whole"]["pressure"].counts("paid")[0] for one, here in sites.items()}
        assert slow == {"raw": 1, "faststream": 2}  # it takes longer than the idle time after which it is claimed
        assert keys(found["redis"]) == before
        assert journal.entries() == []


@pytest.mark.broker
def test_by_faststream_on_rabbitmq_an_order_that_is_rejected_is_parked_and_one_that_is_nacked_never(
    tmp_path: Path,
) -> None:
    """About 15 s: a nacked order is tried until the row has waited long enough."""
    from labs.scenarios.switching.conductor import run

    with stack.session(("rabbitmq",), report=lambda _line: None) as found:
        rejects = site("faststream", found["rabbitmq"])
        nacks = changed(rejects, tmp_path / "nacks.py", "import RejectMessage", "import NackMessage as RejectMessage")
        histories = run([rejects, nacks], UNOBSERVED)
        green = dict.fromkeys(ROWS, ITSELF)
        assert words(histories[rejects]) == green
        assert words(histories[nacks]) == green | {"parked": "no"}
        assert journal.entries() == []


def keys(endpoint: Any) -> set[str]:
    from labs.brokers.redis.admin import client

    return set(client(endpoint).scan_iter("shop-*"))


KILLED = """
from labs import stack
from labs.experiments import experiment
from labs.experiments.cost_of_switching import python_of
from labs.model.observer import Observer
lab = experiment("cost-of-switching")
lab.run(lab.settings({"moves": "redis-rabbitmq"}), Observer(progress=lambda _share, text: print(text, flush=True)))
"""


@pytest.mark.broker
@pytest.mark.long
def test_what_a_killed_run_leaves_on_a_broker_the_next_command_removes_and_no_process_outlives_it() -> None:
    from labs.stack import mending

    with stack.session(("redis", "rabbitmq"), report=lambda _line: None) as found:
        command = [sys.executable, "-c", KILLED]
        with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True) as run:
            assert run.stdout
            for line in run.stdout:
                if "orders are handled" in line:
                    break
            run.kill()
        assert keys(found["redis"])
        give_up_s = time.monotonic() + 10
        while subprocess.run(["pgrep", "-P", str(run.pid)], capture_output=True, check=False).stdout:
            assert time.monotonic() < give_up_s
        mending.mend(lambda _line: None)
        assert journal.entries() == []
        assert not keys(found["redis"])


def test_a_broker_that_wants_tls_is_refused_in_one_line() -> None:
    from labs.model.endpoint import BrokerError, Endpoint
    from labs.scenarios.switching.conductor import Site, run

    site = Site(service_of("raw", "redis"), Endpoint("redis", "127.0.0.1", 1, tls=("", "", "")), (sys.executable,))
    with pytest.raises((BrokerError, StackError), match=r"wants TLS or is a cluster, .* in plain text\.$"):
        run([site], UNOBSERVED)
