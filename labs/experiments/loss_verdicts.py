"""The rules of C02, C04, C29, C33, C45, C54 and C57 (claims.csv) for cells of the loss matrix.

What a cell says is what its repeats say by the claim's policy; `unknown` and `did not start` are on neither side.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from labs.experiments.rules import Said, Undecided, agreed, points, rule, too_few
from labs.model.digest import Digest
from labs.model.faults import ENDING, NAMES
from labs.model.text import NBSP, capital, count_of, counted, enumerated, how_many, in_words, span

LOST, KEPT, OPEN, ALL = "lost", "kept", "open", "all lost"
SIDES = {"some lost": LOST, ALL: LOST, "none lost": KEPT}
DEFAULTS = ("redis-list-rdb", "kafka-acks-all")
"""What the server of Redis and the client of Kafka do when nothing is set. RabbitMQ leaves it to each message."""


def side(one: Digest) -> str:
    """Whether this cell lost or kept acknowledged messages; `open` where its repeats do not agree on either."""
    try:
        return agreed([repeat["outcome"] for repeat in one.repeats], SIDES.get, "")
    except Undecided:
        return OPEN


def cell(digests: Sequence[Digest], name: str, fault: str) -> Digest:
    """The cell; Undecided that it was not measured, or why it is open."""
    found = points(digests, profile=name, fault=fault)
    if not found:
        raise Undecided(f"What {NAMES[fault]} does to {name} was not measured.")
    if side(found[0]) == OPEN:
        raise Undecided(f"{too_few(len(found[0].repeats)) or 'The repeats do not agree.'} {told(found[0])}.")
    return found[0]


def lost_all(one: Digest) -> bool:
    """Whether every repeat lost everything."""
    return all(repeat["outcome"] == ALL for repeat in one.repeats)


def told(one: Digest) -> str:
    """A cell in words: `Kafka, acks=all lost none of 2,818 acknowledged messages to SIGKILL`."""
    event, words = NAMES[one.settings["fault"]], {repeat["outcome"] for repeat in one.repeats}
    if not words <= set(SIDES):
        return f"What {event} cost {one.settings['label']} differs by repeat: {', '.join(sorted(words))}"
    lost, whole = ([repeat["ledger"][name] for repeat in one.repeats] for name in ("lost", "acknowledged"))
    return f"{one.settings['label']} lost {count_of(lost, whole, 'acknowledged message')} to {event}"


def circumstances(cells: Sequence[Digest]) -> str:
    """When the faults of these cells came; of a power cut, after how long the kernel writes by itself."""
    at_s = [one["fault"]["at_s"] for cell in cells for one in cell.repeats if one.get("fault")]
    when = f" The faults came {span(at_s, '{:.1f}'.format)}{NBSP}s after the first message." if at_s else ""
    cut = next((cell for cell in cells if cell.settings["fault"] == "power"), None)
    if cut is None:
        return when
    after_s = cut.card.get("written_back_s")
    known = f"{after_s:g}{NBSP}s" if isinstance(after_s, int | float) else "a time that this recording does not have"
    return f"{when} All was on one node; the kernel writes back by itself after {known}."


def _sides(digests: Sequence[Digest]) -> Mapping[str, list[Digest]]:
    found: dict[str, list[Digest]] = {LOST: [], KEPT: [], OPEN: []}
    for one in digests:
        found[side(one)].append(one)
    return found


@rule("C02", of_part=("holds with conditions",))
def c02(digests: Sequence[Digest]) -> Said:
    """HOLDS if every mode loses 0, CONDITIONAL if some do and some do not, NEVER HELD if all lose."""
    found = _sides(digests)
    lost, kept, left = (len(found[side]) for side in (LOST, KEPT, OPEN))
    text = f"Of {counted(len(digests), 'cell')} of the loss matrix, {how_many(lost)} lost acknowledged messages and "
    text += f"{how_many(kept)} lost none."
    if not lost and not kept:
        text = "No cell of the loss matrix can be judged."
    text += f" In {in_words(left)} the repeats are too few or do not agree." if left else ""
    if found[LOST] and found[KEPT]:
        return "holds with conditions", text
    if found[OPEN] or not digests:
        few = max((one.repeats for one in found[OPEN]), key=len, default=())
        raise Undecided(f"{too_few(len(few))} {text}".strip())
    return ("never held" if found[LOST] else "holds"), text


@rule("C04", of_part=("never held",))
def c04(digests: Sequence[Digest]) -> Said:
    """NEVER HELD if a default configuration loses acknowledged messages to a process kill; HOLDS if every cell is 0."""
    defaults = [one for name in DEFAULTS for one in points(digests, profile=name, fault="kill")]
    if guilty := [one for one in defaults if side(one) == LOST]:
        text = f"With the settings it comes with, {told(guilty[0])}."
        return "never held", text + circumstances(guilty[:1])
    if digests and len(_sides(digests)[KEPT]) == len(digests):
        return "holds", f"Not one of {counted(len(digests), 'cell')} lost an acknowledged message."
    raise Undecided("The default settings were not all measured, or a cell has no count.")


@rule("C29", of_part=("holds with conditions",))
def c29(digests: Sequence[Digest]) -> Said:
    """HOLDS if every setting fares alike in the three events; CONDITIONAL if one keeps all in one and loses in
    another."""
    rows = {name: _row(digests, name) for name in dict.fromkeys(one.settings["profile"] for one in digests)}
    whole = {name: row for name, row in rows.items() if OPEN not in row}
    if not whole:
        few = max((one.repeats for one in digests), key=len, default=())
        raise Undecided(f"{too_few(len(few))} No setting can be judged under all three events.".strip())
    kept = [sum(row[at] == KEPT for row in whole.values()) for at in range(len(ENDING))]
    each = [f"{number} through {NAMES[event]}" for event, number in zip(ENDING, kept, strict=True)]
    text = f"Of {counted(len(whole), 'setting')}, {enumerated(each)}.".replace(" through", " kept all through", 1)
    if any({KEPT, LOST} <= set(row) for row in whole.values()):
        return "holds with conditions", f"{text} So a claim to recover has to say from what."
    if len(whole) < len(rows):
        raise Undecided(f"{text} {capital(in_words(len(rows) - len(whole)))} more cannot be judged.")
    return "holds", f"{text} Every setting fared alike in all three."


def _row(digests: Sequence[Digest], name: str) -> list[str]:
    found = [points(digests, profile=name, fault=event) for event in ENDING]
    return [side(one[0]) if one else OPEN for one in found]


@rule("C33", of_part=("holds with conditions",))
def c33(digests: Sequence[Digest]) -> Said:
    """After a clean restart: HOLDS if persistent messages survive and transient ones do not; CONDITIONAL if a quorum
    queue keeps both alike."""
    transient, persistent = (cell(digests, f"rabbitmq-{name}", "stop") for name in ("transient-confirms", "confirms"))
    text = f"{told(transient)}. {told(persistent)}."
    if not lost_all(transient) or side(persistent) != KEPT:
        raise Undecided(text)
    alike = points(digests, profile="rabbitmq-quorum-transient", fault="stop")
    if not alike:
        raise Undecided(f"{text} Whether a quorum queue keeps transient messages as well was not recorded.")
    quorum = cell(digests, "rabbitmq-quorum-transient", "stop")
    text += f" {told(quorum)}."
    if side(quorum) == KEPT:
        text += " So the queue type decides as well."
        return "holds with conditions", text + circumstances((transient, persistent, quorum))
    return "holds", text + circumstances((transient, persistent, quorum))


@rule("C45", of_part=("holds with conditions",))
def c45(digests: Sequence[Digest]) -> Said:
    """HOLDS if acks=all survives a kill; CONDITIONAL if weaker acks or a power cut lose."""
    survived = cell(digests, "kafka-acks-all", "kill")
    if side(survived) != KEPT:
        raise Undecided(f"{told(survived)}.")
    weaker = (("kafka-acks-0", "kill"), ("kafka-acks-1", "kill"), ("kafka-acks-all", "power"))
    lost = [one for name, fault in weaker for one in points(digests, profile=name, fault=fault) if side(one) == LOST]
    cells = [survived, *lost]
    text = "".join(f"{told(one)}. " for one in cells).strip() + circumstances(cells)
    return ("holds with conditions" if lost else "holds"), text


def redis_keeps(digests: Sequence[Digest]) -> Said:
    """NEVER HELD if any shipped setting keeps all after a process kill."""
    found = _sides(points(digests, broker="redis", fault="kill"))
    cells = [*found[KEPT][:2], *found[LOST][:1]]
    text = " ".join(f"{told(one)}." for one in cells) + circumstances(cells)
    text = text or "No setting of Redis was measured under SIGKILL, or none says what it lost."
    if found[KEPT]:
        return "never held", text
    if found[OPEN] or not found[LOST]:
        raise Undecided(text)
    return "holds", text


c54, c57 = (rule(claim, of_part=("never held",))(redis_keeps) for claim in ("C54", "C57"))
