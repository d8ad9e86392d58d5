"""404.html: what a host shows at an address that is none. It loads nothing: nobody knows at which depth it is shown."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

STYLE = """
:root { color-scheme: light dark; --ink: #1f2328; --paper: #fff; --link: #0067a5; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e8eb; --paper: #14181e; --link: #64b5f6; } }
body { font: 1.05rem/1.5 system-ui, sans-serif; max-width: 40rem; margin: 12vh auto; padding: 0 1rem;
       color: var(--ink); background: var(--paper); }
a { color: var(--link); } li { margin: 0.35rem 0; }
"""
WHERE = """
const [above, inside] = location.pathname.split("/book/");
const base = document.body.dataset.base || (inside === undefined ? new URL(".", location.href).pathname : `${above}/`);
for (const link of document.links) link.href = base + link.getAttribute("href");
"""
"""All pages are in book/, so what stands before it in a wrong address is where the site begins."""


def missing(title: str, found: Sequence[tuple[str, str]], base: str) -> str:
    """The page; `found` are (address below the base, title) of every page there is."""
    links = "".join(f'<li><a href="{escape(address)}">{escape(name)}</a></li>' for address, name in found)
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><style>{STYLE}</style>'
    head += f'<meta name="robots" content="noindex"><title>No such page: {escape(title)}</title>'
    said = "<p>The address may be old or mistyped. These pages are there:</p>"
    body = f"<main><h1>There is no such page</h1>{said}<ul>{links}</ul></main><script>{WHERE}</script>"
    data = f' data-base="{escape(base)}"' if base else ""
    return f'<!doctype html><html lang="en"><head>{head}</head><body{data}>{body}</body></html>\n'
