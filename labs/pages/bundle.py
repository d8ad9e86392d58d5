"""JavaScript modules as one. A page imports the files of `js/` as they are; anywidget takes a single module.

Each module becomes a function that gives what it exports, in the order in which one imports another; nothing else of a
module is seen outside it. Understood is what our modules do: named imports, and exports where they are declared.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

JS = Path(__file__).resolve().with_name("js")
IMPORT = re.compile(r'^import \{([^}]*)\} from "(\.\.?/[^"]+)";\n', re.MULTILINE)
EXPORT = re.compile(r"^export ((?:async )?function|class|const) (\w+)", re.MULTILINE)
LEFT = re.compile(r"^(?:import\b|export (?!default\b)).*", re.MULTILINE)


class BundleError(ValueError):
    """A module has an import or an export that cannot be joined; the message names it."""


@cache
def bundle(entry: Path) -> str:
    """One ES module with the default export of `entry` and all that it imports."""
    found: dict[Path, str] = {}
    body, _ = _alone(entry.resolve(), found, (entry.resolve(),))
    return "\n".join([*found.values(), body])


def _alone(path: Path, found: dict[Path, str], way: tuple[Path, ...]) -> tuple[str, list[str]]:
    """The module without imports and exports, and the names that it exports; what it imports is put into `found`."""

    def given(match: re.Match[str]) -> str:
        names, other = match[1].strip().rstrip(",").replace(" as ", ": "), (path.parent / match[2]).resolve()
        if other in way:
            raise BundleError(f"{path.name} imports {other.name}, which imports {path.name}")
        if other not in found:
            body, exported = _alone(other, found, (*way, other))
            if "export default" in body:
                raise BundleError(f"{other.name} is imported and has a default export")
            at = f"// {other.name}\nconst module{len(found)}"
            found[other] = f"{at} = (() => {{\n{body}return {{ {', '.join(exported)} }};\n}})();"
        return f"const {{ {names} }} = module{list(found).index(other)};\n"

    body = IMPORT.sub(given, path.read_text("utf-8"))
    exported = [name for _, name in EXPORT.findall(body)]
    body = EXPORT.sub(r"\1 \2", body)
    if left := LEFT.search(body):
        raise BundleError(f"{path.name}: {left[0]!r} is no form of import or export that a bundle can have")
    return body, exported
