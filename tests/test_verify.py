"""labs verify and the recorded files of the book: an altered figure is found, and no file makes it stumble."""

from __future__ import annotations

import copy
import io
import json
import random
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from labs.cli.judgement import verify
from labs.judge.recording import checked, load, recording
from labs.model.paths import RECORDED
from labs.model.run import CPU, RECEIVED, SENT, RunFileError, read_columns, write_columns
from labs.model.run import load as load_run
from labs.pages import recordings
from tests.made import FIRST_IN_WORK, job_run, labs, make_run

FILES = sorted(RECORDED.glob("*.json"))


def leaves(node: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The place of every number in it."""
    items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for name, one in items:
        if isinstance(one, int | float) and not isinstance(one, bool):
            yield (*path, name)
        else:
            yield from leaves(one, (*path, name))


def put(node: Any, path: tuple[Any, ...], change: Callable[[Any], Any]) -> None:
    for name in path[:-1]:
        node = node[name]
    node[path[-1]] = change(node[path[-1]])


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_recorded_file_agrees_with_itself(path: Path) -> None:
    content, counts = checked(path)
    assert counts or "trick" in path.stem or path.stem in ("how-benchmarks-lie", "see-the-work")
    if "digests" in content:
        recordings.drawable(recording(content, path), path)


@pytest.mark.parametrize(
    ("lab", "place", "change"),
    [
        ("latency-ladder", ("repeats", 0, "latency_ms", "p99"), lambda ms: ms * 0.5),
        ("latency-ladder", ("repeats", 0, "latency_ms", "p99"), lambda ms: ms + 0.001),
        ("latency-ladder", ("median", "latency_ms", "p99"), lambda ms: ms * 0.9),
        ("latency-ladder", ("spread", "p99", 1), lambda ms: ms * 2),
        ("latency-ladder", ("repeats", 1, "ledger", "lost"), lambda count: count + 1),
        ("latency-ladder", ("repeats", 1, "ledger", "verdict"), lambda _: "broken"),
        ("latency-ladder", ("median", "verdict"), lambda _: "unknown"),
        ("latency-ladder", ("card", "repeats"), lambda count: count + 1),
        ("loss-matrix", ("median", "lost"), lambda count: count - 1),
        ("loss-matrix", ("repeats", 0, "ledger", "lost"), lambda count: count - 1),
        ("loss-matrix", ("repeats", 0, "outcome"), lambda _: "none lost"),
        ("loss-matrix", ("median", "outcome"), lambda _: "none lost"),
        ("kill-the-worker", ("repeats", 0, "jobs", "lost"), lambda _: 0),
        ("one-question", ("repeats", 0, "ends", "answered"), lambda count: count - 1),
        ("redis-million", ("median", "per_s"), lambda rate: rate * 1.001),
        ("redis-million", ("repeats", 0, "per_s"), lambda rate: rate * 10),
        ("who-is-waiting", ("spread", "blocked_ms", "p50", 0), lambda ms: ms / 2),
        ("passport", ("median", "fsync_ms.p50"), lambda ms: ms / 2),
        ("bench", ("ratios", 0), lambda ratio: ratio + 0.01),
        ("bench", ("ours", "values", 0), lambda rate: rate * 1.01),
        ("bench", ("median",), lambda ratio: ratio + 0.001),
    ],
)  # fmt: skip
def test_an_altered_figure_is_found_and_its_place_is_named(
    lab: str, place: tuple[Any, ...], change: Callable[[Any], Any], tmp_path: Path
) -> None:
    content = json.loads((RECORDED / f"{lab}.json").read_text("utf-8"))
    put(content, ("rows" if lab == "bench" else "digests", 0, *place), change)
    (tmp_path / f"{lab}.json").write_text(json.dumps(content))
    with pytest.raises(RunFileError, match=rf"{lab}\.json does not agree with itself: (digest|row) 1.*altered"):
        verify([tmp_path / f"{lab}.json"])


@pytest.mark.parametrize("name", ["latency_ms", "ledger"])
def test_no_figure_of_a_repeats_latency_or_ledger_can_be_doubled_unseen(name: str) -> None:
    """Of three repeats each value is the median or an end of the range, so that every one is held by another."""
    original = json.loads((RECORDED / "latency-ladder.json").read_text("utf-8"))
    original["digests"] = original["digests"][:2]
    sure = {"attempted", "acknowledged", "delivered", "lost", "unknown", "recovered", "unconfirmed", "holes", "tail"}
    seen = 0
    for place in leaves(original):
        if name not in place or place[2] != "repeats" or (name == "ledger" and place[-1] not in sure):
            continue
        altered = copy.deepcopy(original)
        put(altered, place, lambda value: value * 2 + 1)
        with pytest.raises(RunFileError):
            _load(altered, Path("altered.json"))
        seen += 1
    assert seen > 20


def _load(content: Any, path: Path) -> None:
    """As `labs.judge.digest.load` and the book do, of what a file would hold."""
    from labs.judge import consistency

    try:
        consistency.check(content)
    except consistency.InconsistentError as error:
        raise RunFileError(str(error)) from error
    recordings.drawable(recording(content, path), path)


@pytest.mark.parametrize("seed", range(6))
def test_whatever_is_taken_out_of_a_recorded_file_or_put_into_it_has_one_error_and_no_other(seed: int) -> None:
    dice = random.Random(seed)
    odd = [None, "x", -1, 1e300, [], {}, True, [[1]], {"p50": "x"}, float("nan"), float("inf")]
    for path in dice.sample([one for one in FILES if one.stem not in ("bench", "promises")], 5):
        original = json.loads(path.read_text("utf-8"))
        original["digests"] = dice.sample(original["digests"], min(3, len(original["digests"])))
        for _ in range(20):
            altered: Any = copy.deepcopy(original)
            node, depth = altered["digests"], dice.randint(1, 6)
            while depth and isinstance(node, dict | list) and node:
                name = dice.choice(list(node) if isinstance(node, dict) else range(len(node)))
                depth -= 1
                if not depth or not isinstance(node[name], dict | list) or not node[name]:
                    if dice.random() < 0.4:
                        del node[name]
                    else:
                        node[name] = dice.choice(odd)
                    break
                node = node[name]
            try:
                _load(altered, path)
            except RunFileError as error:
                assert "\n" not in str(error)  # noqa: PT017 - one line, whatever it was


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "is damaged"),
        ("", "is damaged"),
        ("[]", "has format None"),
        ("7", "has format None"),
        ('{"format": 1}', "does not name its lab"),
        ('{"format": 1, "lab": "x"}', "neither digests nor rows"),
        ('{"format": 1, "lab": "x", "digests": [3]}', "it is not a table"),
        ('{"format": 1, "lab": "x", "digests": [{"settings": []}]}', "its part `settings` is missing"),
        ('{"format": 1, "lab": "x", "digests": []}', "there is no lab named x"),
        ('{"format": 1, "lab": "bench", "rows": [{"id": "a"}]}', "a part is missing"),
        ('{"format": 1, "lab": "x", "digests": [NaN]}', "NaN is no figure"),
        ("[" * 100_000, "is damaged"),
        ('{"format": 1, "digests": ' + "9" * 5000 + "}", "is damaged"),
        ("\ufeff{}", "is damaged"),
        ('{"format": 99}', "Update the labs"),
    ],
)
def test_a_file_that_is_no_recorded_one_has_one_line(text: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text(text, "utf-8")
    with pytest.raises(RunFileError) as caught:
        verify([tmp_path / "x.json"])
    assert said in str(caught.value)
    assert "ecord it again" in str(caught.value)


def crafted(path: Path) -> Iterator[tuple[str, Callable[[], object]]]:
    """Ways to spoil a good run file, by name."""
    whole = path.read_bytes()
    header, columns = read_columns(path, (*SENT, *RECEIVED, *CPU))

    def write(**changed: Any) -> Callable[[], object]:
        return lambda: write_columns(path, header, columns | changed)

    def head(**changed: Any) -> Callable[[], object]:
        return lambda: write_columns(path, header | changed, columns)

    def member(name: str, content: bytes, how: int = zipfile.ZIP_STORED) -> Callable[[], object]:
        def act() -> None:
            with zipfile.ZipFile(io.BytesIO(whole)) as old, zipfile.ZipFile(path, "w", how) as new:
                for one in old.namelist():
                    new.writestr(one, content if one == name else old.read(one))

        return act

    objects = np.array([{"a": 1}], dtype=object)
    yield "columns of unequal length", write(sent_ns=columns["sent_ns"][:-1])
    yield "deliveries of unequal length", write(delivered_ns=columns["delivered_ns"][:-1])
    yield "all messages cut", write(**{name: columns[name][:-3] for name in list(columns)[:4]})
    yield "objects", lambda: np.savez(path, header=np.zeros(1, np.uint8), sent_ns=objects)
    yield "an object column", write(sent_ns=objects)
    yield "floats", write(sent_ns=columns["sent_ns"].astype(float))
    yield "two dimensions", write(sent_ns=columns["sent_ns"].reshape(-1, 2))
    yield "a time before the start", write(sent_ns=columns["sent_ns"] - 100_000)
    yield "a pickle", lambda: path.write_bytes(b"\x80\x04K\x01.")
    yield "a bare array", lambda: path.write_bytes(_npy())
    yield "no header", lambda: np.savez(path, **columns)
    yield "a header that is no JSON", lambda: np.savez(path, header=np.frombuffer(b"{", np.uint8), **columns)
    yield "a header that is a list", lambda: np.savez(path, header=np.frombuffer(b"[1]", np.uint8), **columns)
    yield "no facts", head(facts=None)
    yield "a profile that is a number", head(profile=7)
    yield "settled as a word", head(settled="yes")
    yield "a load that cannot be", head(workload={"rate_per_s": -1})
    yield "a load as a word", head(workload="fast")
    yield "a rate as a word", head(workload={"rate_per_s": "fast"})
    yield "jobs without their columns", head(kind="jobs")
    yield "calls without their columns", head(kind="calls")
    yield "a kind that is a list", head(kind=[1])
    yield "a member cut short", member("sent_ns.npy", b"\x93NUMPY\x01\x00\xff\xff{")
    yield "a member of another shape than it says", member("sent_ns.npy", _npy((10**12,)))
    yield "a member with code in its header", member("sent_ns.npy", b"\x93NUMPY\x01\x00\x10\x00__import__('os')")
    yield "half the file", lambda: path.write_bytes(whole[: len(whole) // 2])
    yield "a broken checksum", lambda: path.write_bytes(_flipped(whole))
    yield "nothing", lambda: path.write_bytes(b"")


def _npy(shape: tuple[int, ...] = ()) -> bytes:
    out = io.BytesIO()
    np.lib.format.write_array(out, np.zeros(3, np.int64))
    return out.getvalue().replace(b"(3,)", b"(%d,)" % shape[0]) if shape else out.getvalue()


def _flipped(whole: bytes) -> bytes:
    at = len(whole) // 3
    return whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :]


def test_no_crafted_run_file_passes_or_makes_the_reader_stumble_or_is_advised_to_be_loaded_unsafely(
    tmp_path: Path,
) -> None:
    path = tmp_path / "run.npz"
    good = make_run([0, 1, 2], [0, 1], [0, 1])
    good.save(path)
    for what, spoil in list(crafted(path)):
        good.save(path)
        load_run(path)
        spoil()
        try:
            verify([path])
        except RunFileError as error:
            said = str(error)
        else:
            pytest.fail(f"passed: {what}")
        assert "pickle" not in said, what
        assert "\n" not in said, what
        assert str(path) in said or "load that cannot be" in said, what


@pytest.mark.parametrize("make", [lambda path: make_run([0, 1], [0, 1], [0]).save(path),
                                  lambda path: job_run(FIRST_IN_WORK).save(path)])  # fmt: skip
def test_a_run_file_with_any_byte_changed_is_read_as_it_was_or_named(
    make: Callable[[Path], None], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, dice = tmp_path / "run.npz", random.Random(7)
    make(path)
    whole = path.read_bytes()
    verify([path])
    honest = capsys.readouterr().out
    for _ in range(150):
        at = dice.randrange(len(whole))
        path.write_bytes(whole[:at] + bytes([whole[at] ^ dice.randint(1, 255)]) + whole[at + 1 :])
        try:
            verify([path])
        except RunFileError:
            continue
        assert capsys.readouterr().out == honest, at


def test_verify_says_what_it_computed_again_and_what_it_could_not_and_shows_no_object(tmp_path: Path) -> None:
    make_run([0, 1], [0, 1], [0]).save(tmp_path / "messages.npz")
    result = labs("verify", str(RECORDED / "latency-ladder.json"), str(tmp_path / "messages.npz"))
    assert result.returncode == 0, result.stderr
    first, second = result.stdout.splitlines()
    assert "percentiles" in first and "medians" in first and "Not checked: the repeats' own figures" in first  # noqa: PT018
    assert "attempted 2, acknowledged 2, delivered 1, lost 1" in second
    assert not {"(", "="} & set(second.partition("npz")[2])


def test_load_is_what_the_book_reads_with(tmp_path: Path) -> None:
    content = json.loads((RECORDED / "latency-ladder.json").read_text("utf-8"))
    content["digests"][0]["median"]["latency_ms"]["p99"] = 0.9
    (tmp_path / "latency-ladder.json").write_text(json.dumps(content))
    with pytest.raises(RunFileError, match=r"median latency_ms p99 is 0\.9"):
        load(tmp_path / "latency-ladder.json")
    with pytest.raises(RunFileError, match=r"median latency_ms p99 is 0\.9"):
        recordings.recorded("latency-ladder", tmp_path)
