"""Runs -> digest: the few kB of JSON that charts, pages and panels read, with the run card on it."""

from __future__ import annotations

import json
import platform
import statistics
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

from labs.judge import consistency, soundness
from labs.judge.latency import confirm_ns, curve_ms, end_to_end_ns, ladder_ms, lateness_ns, service_ns
from labs.judge.limit import bottleneck, cpu_cores, disturbed, void, worker_busy, young
from labs.judge.loss import account, refused_messages
from labs.model import clock_offset, processors
from labs.model.digest import Digest, Recording
from labs.model.endpoint import Endpoint
from labs.model.paths import write_text
from labs.model.profile import RUNGS, Profile
from labs.model.run import FORMAT, NEVER, NOT_SAID, REFUSAL, Run, RunFileError, check_format

CLIENTS = {"redis": "redis", "rabbitmq": "pika", "kafka": "kafka-python"}
BACKENDS = {"native": "native processes", "compose": "containers, published ports"}
SERVERS = {"redis": "Redis", "rabbitmq": "RabbitMQ", "kafka": "Apache Kafka", "memory": "memory server"}


def repeat(run: Run, broker: str) -> dict[str, Any]:
    """All numbers of one run, computed from its columns; shape as in `digest`."""
    latency = end_to_end_ns(run)
    stamp, why = bottleneck(run, broker)
    cpu = {role: None if cores is None else round(cores, 3) for role, cores in cpu_cores(run).items()}
    ledger = asdict(account(run))
    return {
        "count": len(latency),
        "latency_ms": _rounded(ladder_ms(latency)),
        "service_ms": _rounded(ladder_ms(service_ns(run))),
        "lateness_ms": _rounded(ladder_ms(lateness_ns(run))),
        "confirm_ms": _rounded(ladder_ms(confirm_ns(run))) if run.acknowledges else None,
        "curve": [[round(q, 5), round(ms, 4)] for q, ms in curve_ms(latency)],
        "delivered": ledger["delivered"],
        "ledger": ledger,
        "cpu": cpu,
        "stamp": stamp,
        "why": why,
        "saturated": bool(worker_busy(run)),
        "contaminated": disturbed(run),
        "young": young(run, broker),
        "trouble": run.trouble,
    }


def _rounded(ladder: Mapping[str, float | None]) -> dict[str, float | None]:
    return {name: None if ms is None else round(ms, 4) for name, ms in ladder.items()}


def median_of(ladders: Sequence[Mapping[str, float | None]]) -> dict[str, float | None]:
    """Step by step the median over the repeats; None unless every repeat could say."""
    steps: dict[str, float | None] = {}
    for name in ladders[0]:
        values = [ladder[name] for ladder in ladders]
        steps[name] = None if None in values else round(statistics.median(v for v in values if v is not None), 4)
    return steps


def spread_of(ladders: Sequence[Mapping[str, float | None]]) -> dict[str, list[float] | None]:
    """Step by step [lowest, highest] over the repeats; None unless every repeat could say."""
    table = {name: [ladder[name] for ladder in ladders] for name in ladders[0]}
    return {
        name: None
        if None in values
        else [min(v for v in values if v is not None), max(v for v in values if v is not None)]
        for name, values in table.items()
    }


def worst_verdict(verdicts: Sequence[str]) -> str:
    """Broken if any repeat is, else unknown if any is, else kept."""
    return next((word for word in ("broken", "unknown") if word in verdicts), "kept")


def digest(
    lab: str, settings: Mapping[str, Any], runs: Sequence[Run], profile: Profile, card: dict[str, Any]
) -> Digest:
    """One measured point of a lab from its repeats. `settings` is what the reader chose for this broker."""
    runs, more, left_out = soundness.counted(runs, void)
    repeats = [repeat(run, profile.broker) for run in runs]
    ladders = {name: [r[name] for r in repeats] for name in ("latency_ms", "service_ms", "lateness_ms")}
    stamps = Counter(r["stamp"] for r in repeats)
    named = {"broker": profile.broker, "profile": profile.name, "label": profile.label, "rung": profile.rung}
    return Digest(
        lab=lab,
        settings=dict(settings) | named,
        repeats=repeats,
        median={name: median_of(values) for name, values in ladders.items()}
        | {"stamp": stamps.most_common(1)[0][0], "verdict": worst_verdict([r["ledger"]["verdict"] for r in repeats])},
        spread=spread_of(ladders["latency_ms"]),
        card=card | left_out,
        **more,
        **refusals(runs),
    )


def refusals(runs: Sequence[Run]) -> dict[str, Any]:
    """What a digest keeps of messages that were refused; nothing if none was."""
    return soundness.refused(
        [
            (refused_messages(run), int((run["sent_ns"] != NEVER).sum()), str(run.facts.get(REFUSAL) or NOT_SAID))
            for run in runs
        ]
    )


def backend_of(endpoint: Endpoint) -> str:
    """How the broker is run, in words; of a given one only the host is told."""
    return (
        f"a broker of yours at {endpoint.host}"
        if endpoint.is_given
        else BACKENDS.get(endpoint.backend, endpoint.backend)
    )


def broker_cpu(endpoint: Endpoint) -> dict[str, str]:
    """A line for the run card where the broker's processes are not to be seen; nothing where they are."""
    return {} if endpoint.pids else {"broker_cpu": "not seen from here, so whether it was the limit is not known"}


def run_card(endpoint: Endpoint, profile: Profile, runs: Sequence[Run]) -> dict[str, Any]:
    """What a sceptic has to know: versions, machine, rung, settings in force, date, repeats."""
    facts = runs[-1].facts
    client = CLIENTS.get(profile.broker)
    return {
        "broker": f"{SERVERS[profile.broker]} {facts.get('server') or endpoint.version or 'unknown'}",
        "client": f"{client} {version(client)}" if client else "own loopback protocol",
        "backend": backend_of(endpoint),
        **broker_cpu(endpoint),
        **processors.for_card(runs[-1].facts, others=[cpu_cores(run)["foreign"] for run in runs]),
        "machine": f"{platform.system()} {platform.machine()}, Python {platform.python_version()}",
        "rung": f"{profile.rung}: {RUNGS[profile.rung]}",
        "durability": facts.get("durability") or {},
        "payload_bytes": runs[-1].workload.body_bytes,
        "replicas": 1,
        "date": facts.get("date", ""),
        **({"workers": f"Dask, {clock_offset.sentence(facts['clocks'])}"} if "clocks" in facts else {}),
        "repeats": len(runs),
        "disturbed_runs_left_out": sum(run.facts.get("attempts", 1) - 1 for run in runs),
    }


def save(path: Path, lab: str, digests: Sequence[Digest], card: Mapping[str, Any]) -> None:
    """Write a lab's recorded file, all or nothing, one digest a line so that a review can read the change."""
    head = {"format": FORMAT, "lab": lab, "card": dict(card)}
    lines = ",\n".join(json.dumps(d.to_json(), ensure_ascii=False, separators=(",", ":")) for d in digests)
    text = json.dumps(head, ensure_ascii=False)[:-1] + ', "digests": [\n' + lines + "\n]}\n"
    write_text(path, text)


def load(path: Path) -> Recording:
    """A recorded file that agrees with itself. RunFileError when it is damaged, altered or of another format."""
    return recording(checked(path)[0], path)


def recording(content: Mapping[str, Any], path: Path) -> Recording:
    """What was read from a recorded file. RunFileError where it is another kind of file."""
    if "digests" not in content:
        raise RunFileError(f"{path} has no digests. Record it again with `labs record`.")
    try:
        return Recording(content["lab"], content.get("card", {}), tuple(map(Digest.from_json, content["digests"])))
    except ValueError as error:
        raise RunFileError(f"{path}: {error}. Update the labs, or record it again with `labs record`.") from error


def checked(path: Path) -> tuple[dict[str, Any], Counter[str]]:
    """A recorded file, and how many of its figures of each kind were computed again and agree."""
    content = read_json(path)
    try:
        return content, consistency.check(content)
    except consistency.InconsistentError as error:
        raise RunFileError(
            f"{path} does not agree with itself: {error}. "
            "It was altered or damaged: record it again with `labs record`."
        ) from error


def read_json(path: Path) -> dict[str, Any]:
    """A JSON file of this program's format. RunFileError when it is damaged or of another format."""
    try:
        content = json.loads(path.read_text("utf-8"), parse_constant=_no_number)
    except (ValueError, RecursionError) as error:  # also what is not UTF-8, and a number of five thousand digits
        raise RunFileError(f"{path} is damaged ({error}). Record it again with `labs record`.") from error
    check_format(content, str(path))
    found: dict[str, Any] = content
    return found


def _no_number(word: str) -> float:
    raise ValueError(f"{word} is no figure")
