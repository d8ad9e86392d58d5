"""Cores used, by processes and their threads -> who had no CPU left, held against what broker and clients may use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from labs.judge.lift import NOBODY
from labs.judge.threads import Busiest
from labs.model.processors import Room, room_in
from labs.model.text import enumerated

Cores = dict[str, float | None]
"""Mean cores used, by role; None where it could not be seen."""
Stamp = Literal["valid", "client-bound", "broker-bound", "machine-bound", "not-full", "unknown", "refused", "void"]
"""Who had no CPU left: machine: broker and clients have taken every core that they may use; not-full: nobody of a
closed loop, whose limit only what lifts it can tell (`lift`); unknown: the CPU use of one side could not be seen. Of a
refused point nothing is asked, because the broker did not take what it was given; nothing is known from a void one."""
BUSY = 0.85
FOREIGN_CORES = 0.15
ALL = 0.9
"""Of the cores that may be used: more than that used by broker and clients together is all of it."""
ONE_THREAD = ("redis", "memory")
"""Brokers that run commands on one thread: one busy core is all they have."""
UNSEEN = "the broker's processor time could not be seen from here"
NO_THREADS: Mapping[str, Busiest] = {}


def most(broker: str, room: Room) -> float:
    """The cores that the broker can use."""
    return min(1.0, room.broker) if broker in ONE_THREAD else room.broker


def by_client(cores: Cores) -> list[float]:
    return [cores[role] or 0.0 for role in ("producer", "consumer")]


def clients_cores(cores: Cores) -> float:
    return sum(by_client(cores))


def others_cores(cores: Cores, room: Room) -> float:
    """Cores that strangers used, of those that we may use. On a part of the machine, what was not idle there and not
    used by us; a quota is nobody else's."""
    if room.whole < room.cpus:
        return 0.0
    others = cores.get("foreign") or 0.0
    if room.less:
        ours = sum(used or 0.0 for role, used in cores.items() if role not in ("machine", "foreign"))
        others = 0.0 if room.idle is None else room.cpus - room.idle - ours
    return others if others > FOREIGN_CORES else 0.0


def machine_full(cores: Cores, room: Room) -> bool:
    """Whether all cores that may be used were taken, whoever ran out of CPU besides: by what was counted, or by how
    little of the processors was idle, which counts strangers too."""
    ours = sum(used or 0.0 for role, used in cores.items() if role not in ("machine", "foreign"))
    busy = room.idle is not None and room.idle < (1 - ALL) * room.cpus
    return busy or (cores.get("broker") is not None and ours + others_cores(cores, room) > ALL * room.whole)


def all_taken(cores: Cores, room: Room) -> str:
    others = others_cores(cores, room)
    who = f"broker, clients and others ({others:.2f} cores)" if others else "broker and clients"
    if not room.less:
        return f"{who} had taken all {room.whole:g} cores"
    whole = "the one core" if room.whole == 1 else f"all of the {room.whole:.2g} cores"
    return f"{who} had taken {whole} that they may use: {room.less}"


def full_thread(threads: Mapping[str, Busiest], room: Room) -> Busiest | None:
    """The broker's busiest thread, if it was full: its process may have cores left that this thread cannot use."""
    one = threads.get("broker")
    return one if one and one.cores > BUSY * min(1.0, room.broker) else None


def exhausted(  # noqa: PLR0913 - each is a number of its own
    broker: str,
    used: float | None,
    busiest: float,
    together: float,
    *,
    room: Room | None = None,
    others: float = 0.0,
    threads: Mapping[str, Busiest] = NO_THREADS,
) -> Stamp | None:
    """Who had no CPU left; None if nobody. `used` is the broker's, `busiest` the busiest client's share of
    what it can use, `together` that of all clients, in cores. The broker is asked first: with all that it can use gone,
    a client that is busy as well could not have got more out of it. Nobody knows whether a broker that cannot be
    seen is on the clients' machine: with such a one they have not taken it together."""
    room = room or room_in({})
    if (used is not None and used > BUSY * most(broker, room)) or full_thread(threads, room):
        return "broker-bound"
    if busiest > BUSY * room.client:
        return "client-bound"
    return "machine-bound" if used is not None and used + together + others > ALL * room.whole else None


def ceiling(
    cores: Cores, broker: str, room: Room | None = None, threads: Mapping[str, Busiest] = NO_THREADS
) -> tuple[Stamp, str]:
    """Who had no CPU left in a closed loop."""
    clients = [cores[role] for role in ("producer", "consumer")]
    unseen = cores["broker"] is None or set(clients) == {None}
    return saturation(broker, cores, clients, unseen=unseen, room=room, threads=threads)


def used_text(used: float | None, known: Sequence[float], threads: Mapping[str, Busiest] = NO_THREADS) -> str:
    # Nobody reads while a ceiling is only written.
    at_work = f"{enumerated([f'{x:.2f}' for x in known if x])} cores" if any(known) else "not seen"
    one = threads.get("broker")
    thread = f", of which {one.words} {one.cores:.2f}" if one and used is not None else ""
    return f"broker {'not seen' if used is None else f'{used:.2f} cores'}{thread}, clients {at_work}"


def saturation(
    broker: str,
    cores: Cores,
    clients: Sequence[float | None],
    *,
    unseen: bool,
    room: Room | None = None,
    threads: Mapping[str, Busiest] = NO_THREADS,
) -> tuple[Stamp, str]:
    """Who of a closed loop had no CPU left, where `unseen` says that somebody's could not be seen. Each client is a
    process of Python's, which can fill one core."""
    used, known, room = cores["broker"], [one or 0.0 for one in clients], room or room_in({})
    said, others, full = used_text(used, known, threads), others_cores(cores, room), full_thread(threads, room)
    words = {
        "broker-bound": f"{full.words} was full" if full else "the broker ran out of CPU",
        "client-bound": f"{'our' if len(known) < 3 else 'a'} client ran out of CPU",
        "machine-bound": all_taken(cores, room),
    }
    if stamp := exhausted(broker, used, max(known), sum(known), room=room, others=others, threads=threads):
        return stamp, f"{words[stamp]} ({said})"
    if used is None:
        return "unknown", f"{UNSEEN} ({said})"
    if unseen:
        return "unknown", f"not all CPU use could be seen ({said})"
    return "not-full", f"{NOBODY} ({said})"
