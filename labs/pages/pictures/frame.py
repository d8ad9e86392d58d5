"""What stands around a picture: finding, setting, sentence, data, run card, command. It reads well without JavaScript.

index.mjs draws into the empty box; a loader shuts the data once that has worked. Every text is escaped here.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial
from html import escape

from labs.pages import older
from labs.pages.parts import command
from labs.pages.state import card_rest, card_rows
from labs.show.pictures import Lanes, Messages, Picture
from labs.show.pictures.messages import Message, Scene


def frame(picture: Picture) -> str:
    """The picture's figure as HTML, with its JSON inside for a page that draws it."""
    about, said = picture.about, f'<p class="pic-said">{escape(picture.sentence)}</p>'
    old = older.line(older.of_card(about.card))
    said += f'<p class="pic-under">{escape(old)}</p>' if old else ""
    under = f'<p class="pic-under">{escape(about.under)}</p>' if about.under else ""
    head = f'<p class="pic-title">{escape(picture.title)}</p>{under}'
    drawn = f'<div class="pic-drawn">{_still(picture)}</div><script type="application/json">{_json(picture)}</script>'
    card = _card(picture)
    more = _folded("Data", _tables(picture)) + (_folded("Run card", card) if card else "")
    again = command(about.command) if about.command else ""
    name = escape(f"{picture.kind.capitalize()}: {picture.title}")
    inside = f"{head}{drawn}{said}{more}{again}"
    return f'<figure class="picture lab-wide" data-kind="{picture.kind}" aria-label="{name}">{inside}</figure>'


def _card(picture: Picture) -> str:
    """The run card; of several runs a column each."""
    runs = {one.name: one.card for one in picture.scenes} if isinstance(picture, Messages) else {}
    runs = runs or ({"This run": picture.about.card} if picture.about.card else {})
    cards = {name: dict(card_rows(card) + card_rest(card)) for name, card in runs.items()}
    facts = dict.fromkeys(fact for card in cards.values() for fact in card)
    rows = [[fact, *(card.get(fact, "–") for card in cards.values())] for fact in facts]
    return table(("Fact", *cards), rows, f"{picture.title}: run card") if rows else ""


def _still(picture: Picture) -> str:
    """What a moving picture ends with, for where no script runs: each dot in the stage that it reached."""
    return "".join(map(partial(_scene, picture.stages), picture.scenes)) if isinstance(picture, Messages) else ""


def _scene(stages: Sequence[str], scene: Scene) -> str:
    found = []
    for at, stage in enumerate(stages):
        here = [one for one in scene.messages if _reached(one) == at]
        dots = "".join('<i class="gone"></i>' if one.fate == "lost" else "<i></i>" for one in here)
        count = f"<p>{escape(stage)} <strong>{len([one for one in here if one.fate != 'lost']):,}</strong></p>"
        found.append(f'<div class="pic-stage">{count}<div class="pic-room">{dots}</div></div>')
    lost = f'<span class="pic-lost">{scene.count("lost"):,} lost</span>' if scene.count("lost") else ""
    head = f'<p class="pic-scene-name" style="--tone: var(--{scene.ink})">{escape(scene.name)} {lost}</p>'
    flow = f'<div class="pic-flow" aria-hidden="true" style="--stages: {len(stages)}">{"".join(found)}</div>'
    return f'<div class="pic-scene">{head}{flow}</div>'


def _reached(message: Message) -> int:
    return sum(time is not None for time in message.times) - 1


def table(heads: Sequence[str], rows: Sequence[Sequence[str]], about: str) -> str:
    """A table that scrolls sideways under a name of its own; the first cell of a row is its head."""
    top = "".join(f'<th scope="col">{escape(text)}</th>' for text in heads)
    body = "".join(
        f'<tr><th scope="row">{escape(first)}</th>{"".join(f"<td>{escape(text)}</td>" for text in rest)}</tr>'
        for first, *rest in rows
    )
    inside = f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"
    return f'<div class="pic-scroll" role="region" tabindex="0" aria-label="{escape(about)}">{inside}</div>'


def _tables(picture: Picture) -> str:
    found = table(picture.columns, picture.rows, f"{picture.title}: data")
    if isinstance(picture, Lanes) and picture.noticed:
        heads = (picture.noun[0].capitalize(), "Lane", "What became of it", "From", "To")
        found += table(heads, picture.noticed, f"{picture.title}: what stands out")
    return found


def _folded(name: str, inside: str) -> str:
    """Open until a script has drawn the picture."""
    return f"<details open><summary>{name}</summary>{inside}</details>"


def _json(picture: Picture) -> str:
    """JSON that no text in it can end or begin a tag with."""
    return json.dumps(picture.to_json(), ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
