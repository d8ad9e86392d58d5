"""Which code measured: a few letters that change with what decides a result, and with no comment or docstring."""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterable
from functools import cache
from importlib.metadata import version
from pathlib import Path

from labs.model.paths import PROJECT

LABS = PROJECT / "labs"
MEASURES = ("model", "brokers", "record", "judge", "scenarios", "stack/config")
"""Folders whose code and tables have a part in what is measured and in what is made of it."""
CLIENTS = ("redis", "hiredis", "pika", "kafka-python", "numpy")
JUDGES = "_verdicts"


def code_of(modules: Iterable[str] = ()) -> str:
    """Of what measures, of these modules (`labs.experiments.loss_matrix`) and of what they import of their own room; a
    rule that judges a claim is no part of it."""
    found = hashlib.sha256("".join(f"{name} {version(name)} " for name in CLIENTS).encode())
    paths = [path for folder in MEASURES for path in sorted((LABS / folder).rglob("*")) if path.is_file()]
    for path in (*(one for one in paths if "__pycache__" not in one.parts), *_closure(modules)):
        found.update(f"{path.relative_to(LABS)} {_content(path)}".encode())
    return found.hexdigest()[:12]


@cache
def _content(path: Path) -> str:
    data = path.read_bytes()
    return ast.dump(_bare(ast.parse(data))) if path.suffix == ".py" else hashlib.sha256(data).hexdigest()


def _bare(tree: ast.Module) -> ast.Module:
    """Without docstrings and without what judges a claim."""
    for node in ast.walk(tree):
        if isinstance(body := getattr(node, "body", None), list):
            node.body = [one for one in body if not _says_nothing(one)]  # type: ignore[attr-defined]
    return tree


def _says_nothing(node: ast.stmt) -> bool:
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return True
    made = [one.func if isinstance(one, ast.Call) else one for one in getattr(node, "decorator_list", ())]
    return any(isinstance(one, ast.Name) and one.id == "rule" for one in made)


def _closure(modules: Iterable[str]) -> list[Path]:
    """Their files, and those of what they import from their own room, whichever way it is written."""
    found: dict[str, Path] = {}
    waiting = list(modules)
    while waiting:
        name = waiting.pop()
        path = PROJECT / f"{name.replace('.', '/')}.py"
        if name in found or not path.is_file() or path.stem == "rules" or path.stem.endswith(JUDGES):
            continue
        found[name], room = path, name.rpartition(".")[0]
        for node in ast.walk(ast.parse(path.read_bytes())):
            if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith(room):
                waiting += [node.module, *(f"{node.module}.{one.name}" for one in node.names)]
    return [found[name] for name in sorted(found)]
